package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.ID;
import static org.milena.broker.transaction.TransactionFixture.TIMEOUT_MS;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.V2;
import static org.milena.broker.transaction.TransactionFixture.initRequest;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.group.SimLog.Fate;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** Rules 12 and what follows from it: nothing follows from a record that can still be lost, everything from one that cannot. */
class CoordinatorFailoverTest {

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();

    /** Rules 12: an uncommitted PrepareCommit, markers on it, and the next coordinator aborts the rest: torn. */
    @Test
    void noMarkerFollowsFromADecisionThatCanBeLost() {
        f.add(p, V0, A, B);
        f.log.stall();
        f.endLater(p, true, V0);
        f.world.run();
        assertThat(f.markers.attempts).isZero();
        f.restart(); // the record never came to be
        f.log.resume();
        f.world.advance(TIMEOUT_MS + 20_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.markers.partitions(true)).isEmpty();
        assertThat(f.markers.partitions(false)).containsExactlyInAnyOrder(A, B);
    }

    @Test
    void aDecisionWhoseAppendFailedIsNoDecision() {
        f.add(p, V2, A);
        f.log.setFate(Fate.FAIL);
        assertThat(f.end(p, true, V2).error()).isEqualTo(Errors.NOT_COORDINATOR);
        f.log.setFate(Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        assertThat(f.markers.attempts).isZero();
        assertThat(f.end(p, true, V2)).as("the client tries again").isEqualTo(p.plus(1));
    }

    @Test
    void aDecisionWhoseOutcomeIsOpenIsReadFromTheLog() {
        f.add(p, V2, A);
        f.log.setFate(Fate.COMMIT_BUT_REPORT_FAILURE);
        assertThat(f.end(p, true, V2).error()).isEqualTo(Errors.NOT_COORDINATOR);
        f.log.setFate(Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
        assertThat(f.markers.partitions(true)).containsExactly(A);
        assertThat(f.end(p, true, V2)).as("the client tries again").isEqualTo(p.plus(1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theNextCoordinatorCarriesOutWhatWasDecided(boolean commit) {
        f.add(p, V2, A, B);
        f.markers.stalled = true;
        f.end(p, commit, V2);
        f.markers.stalled = false;
        f.restart();
        assertThat(f.stateName()).isEqualTo(commit ? TransactionState.COMPLETE_COMMIT : TransactionState.COMPLETE_ABORT);
        assertThat(f.markers.partitions(commit)).containsExactlyInAnyOrder(A, B);
        assertThat(f.markers.partitions(!commit)).isEmpty();
        assertThat(f.markers.written).allSatisfy(marker -> assertThat(marker.coordinatorEpoch()).isEqualTo(f.epoch()));
    }

    /** The first life's late marker is no marker of the second life's next transaction: producer and epoch are the same. */
    @Test
    void aMarkerOfAnEarlierLifeDoesNotCount() {
        f.add(p, V0, A);
        f.markers.stalled = true;
        f.end(p, true, V0);
        f.resign();
        f.markers.stalled = false;
        f.elect();
        f.world.run();
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
        f.add(p, V0, A);
        f.markers.failing.put(A, new org.apache.kafka.common.errors.NotLeaderOrFollowerException("not now"));
        f.end(p, true, V0);
        f.markers.resume(); // the first life's
        assertThat(f.stateName()).isEqualTo(TransactionState.PREPARE_COMMIT);
        f.markers.failing.clear();
        f.world.advance(5_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
    }

    @Test
    void onePendingTransitionExcludesAllOthers() {
        f.add(p, V0, A);
        f.log.stall();
        var ended = f.endLater(p, true, V0);
        var again = f.endLater(p, true, V0);
        var opposite = f.endLater(p, false, V0);
        var added = f.coordinator.addPartitions(ID, p.id(), p.epoch(), java.util.Set.of(B), V0);
        var init = f.initLater(initRequest(ID, -1, -1));
        f.log.resume();
        assertThat(f.world.get(ended).error()).isEqualTo(Errors.NONE);
        assertThat(f.world.get(again).error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.world.get(opposite).error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.world.get(added)).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.world.get(init).error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.markers.partitions(true)).containsExactly(A);
        assertThat(f.markers.partitions(false)).isEmpty();
    }

    @Test
    void aPartitionOnItsWayInIsNotLeftOutOfTheDecision() {
        f.add(p, V0, A);
        f.log.stall();
        var added = f.coordinator.addPartitions(ID, p.id(), p.epoch(), java.util.Set.of(B), V0);
        var ended = f.endLater(p, true, V0);
        f.log.resume();
        assertThat(f.world.get(added)).isEqualTo(Errors.NONE);
        assertThat(f.world.get(ended).error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.end(p, true, V0).error()).isEqualTo(Errors.NONE);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
    }

    @Test
    void whoWaitsTooLongIsToldToTryAgain() {
        f.log.stall();
        var init = f.initLater(initRequest(ID, -1, -1));
        f.world.advance(TransactionConfig.WRITE_TIMEOUT_MS);
        assertThat(f.world.get(init).error()).isEqualTo(Errors.COORDINATOR_NOT_AVAILABLE);
    }

    @Test
    void aTransactionTooLargeForItsLogIsRefusedNotLost() {
        var partitions = new java.util.HashSet<org.apache.kafka.common.TopicPartition>();
        for (int i = 0; i < 300_000; i++) {
            partitions.add(new org.apache.kafka.common.TopicPartition("t", i));
        }
        f.add(p, V0, A);
        assertThat(f.world.get(f.coordinator.addPartitions(ID, p.id(), p.epoch(), partitions, V0))).isEqualTo(Errors.UNKNOWN_SERVER_ERROR);
        assertThat(f.state().partitions()).containsExactly(A);
        assertThat(f.end(p, true, V0).error()).isEqualTo(Errors.NONE);
    }
}
