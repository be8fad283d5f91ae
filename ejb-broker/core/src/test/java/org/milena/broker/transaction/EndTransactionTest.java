package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.transaction.TransactionFixture.FakeMarkers.Marker;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** The course of a transaction, in both forms: one epoch per producer (versions 0 and 1) and one per transaction (2, KIP-890). */
class EndTransactionTest {

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClassicTransactionKeepsItsEpoch(boolean commit) {
        assertThat(f.add(p, V0, A)).isEqualTo(Errors.NONE);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        assertThat(f.add(p, V0, B)).isEqualTo(Errors.NONE);
        assertThat(f.state().partitions()).isEqualTo(Set.of(A, B));
        f.markers.stalled = true;
        assertThat(f.end(p, commit, V0).error()).isEqualTo(Errors.NONE);
        assertThat(f.stateName()).isEqualTo(commit ? TransactionState.PREPARE_COMMIT : TransactionState.PREPARE_ABORT);
        assertThat(f.end(p, commit, V0).error()).as("markers are not written").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.add(p, V0, A)).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        f.markers.resume();
        assertThat(f.stateName()).isEqualTo(commit ? TransactionState.COMPLETE_COMMIT : TransactionState.COMPLETE_ABORT);
        assertThat(f.markers.written).containsExactlyInAnyOrder(new Marker(A, p.id(), p.epoch(), 1, commit, V0), new Marker(B, p.id(), p.epoch(), 1, commit, V0));
        assertThat(f.end(p, commit, V0).error()).as("a retried request").isEqualTo(Errors.NONE);
        assertThat(f.end(p, !commit, V0).error()).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.add(p, V0, A)).as("the next one").isEqualTo(Errors.NONE);
        assertThat(f.state().partitions()).isEqualTo(Set.of(A));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withVersion2EachTransactionHasItsEpoch(boolean commit) {
        f.add(p, V2, A);
        f.markers.stalled = true;
        assertThat(f.end(p, commit, V2)).isEqualTo(p.plus(1));
        assertThat(f.end(p, commit, V2).error()).as("markers are not written").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        f.markers.resume();
        assertThat(f.markers.written).containsExactly(new Marker(A, p.id(), (short) 1, 1, commit, V2));
        assertThat(f.end(p, commit, V2)).as("a retried request").isEqualTo(p.plus(1));
        assertThat(f.end(p, !commit, V2).error()).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.add(p, V2, A)).as("a late message").isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.add(p.plus(1), V2, B)).isEqualTo(Errors.NONE);
        assertThat(f.end(p, commit, V2).error()).as("a retry that comes too late").isEqualTo(Errors.PRODUCER_FENCED);
        assertThat(f.end(p.plus(1), commit, V2)).isEqualTo(p.plus(2));
    }

    @Test
    void aRetryIsKnownAfterAReload() {
        f.add(p, V2, A);
        f.end(p, true, V2);
        f.restart();
        assertThat(f.end(p, true, V2)).isEqualTo(p.plus(1));
        assertThat(f.end(p, false, V2).error()).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void withVersion2NothingCanBeAbortedButNotCommitted() {
        assertThat(f.end(p, true, V2).error()).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.end(p, false, V2)).as("empty").isEqualTo(p.plus(1));
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.end(p.plus(1), false, V2)).as("after an abort").isEqualTo(p.plus(2));
        f.add(p.plus(2), V2, A);
        f.end(p.plus(2), true, V2);
        assertThat(f.end(p.plus(3), true, V2).error()).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.end(p.plus(3), false, V2)).as("after a commit").isEqualTo(p.plus(4));
        assertThat(f.markers.partitions(false)).isEmpty();
    }

    @Test
    void aClassicProducerThatBeganNothingCanEndNothing() {
        assertThat(f.end(p, true, V0).error()).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.end(p, false, V0).error()).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void whoDoesNotHoldTheIdIsRefused() {
        f.add(p, V0, A);
        Producer stranger = new Producer(Errors.NONE, p.id() + 1, p.epoch());
        for (short version : new short[] {V0, V2}) {
            assertThat(f.end(stranger, true, version).error()).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
            assertThat(f.end(p.plus(1), true, version).error()).isEqualTo(Errors.PRODUCER_FENCED);
            assertThat(f.add(stranger, version, A)).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
            assertThat(f.add(p.plus(1), version, A)).isEqualTo(Errors.PRODUCER_FENCED);
        }
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        for (String id : new String[] {"unknown", "", null}) {
            Errors expected = "unknown".equals(id) ? Errors.INVALID_PRODUCER_ID_MAPPING : Errors.INVALID_REQUEST;
            var request = new EndTxnRequestData().setTransactionalId(id).setProducerId(p.id()).setProducerEpoch(p.epoch());
            assertThat(Errors.forCode(f.world.get(f.coordinator.endTransaction(request, V2)).errorCode())).isEqualTo(expected);
            assertThat(f.world.get(f.coordinator.addPartitions(id, p.id(), p.epoch(), Set.of(A), V0))).isEqualTo(expected);
            assertThat(f.world.get(f.coordinator.admit(id, p.id(), p.epoch(), Set.of(A), true))).containsEntry(A, expected);
            assertThat(f.world.get(f.coordinator.admit(id, p.id(), p.epoch(), Set.of(A), false))).containsEntry(A, expected);
        }
    }

    @Test
    void whenTheEpochsAreUsedUpTheAnswerCarriesANewProducerId() {
        f.given(f.idle(TransactionState.COMPLETE_COMMIT, 500, Short.MAX_VALUE - 1));
        Producer last = new Producer(Errors.NONE, 500, (short) (Short.MAX_VALUE - 1));
        f.add(last, V2, A);
        f.noProducerIds = true;
        assertThat(f.end(last, true, V2).error()).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        f.noProducerIds = false;
        Producer next = f.end(last, true, V2);
        assertThat(next).isEqualTo(new Producer(Errors.NONE, 1_001, (short) 0));
        assertThat(f.markers.written).containsExactly(new Marker(A, 500, Short.MAX_VALUE, f.epoch(), true, V2));
        assertThat(f.end(last, true, V2)).as("a retried request").isEqualTo(next);
        f.restart();
        assertThat(f.end(last, true, V2)).as("after a reload").isEqualTo(next);
        assertThat(f.add(next, V2, B)).isEqualTo(Errors.NONE);
    }

    @Test
    void theReservedProducerIdSurvivesAReload() {
        f.given(f.idle(TransactionState.COMPLETE_COMMIT, 500, Short.MAX_VALUE - 1));
        Producer last = new Producer(Errors.NONE, 500, (short) (Short.MAX_VALUE - 1));
        f.add(last, V2, A);
        f.markers.stalled = true;
        Producer next = f.end(last, true, V2);
        f.markers.stalled = false;
        f.restart();
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
        assertThat(f.state().producerId()).isEqualTo(next.id());
        assertThat(f.coordinator.highestProducerId()).isEqualTo(next.id());
    }

    @Test
    void aMarkerIsTriedUntilItIsWritten() {
        f.add(p, V0, A, B);
        f.markers.failing.put(A, new NotLeaderOrFollowerException("not now"));
        f.end(p, true, V0);
        f.world.advance(60_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.PREPARE_COMMIT);
        assertThat(f.markers.partitions(true)).containsExactly(B);
        assertThat(f.markers.attempts).as("with growing delay").isBetween(10, 30);
        f.markers.failing.clear();
        f.world.advance(5_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
    }

    @Test
    void aDeletedPartitionNeedsNoMarker() {
        f.add(p, V0, A, B);
        f.markers.failing.put(A, new UnknownTopicOrPartitionException("deleted"));
        f.end(p, false, V0);
        f.world.run();
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
    }

    @Test
    void whereTheProducerWentOnNothingIsLeftToEnd() {
        f.add(p, V0, A);
        f.markers.failing.put(A, new InvalidProducerEpochException("it writes in a newer epoch"));
        f.end(p, true, V0);
        f.world.run();
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
    }

    @Test
    void aNewerCoordinatorsPartitionIsLeftAlone() {
        f.add(p, V0, A);
        f.markers.failing.put(A, new TransactionCoordinatorFencedException("newer"));
        f.end(p, true, V0);
        f.world.advance(600_000);
        assertThat(f.markers.attempts).isEqualTo(1);
        assertThat(f.stateName()).isEqualTo(TransactionState.PREPARE_COMMIT);
    }

    @Test
    void whatTheClientHearsIsCommitted() {
        f.add(p, V0, A);
        f.log.stall();
        CompletableFuture<Producer> ended = f.endLater(p, true, V0);
        f.world.run();
        assertThat(ended).isNotDone();
        assertThat(f.markers.attempts).isZero();
        f.log.resume();
        assertThat(f.world.get(ended).error()).isEqualTo(Errors.NONE);
        assertThat(f.markers.partitions(true)).containsExactly(A);
    }
}
