package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.ID;
import static org.milena.broker.transaction.TransactionFixture.TIMEOUT_MS;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;
import static org.milena.broker.transaction.TransactionFixture.initRequest;

import java.util.Set;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.transaction.TransactionFixture.FakeMarkers.Marker;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** What the coordinator does by itself. */
class TimeAndExpiryTest {

    private static final long WEEK_MS = 604_800_000;

    private final TransactionFixture f = new TransactionFixture();

    @ParameterizedTest
    @ValueSource(shorts = {V0, V2})
    void aTransactionThatTakesTooLongIsAborted(short version) {
        Producer p = f.init();
        f.add(p, version, A);
        f.world.advance(TIMEOUT_MS / 2);
        f.add(p, version, B);
        f.world.advance(TIMEOUT_MS / 2);
        assertThat(f.stateName()).as("it counts from the first partition, and is looked at every 10 s").isEqualTo(TransactionState.ONGOING);
        f.world.advance(10_001);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.markers.written).as("late messages are fenced").containsExactlyInAnyOrder(
                new Marker(A, p.id(), (short) 1, 1, false, V2), new Marker(B, p.id(), (short) 1, 1, false, V2));
        assertThat(f.add(p, version, A)).isEqualTo(Errors.PRODUCER_FENCED);
        if (version == V0) {
            assertThat(f.end(p, true, V0).error()).isEqualTo(Errors.PRODUCER_FENCED);
        } else {
            assertThat(f.end(p, true, V2).error()).as("as one whose answer was lost: it was not committed").isEqualTo(Errors.INVALID_TXN_STATE);
            assertThat(f.end(p, false, V2)).isEqualTo(p.plus(1));
        }
        assertThat(f.init(initRequest(ID, p.id(), p.epoch()))).as("KIP-360: the producer may come back").isEqualTo(p.plus(1));
    }

    @Test
    void theLastEpochTimesOutIntoANewProducerId() {
        f.given(f.idle(TransactionState.COMPLETE_COMMIT, 500, Short.MAX_VALUE - 1));
        Producer last = new Producer(Errors.NONE, 500, (short) (Short.MAX_VALUE - 1));
        f.add(last, V2, A);
        f.noProducerIds = true;
        f.world.advance(TIMEOUT_MS + 20_000);
        assertThat(f.stateName()).as("tried again later").isEqualTo(TransactionState.ONGOING);
        f.noProducerIds = false;
        f.world.advance(10_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.state().producerId()).isEqualTo(1_000);
        assertThat(f.markers.written).containsExactly(new Marker(A, 500, Short.MAX_VALUE, f.epoch(), false, V2));
    }

    /** Rules 12: one pending transition excludes all others, the timeout included. */
    @Test
    void aDecisionOnItsWayIsNotTimedOut() {
        Producer p = f.init();
        f.add(p, V0, A);
        f.world.advance(TIMEOUT_MS - 1_000);
        f.log.stall();
        var committed = f.endLater(p, true, V0);
        f.world.advance(4_000);
        assertThat(committed).isNotDone();
        f.log.resume();
        f.world.advance(60_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
        assertThat(f.markers.partitions(false)).isEmpty();
    }

    @Test
    void aTransactionKafkaPromisedToKeepIsKept() {
        f.given(new TransactionMetadata(5, 5, -1, (short) 0, (short) -1, Integer.MAX_VALUE, TransactionState.ONGOING, Set.of(A),
                f.world.millis() - 2L * Integer.MAX_VALUE, f.world.millis(), V2));
        f.world.advance(100_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
    }

    @Test
    void anIdThatNobodyUsesIsForgottenForGood() {
        Producer p = f.init();
        f.world.advance(WEEK_MS - 1);
        assertThat(f.state()).isNotNull();
        f.world.advance(3_600_001);
        assertThat(f.state()).isNull();
        f.restart();
        assertThat(f.state()).as("there is a tombstone").isNull();
        assertThat(f.add(p, V0, A)).isEqualTo(Errors.INVALID_PRODUCER_ID_MAPPING);
        assertThat(f.init(initRequest(ID, p.id(), p.epoch())).id()).isNotEqualTo(p.id());
    }

    @Test
    void anOpenTransactionDoesNotExpire() {
        f.given(new TransactionMetadata(5, 5, -1, (short) 0, (short) -1, Integer.MAX_VALUE, TransactionState.ONGOING, Set.of(A),
                f.world.millis(), f.world.millis(), V2));
        f.world.advance(2 * WEEK_MS);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
    }

    @Test
    void nothingHappensToAnIdThatIsOnItsWayOut() {
        f.init();
        f.world.advance(WEEK_MS - 3_000_000);
        f.log.stall();
        f.world.advance(3_600_001);
        var next = f.initLater(initRequest(ID, -1, -1));
        f.log.resume();
        assertThat(f.world.get(next).error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.init()).isEqualTo(new Producer(Errors.NONE, 1_001, (short) 0));
    }

    @Test
    void manyIdsExpireInRounds() {
        for (int i = 0; i < 2_500; i++) {
            f.init(initRequest("id-" + i, -1, -1));
        }
        f.world.advance(WEEK_MS + 3_600_001);
        int[] left = new int[1];
        f.coordinator.observe(shard -> shard.forEach((id, transaction) -> left[0]++));
        f.world.run();
        assertThat(left[0]).isZero();
    }
}
