package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.MANAGER;
import static org.milena.broker.transaction.TransactionFixture.V2;

import java.util.List;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.group.SimLog.Fate;
import org.milena.broker.transaction.TransactionFixture.FakeDisk;
import org.milena.broker.transaction.TransactionFixture.FakeMarkers.Marker;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** The second phase: who may decide, what is remembered of it and for how long, and in which order it reaches the disk (rules 13, 15, 16). */
class DecisionTest {

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();

    @BeforeEach
    void aTransactionOfTwoPartitions() {
        f.topicExists();
        f.add(p, V2, A, B);
    }

    @Test
    void whatATransactionManagerReads() {
        assertThat(List.of(XaAnswer.values())).extracting(XaAnswer::code).containsExactly(XAResource.XA_OK, XAException.XA_RBROLLBACK,
                XAException.XA_HEURCOM, XAException.XA_HEURRB, XAException.XAER_NOTA, XAException.XAER_INVAL, XAException.XAER_RMFAIL);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theDecisionIsCarriedOut(boolean commit) {
        f.prepare(p, 1);
        assertThat(f.decide(p, 1, commit)).isEqualTo(XaAnswer.OK);
        assertThat(f.markers.written).containsExactlyInAnyOrder(
                new Marker(A, p.id(), (short) 1, f.epoch(), commit, V2, true), new Marker(B, p.id(), (short) 1, f.epoch(), commit, V2, true));
        assertThat(f.stateName()).isEqualTo(commit ? TransactionState.COMPLETE_COMMIT : TransactionState.COMPLETE_ABORT);
        assertThat(f.add(p.plus(1), V2, A)).as("the id is free for the next branch").isEqualTo(Errors.NONE);
    }

    /** Rules 13: were a marker on disk before its decision, a power cut could leave half a commit. */
    @Test
    void neitherAnswerNorMarkerLeavesBeforeTheDecisionIsOnDisk() {
        f.prepare(p, 1);
        f.durability.stalled = true;
        var decided = f.coordinator.branches().decide(TransactionFixture.branch(p, 1), true);
        f.world.run();
        assertThat(decided).isNotDone();
        assertThat(f.markers.attempts).isZero();
        f.durability.resume();
        assertThat(f.world.get(decided)).isEqualTo(XaAnswer.OK);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
    }

    @Test
    void aDecisionThatCannotBeFlushedIsTriedAgain() {
        f.prepare(p, 1);
        f.durability.failing.put(FakeDisk.STATE, new KafkaStorageException("no flush"));
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.UNAVAILABLE);
        f.world.advance(1_000);
        assertThat(f.markers.attempts).isZero();
        f.durability.failing.clear();
        f.world.advance(5_000);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.OK);
    }

    /** Rules 14: XA commit does not wait for an offline partition; its marker is tried for ever. */
    @Test
    void aCommitDoesNotWaitForAnOfflinePartition() {
        f.prepare(p, 1);
        f.markers.failing.put(B, new NotLeaderOrFollowerException("offline"));
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.OK);
        assertThat(f.decide(p, 1, true)).as("again").isEqualTo(XaAnswer.OK);
        assertThat(f.decide(p, 1, false)).isEqualTo(XaAnswer.HEURISTICALLY_COMMITTED);
        assertThat(f.forget(p, 1)).as("not yet").isEqualTo(XaAnswer.UNAVAILABLE);
        f.world.advance(3_600_000);
        assertThat(f.stateName()).isEqualTo(TransactionState.PREPARE_COMMIT);
        f.markers.failing.clear();
        f.world.advance(10_000);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
    }

    /** Rules 16, the whole table: what was done, what is asked, what is answered; before and after a restart. */
    @ParameterizedTest
    @EnumSource(Branch.Outcome.class)
    void outcomesAreRemembered(Branch.Outcome outcome) {
        f.prepare(p, 1);
        XaAnswer done = outcome.isHeuristic() ? f.heuristic(p, 1, outcome.isCommit()) : f.decide(p, 1, outcome.isCommit());
        assertThat(done).isEqualTo(XaAnswer.OK);
        XaAnswer how = outcome.isCommit() ? XaAnswer.HEURISTICALLY_COMMITTED : XaAnswer.HEURISTICALLY_ROLLED_BACK;
        for (int restarts = 0; restarts < 2; restarts++) {
            assertThat(f.decide(p, 1, outcome.isCommit())).as("the same").isEqualTo(outcome.isHeuristic() ? how : XaAnswer.OK);
            assertThat(f.decide(p, 1, !outcome.isCommit())).as("the opposite").isEqualTo(how);
            assertThat(f.heuristic(p, 1, true)).as("an operator, too late").isEqualTo(outcome.isHeuristic() ? how : XaAnswer.NOT_KNOWN);
            assertThat(f.commitOnePhase(p, 1)).isEqualTo(outcome == Branch.Outcome.COMMITTED ? XaAnswer.OK : how);
            assertThat(f.decide(p, 2, outcome.isCommit())).as("another Xid").isEqualTo(XaAnswer.NOT_KNOWN);
            assertThat(f.decide(p.plus(1), 1, true)).as("another epoch").isEqualTo(XaAnswer.NOT_KNOWN);
            assertThat(f.recover(MANAGER)).hasSize(outcome.isHeuristic() ? 1 : 0);
            f.restart();
        }
        assertThat(f.forget(p, 2)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.forget(p, 1)).isEqualTo(XaAnswer.OK);
        assertThat(f.recover(MANAGER)).isEmpty();
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.forget(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.state().branch()).isNull();
    }

    /** A heuristic outcome outlives everything but {@code forget}. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theIdWaitsUntilAHeuristicOutcomeIsForgotten(boolean commit) {
        f.prepare(p, 1);
        f.heuristic(p, 1, commit);
        assertThat(f.markers.partitions(commit)).containsExactlyInAnyOrder(A, B);
        Producer next = p.plus(1);
        assertThat(f.init().error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.add(next, V2, A)).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.end(next, false, V2).error()).isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        f.world.advance(3L * f.config.idExpirationMs());
        assertThat(f.recover(MANAGER)).hasSize(1);
        f.forget(p, 1);
        assertThat(f.add(next, V2, A)).isEqualTo(Errors.NONE);
    }

    /** InitProducerId of a process that died may arrive when its branch is being recovered: the answer to that may have to be repeated. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anOutcomeOutlivesInitProducerIdUntilTheNextTransaction(boolean commit) {
        f.prepare(p, 1);
        f.decide(p, 1, commit);
        Producer next = f.init();
        f.restart();
        assertThat(f.decide(p, 1, commit)).isEqualTo(XaAnswer.OK);
        assertThat(f.decide(p, 1, !commit)).isEqualTo(commit ? XaAnswer.HEURISTICALLY_COMMITTED : XaAnswer.HEURISTICALLY_ROLLED_BACK);
        assertThat(f.add(next, V2, A)).isEqualTo(Errors.NONE);
        assertThat(f.decide(p, 1, commit)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.prepare(next, 2)).isEqualTo(XaAnswer.OK);
    }

    @Test
    void anOrdinaryOutcomeExpiresWithItsId() {
        f.prepare(p, 1);
        f.decide(p, 1, true);
        f.world.advance(3L * f.config.idExpirationMs());
        assertThat(f.state()).isNull();
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.forget(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
    }

    @Test
    void forgetIsForBranchesThatHaveEnded() {
        f.prepare(p, 1);
        assertThat(f.forget(p, 1)).isEqualTo(XaAnswer.UNAVAILABLE);
        assertThat(f.state().isInDoubt()).isTrue();
    }

    @Test
    void anOperatorEndsOnlyWhatIsInDoubt() {
        assertThat(f.heuristic(p, 1, false)).as("not prepared: timeouts and EndTxn are for it").isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
    }

    /** Rules 16: an unknown Xid is never OK to commit. */
    @Test
    void whatIsNotPreparedIsNotCommittedInTwoPhases() {
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        f.prepare(p, 1);
        assertThat(f.decide(p, 2, true)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.decide(p, 2, false)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.decide(p.plus(1), 1, false)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.decide(new Producer(Errors.NONE, 7, (short) 0), 1, false)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.state().isInDoubt()).isTrue();
    }

    @Test
    void aDecisionWhoseFateIsOpenIsReadFromTheLog() {
        f.prepare(p, 1);
        f.log.setFate(Fate.COMMIT_BUT_REPORT_FAILURE);
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.UNAVAILABLE);
        f.log.setFate(Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.OK);
        assertThat(f.decide(p, 1, false)).isEqualTo(XaAnswer.HEURISTICALLY_COMMITTED);
    }

    @Test
    void aDecisionThatWasLostLeavesTheBranchInDoubt() {
        f.prepare(p, 1);
        f.log.setFate(Fate.FAIL);
        assertThat(f.decide(p, 1, false)).isEqualTo(XaAnswer.UNAVAILABLE);
        f.log.setFate(Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.recover(MANAGER)).hasSize(1);
        assertThat(f.markers.attempts).isZero();
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.OK);
    }

    // ---- one phase

    @Test
    void onePhaseFlushesDataThenDecisionThenMarkers() {
        assertThat(f.commitOnePhase(p, 1)).isEqualTo(XaAnswer.OK);
        assertThat(f.durability.flushed.subList(0, 2)).containsExactlyInAnyOrder(A.toString(), B.toString());
        assertThat(f.durability.flushed.subList(2, 3)).containsExactly(FakeDisk.STATE);
        assertThat(f.markers.written).extracting(Marker::flushed).containsExactly(true, true);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_COMMIT);
        f.restart();
        assertThat(f.commitOnePhase(p, 1)).as("asked by Xid").isEqualTo(XaAnswer.OK);
        assertThat(f.recover(MANAGER)).isEmpty();
    }

    @Test
    void onePhaseOfAnAbortedTransactionSaysSo() {
        f.world.advance(TransactionFixture.TIMEOUT_MS + 30_000L);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.commitOnePhase(p, 1)).isEqualTo(XaAnswer.ROLLED_BACK);
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.decide(p, 1, false)).isEqualTo(XaAnswer.OK);
    }

    @Test
    void onePhaseDoesNotEndAPreparedBranch() {
        f.prepare(p, 1);
        assertThat(f.commitOnePhase(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.state().isInDoubt()).isTrue();
    }

    /** That the epoch has moved on proves nothing: the transaction may have been committed by its client. */
    @Test
    void nobodyIsToldOfARollbackThatIsNotCertain() {
        f.end(p, true, V2);
        assertThat(f.commitOnePhase(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
        f.add(p.plus(1), V2, A);
        assertThat(f.commitOnePhase(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
        f.end(p.plus(1), false, V2);
        assertThat(f.commitOnePhase(p, 1)).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.commitOnePhase(p.plus(1), 1)).isEqualTo(XaAnswer.ROLLED_BACK);
    }
}
