package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.MANAGER;
import static org.milena.broker.transaction.TransactionFixture.TIMEOUT_MS;
import static org.milena.broker.transaction.TransactionFixture.V2;
import static org.milena.broker.transaction.TransactionFixture.initRequest;
import static org.milena.broker.transaction.TransactionFixture.xid;

import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.group.SimLog.Fate;
import org.milena.broker.testing.Logged;
import org.milena.broker.transaction.BranchContent.Offset;
import org.milena.broker.transaction.BranchContent.Records;
import org.milena.broker.transaction.TransactionFixture.FakeDisk;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** The vote: when it is given, what it rests on, and who cannot take it back (rules 13, 14, 15, 17). */
class PrepareTest {

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();

    @BeforeEach
    void aTransactionOfTwoPartitions() {
        f.topicExists();
        f.add(p, V2, A, B);
    }

    /** Rules 13: data and offsets, then the record, then the answer. */
    @Test
    void everythingIsOnDiskBeforeTheVote() {
        int appends = f.log.appends();
        f.durability.stalled = true;
        var vote = f.coordinator.branches().prepare(TransactionFixture.branch(p, 1), Set.of());
        f.world.run();
        assertThat(f.log.appends()).as("no record before the data is flushed").isEqualTo(appends);
        f.durability.resume();
        assertThat(f.world.get(vote)).isEqualTo(XaAnswer.OK);
        assertThat(f.log.appends()).isEqualTo(appends + 1);
        assertThat(f.durability.flushed).endsWith(FakeDisk.STATE).hasSize(3);
        assertThat(f.durability.flushed.subList(0, 2)).containsExactlyInAnyOrder(A.toString(), B.toString());
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        assertThat(f.state().branch()).isEqualTo(new Branch(xid(1), MANAGER, f.world.millis(), p.id(), (short) 1, -1, null));
    }

    @Test
    void theVoteWaitsForTheFlushOfItsRecord() {
        f.durability.afterData = () -> f.durability.failing.put(FakeDisk.STATE, new KafkaStorageException("no flush"));
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.UNAVAILABLE);
        assertThat(f.state().isInDoubt()).as("it is prepared all the same").isTrue();
        f.durability.failing.clear();
        assertThat(f.prepare(p, 1)).as("asked again").isEqualTo(XaAnswer.OK);
    }

    @Test
    void whatCannotBeFlushedNowIsNotVotedOn() {
        f.durability.failing.put(B.toString(), new KafkaStorageException("the directory is offline"));
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.UNAVAILABLE);
        assertThat(f.state().branch()).isNull();
        f.durability.failing.clear();
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.OK);
    }

    @Test
    void aBranchWhoseRecordsAreGoneIsRolledBack() {
        f.durability.failing.put(B.toString(), new UnknownTopicOrPartitionException("deleted"));
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.ROLLED_BACK);
        assertThat(f.durability.flushed).as("the rollback is durable").endsWith(FakeDisk.STATE);
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        assertThat(f.prepare(p, 1)).as("asked again").isEqualTo(XaAnswer.ROLLED_BACK);
    }

    /** Nobody knows whether a power cut took a part of it. */
    @Test
    void aTransactionFromBeforeARestartIsRolledBack() {
        f.restart();
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.ROLLED_BACK);
        assertThat(f.markers.partitions(false)).containsExactlyInAnyOrder(A, B);
        Producer next = p.plus(1);
        f.add(next, V2, A);
        assertThat(f.prepare(next, 2)).as("the next one began here").isEqualTo(XaAnswer.OK);
    }

    /** A client on another machine went on after a power cut that took its first sends, and that they were ever made. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBranchThatLacksWhatItsClientWasAcknowledgedIsRolledBack(boolean onePhase) {
        Records inA = new Records(new Uuid(1, 1), 0, 2);
        Records inC = new Records(new Uuid(1, 3), 7, 1);
        Offset offset = new Offset("g", A, 42);
        f.durability.contents.put(A, Set.of(inA));
        f.durability.contents.put(B, Set.of(offset));
        try (Logged logged = new Logged(BranchCoordinator.class.getName())) {
            Set<BranchContent> acknowledged = Set.of(inA, inC, new Offset("g", A, 43));
            assertThat(onePhase ? f.commitOnePhase(p, 1, acknowledged) : f.prepare(p, 1, acknowledged)).isEqualTo(XaAnswer.ROLLED_BACK);
            assertThat(logged.messages()).singleElement().asString().endsWith("cannot be committed and is rolled back: Its client was acknowledged what is gone, "
                    + "as after a power cut: offset 43 of group g for " + A + ", records up to sequence number 1 in partition 7 of topic " + inC.topicId());
        }
        assertThat(f.stateName()).isEqualTo(TransactionState.COMPLETE_ABORT);
        Producer next = p.plus(1);
        f.add(next, V2, A, B);
        assertThat(f.prepare(next, 2, Set.of(inA, offset))).as("all is there").isEqualTo(XaAnswer.OK);
    }

    @Test
    void aTransactionThatGrowsMeanwhileIsNotVotedOn() {
        f.durability.stalled = true;
        var vote = f.coordinator.branches().prepare(TransactionFixture.branch(p, 1), Set.of());
        f.world.run();
        f.add(p, V2, new org.apache.kafka.common.TopicPartition("c", 0));
        f.durability.resume();
        assertThat(f.world.get(vote)).isEqualTo(XaAnswer.UNAVAILABLE);
        assertThat(f.state().branch()).isNull();
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.OK);
    }

    /** Rules 17: a late prepare finds the epoch gone. */
    @Test
    void afterARollbackALatePrepareIsRefused() {
        assertThat(f.decide(p, 1, false)).isEqualTo(XaAnswer.OK);
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.ROLLED_BACK);
        assertThat(f.decide(p, 1, false)).as("rolled back again").isEqualTo(XaAnswer.OK);
    }

    @Test
    void aRollbackBeforeTheFirstRecordRefusesThemAll() {
        f.decide(p, 1, false);
        Producer next = p.plus(1);
        assertThat(f.decide(next, 2, false)).isEqualTo(XaAnswer.OK);
        assertThat(f.add(next, V2, A)).isEqualTo(Errors.PRODUCER_FENCED);
    }

    @Test
    void whatIsNotKnownIsNotVotedOn() {
        assertThat(f.prepare(p.plus(1), 1)).as("another epoch").isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.prepare(new Producer(Errors.NONE, 77, (short) 0), 1)).as("another producer").isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.world.get(f.coordinator.branches().prepare(new BranchRequest("other", p.id(), p.epoch(), xid(1), MANAGER), Set.of())))
                .as("another id").isEqualTo(XaAnswer.NOT_KNOWN);
        f.prepare(p, 1);
        assertThat(f.prepare(p, 2)).as("another Xid").isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.state().branch().xid()).isEqualTo(xid(1));
    }

    @Test
    void aVoteIsGivenAgain() {
        f.prepare(p, 1);
        TransactionMetadata prepared = f.state();
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.OK);
        assertThat(f.state()).isSameAs(prepared);
    }

    /** Rules 15: only the Xid's decision, or an operator's, ends it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nobodyElseEndsAPreparedBranch(boolean afterRestart) {
        f.prepare(p, 1);
        if (afterRestart) {
            f.restart();
        }
        TransactionMetadata prepared = f.state();
        assertThat(f.init().error()).as("InitProducerId").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.init(initRequest(TransactionFixture.ID, p.id(), p.epoch())).error()).as("KIP-360").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        for (int version = 0; version <= 2; version++) {
            assertThat(f.end(p, true, version).error()).as("EndTxn").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
            assertThat(f.end(p, false, version).error()).as("EndTxn").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
            assertThat(f.add(p, version, A)).as("growth").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        }
        assertThat(f.admit(p, false, A)).as("VerifyOnly").containsEntry(A, Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.world.get(f.coordinator.writeMarkers(p.id(), p.epoch(), 99, false, V2, Set.of(A, B))))
                .as("WriteTxnMarkers").containsEntry(A, Errors.CONCURRENT_TRANSACTIONS).containsEntry(B, Errors.CONCURRENT_TRANSACTIONS);
        f.world.advance(TIMEOUT_MS + 3L * f.config.idExpirationMs());
        assertThat(f.state()).isEqualTo(prepared);
        assertThat(f.markers.attempts).isZero();
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.OK);
        assertThat(f.markers.partitions(true)).containsExactlyInAnyOrder(A, B);
    }

    /** Rules 14: the producer id for the decision is reserved at prepare. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theLastEpochIsDecidedWithoutAskingForAProducerId(boolean commit) {
        f.given(f.idle(TransactionState.EMPTY, 500, Short.MAX_VALUE - 1));
        Producer last = new Producer(Errors.NONE, 500, (short) (Short.MAX_VALUE - 1));
        f.add(last, V2, A);
        f.noProducerIds = true;
        assertThat(f.prepare(last, 1)).as("no id, no vote").isEqualTo(XaAnswer.UNAVAILABLE);
        f.noProducerIds = false;
        assertThat(f.prepare(last, 1)).isEqualTo(XaAnswer.OK);
        f.noProducerIds = true;
        f.restart();
        assertThat(f.decide(last, 1, commit)).isEqualTo(XaAnswer.OK);
        assertThat(f.markers.written).extracting(m -> m.producerId() + ":" + m.epoch()).containsExactly("500:" + Short.MAX_VALUE);
        assertThat(f.state().producerEpoch()).isZero();
        assertThat(f.state().producerId()).isNotEqualTo(500);
        assertThat(f.decide(last, 1, commit)).as("again, by the old producer id").isEqualTo(XaAnswer.OK);
    }

    @Test
    void theReservedProducerIdCountsAsSeen() {
        TransactionMetadata idle = f.idle(TransactionState.ONGOING, 5_000, Short.MAX_VALUE - 1);
        f.given(idle.prepared(new Branch(xid(1), MANAGER, 1, 5_000, Short.MAX_VALUE, 5_001, null), 1));
        assertThat(f.coordinator.highestProducerId()).isEqualTo(5_001);
    }

    @Test
    void aRecordThatWasLostIsNoVote() {
        f.log.setFate(Fate.FAIL);
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.UNAVAILABLE);
        f.log.setFate(Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.recover(MANAGER)).isEmpty();
        assertThat(f.prepare(p, 1)).as("nobody knows what survived").isEqualTo(XaAnswer.ROLLED_BACK);
    }

    @Test
    void aRecordWhoseFateIsOpenIsReadFromTheLog() {
        f.log.setFate(Fate.COMMIT_BUT_REPORT_FAILURE);
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.UNAVAILABLE);
        f.log.setFate(Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.recover(MANAGER)).extracting(found -> found.branch().xid()).containsExactly(xid(1));
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.OK);
    }

    // ---- deletion of topics

    private static final String HELD = " holds records of prepared XA branches: 131077:01:0102 of crm (transactional id id). Their transaction "
            + "managers, or an operator, must complete them before the topic is deleted.";

    /** Rules 14: what was voted on stays until it is decided; an operator's decision is the way to force it. */
    @Test
    void aTopicWithAPreparedBranchIsNotDeleted() {
        assertThat(f.world.get(f.deleteTopic("a"))).isEqualTo("deleted a");
        f.prepare(p, 1);
        assertThat(f.world.get(f.deleteTopic("a"))).isEqualTo("Topic a" + HELD);
        assertThat(f.world.get(f.deleteTopic(TransactionTopic.NAME))).as("the votes themselves").isEqualTo("Topic __transaction_state" + HELD);
        assertThat(f.world.get(f.deleteTopic("c"))).isEqualTo("deleted c");
        f.heuristic(p, 1, false);
        assertThat(f.world.get(f.deleteTopic("a"))).isEqualTo("deleted a");
    }

    /** The vote came first: what it is about stays. */
    @Test
    void noTopicIsDeletedWhileAVoteOnItIsUnderWay() {
        f.durability.stalled = true;
        var vote = f.coordinator.branches().prepare(TransactionFixture.branch(p, 1), Set.of());
        f.world.run();
        assertThat(f.world.get(f.deleteTopic("a"))).isEqualTo("Topic a" + HELD);
        f.durability.failing.put(A.toString(), new KafkaStorageException("no flush"));
        f.durability.resume();
        assertThat(f.world.get(vote)).isEqualTo(XaAnswer.UNAVAILABLE);
        assertThat(f.world.get(f.deleteTopic("a"))).as("there was no vote").isEqualTo("deleted a");
    }

    /** The deletion came first: the vote waits for what becomes of it. */
    @Test
    void thereIsNoVoteOnATopicThatIsBeingDeleted() {
        java.util.concurrent.CompletableFuture<String> deletion = new java.util.concurrent.CompletableFuture<>();
        var deleted = f.coordinator.branches().deleteTopic("a", () -> deletion);
        f.world.run();
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.UNAVAILABLE);
        deletion.completeExceptionally(new KafkaStorageException("the database is away"));
        assertThat(deleted).isCompletedExceptionally();
        assertThat(f.prepare(p, 1)).as("it is still there").isEqualTo(XaAnswer.OK);
    }

    // ---- who holds offsets that are in doubt (rules 18)

    private java.util.Set<Long> promised() {
        return f.world.get(f.coordinator.branches().promisedProducers());
    }

    @Test
    void aProducerIsPromisedFromTheBallotToTheLastMarker() {
        assertThat(promised()).isEmpty();
        f.durability.stalled = true;
        var vote = f.coordinator.branches().prepare(TransactionFixture.branch(p, 1), Set.of());
        f.world.run();
        assertThat(promised()).as("being voted on").containsExactly(p.id());
        f.durability.resume();
        assertThat(f.world.get(vote)).isEqualTo(XaAnswer.OK);
        f.restart();
        f.topicExists();
        assertThat(promised()).as("in doubt").containsExactly(p.id());
        f.markers.stalled = true;
        f.decide(p, 1, false);
        f.restart();
        f.topicExists();
        assertThat(promised()).as("decided, and not carried out").containsExactly(p.id());
        f.markers.resume();
        assertThat(promised()).isEmpty();
    }

    @Test
    void aRefusedVoteIsNoPromise() {
        f.durability.failing.put(B.toString(), new org.apache.kafka.common.errors.InvalidTxnStateException("two transactions"));
        assertThat(f.prepare(p, 1)).isEqualTo(XaAnswer.ROLLED_BACK);
        f.add(p.plus(1), V2, A);
        f.durability.failing.put(A.toString(), new KafkaStorageException("no flush"));
        assertThat(f.prepare(p.plus(1), 2)).isEqualTo(XaAnswer.UNAVAILABLE);
        assertThat(promised()).isEmpty();
    }

    @Test
    void aVoteThatNobodyHeardTheBeginningOfIsNoPromise() {
        f.log.newEpoch(0, f.epoch() + 1);
        assertThat(f.prepare(p, 1)).as("the epoch is not confirmed").isEqualTo(XaAnswer.UNAVAILABLE);
        f.log.newEpoch(0, f.epoch());
        assertThat(promised()).isEmpty();
    }

    // ---- recover

    @Test
    void recoverListsTheBranchesOfItsResourceManager() {
        f.prepare(p, 1);
        assertThat(f.recover("other")).isEmpty();
        assertThat(f.recover(null)).hasSize(1);
        f.restart();
        RecoveredBranch found = f.recover(MANAGER).get(0);
        assertThat(found.transactionalId()).isEqualTo(TransactionFixture.ID);
        assertThat(found.partitions()).containsExactlyInAnyOrder(A, B);
        assertThat(found.branch().is(xid(1), p.id(), p.epoch())).isTrue();
        assertThat(f.durability.flushed).endsWith(FakeDisk.STATE);
        f.decide(p, 1, true);
        assertThat(f.recover(MANAGER)).isEmpty();
    }

    /** Rules 16: a recover that misses a branch makes the transaction manager forget it. */
    @Test
    void recoverFailsUnlessEveryCoordinatorCanSay() {
        f.prepare(p, 1);
        f.log.stallLoads();
        f.restart();
        f.topicExists();
        assertThatThrownBy(() -> f.recover(MANAGER)).hasRootCauseInstanceOf(org.apache.kafka.common.errors.CoordinatorLoadInProgressException.class);
        f.log.resumeLoads();
        f.world.run();
        f.durability.failing.put(FakeDisk.STATE, new KafkaStorageException("no flush"));
        assertThatThrownBy(() -> f.recover(MANAGER)).hasRootCauseMessage("no flush");
        f.durability.failing.clear();
        f.resign();
        assertThatThrownBy(() -> f.recover(MANAGER)).hasRootCauseInstanceOf(org.apache.kafka.common.errors.NotCoordinatorException.class);
    }

    @Test
    void recoverDoesNotTakeMissingMetadataForNoBranches() {
        f.prepare(p, 1);
        f.image = new org.milena.broker.cache.MetadataImage(3, "cluster", 1, java.util.List.of(), java.util.Map.of(), java.util.Map.of(),
                java.util.Map.of(), java.util.Map.of());
        assertThatThrownBy(() -> f.recover(MANAGER)).rootCause().hasMessage("The metadata does not show __transaction_state");
    }

    @Test
    void recoverWaitsForWhatIsNotCommitted() {
        f.log.stall();
        var vote = f.coordinator.branches().prepare(TransactionFixture.branch(p, 1), Set.of());
        f.world.run();
        var recovered = f.coordinator.branches().recover(MANAGER);
        f.world.run();
        assertThat(recovered).isNotDone();
        f.log.resume();
        assertThat(f.world.get(recovered)).hasSize(1);
        assertThat(f.world.get(vote)).isEqualTo(XaAnswer.OK);
    }
}
