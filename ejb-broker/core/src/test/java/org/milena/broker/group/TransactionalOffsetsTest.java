package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.group.GroupFixture.GROUP;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.transaction.TransactionAdmission;

/** Offsets inside producers' transactions (KIP-98, KIP-447, KIP-890), on a log in memory. */
class TransactionalOffsetsTest {

    private static final long P = 77;
    private static final TopicPartition OFFSETS = new TopicPartition(OffsetsTopic.NAME, 0);

    private final GroupFixture f = new GroupFixture();
    private final Coordinator transactions = new Coordinator();

    /** The transaction coordinator's answers, given in advance; NONE otherwise. */
    private static final class Coordinator implements TransactionAdmission {
        final Queue<Errors> answers = new ArrayDeque<>();
        final Queue<CompletableFuture<Map<TopicPartition, Errors>>> held = new ArrayDeque<>();
        boolean hold;
        int asked;
        boolean added;

        @Override
        public CompletableFuture<Map<TopicPartition, Errors>> admit(String id, long producer, short epoch, Collection<TopicPartition> partitions,
                                                                    boolean add) {
            asked++;
            added = add;
            assertThat(id).isEqualTo("tx");
            assertThat(partitions).containsExactly(OFFSETS);
            CompletableFuture<Map<TopicPartition, Errors>> answer = new CompletableFuture<>();
            if (hold) {
                held.add(answer);
            } else {
                answer.complete(Map.of(OFFSETS, answers.isEmpty() ? Errors.NONE : answers.remove()));
            }
            return answer;
        }
    }

    private CompletableFuture<TxnOffsetCommitResponseData> commitLater(int version, TxnOffsetCommitRequestData request) {
        CompletableFuture<TxnOffsetCommitResponseData> future = f.coordinator.commitOffsets(GroupFixture.version(version), request, transactions);
        f.world.run();
        return future;
    }

    private Errors commit(int version, TxnOffsetCommitRequestData request) {
        return Errors.forCode(f.world.get(commitLater(version, request)).topics().get(0).partitions().get(0).errorCode());
    }

    private Errors commit(long producer, int epoch, int partition, long offset) {
        return commit(5, request(producer, epoch, partition, offset));
    }

    private static TxnOffsetCommitRequestData request(long producer, int epoch, int partition, long offset) {
        return new TxnOffsetCommitRequestData().setTransactionalId("tx").setGroupId(GROUP).setProducerId(producer).setProducerEpoch((short) epoch)
                .setTopics(List.of(new TxnOffsetCommitRequestTopic().setName("t").setPartitions(List.of(
                        new TxnOffsetCommitRequestPartition().setPartitionIndex(partition).setCommittedOffset(offset).setCommittedMetadata("m")))));
    }

    private CompletableFuture<Void> endLater(long producer, int epoch, int coordinatorEpoch, boolean commit) {
        return endLater(producer, epoch, coordinatorEpoch, commit, false);
    }

    private CompletableFuture<Void> endLater(long producer, int epoch, int coordinatorEpoch, boolean commit, boolean flushed) {
        CompletableFuture<Void> end = f.coordinator.endTransaction(OFFSETS.partition(),
                new TransactionEnd(producer, (short) epoch, coordinatorEpoch, commit, (short) 2), flushed);
        f.world.run();
        return end;
    }

    private void end(long producer, int epoch, boolean commit) {
        f.world.get(endLater(producer, epoch, 0, commit));
    }

    private Errors stable(int partition) {
        return Errors.forCode(f.fetch("t", partition, true).errorCode());
    }

    @Test
    void pendingOffsetsAreInvisibleUntilTheMarker() {
        f.commit("", -1, "t", 0, 5);
        assertThat(commit(P, 0, 0, 10)).isEqualTo(Errors.NONE);
        assertThat(f.committed("t", 0)).isEqualTo(5);
        assertThat(stable(0)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        end(P, 1, true);
        assertThat(stable(0)).isEqualTo(Errors.NONE);
        assertThat(f.committed("t", 0)).isEqualTo(10);
    }

    /** Of an XA branch; its decision is on disk already. */
    @Test
    void aMarkerCountsAtOnceAndIsAnsweredWhenItIsOnDisk() {
        commit(P, 0, 0, 10);
        f.log.stallFlushes();
        CompletableFuture<Void> end = endLater(P, 1, 0, true, true);
        assertThat(f.committed("t", 0)).isEqualTo(10);
        assertThat(commit(P + 1, 0, 0, 11)).as("the next transaction need not wait").isEqualTo(Errors.NONE);
        CompletableFuture<Void> next = endLater(P + 1, 1, 0, true, true);
        assertThat(f.committed("t", 0)).isEqualTo(11);
        assertThat(List.of(end.isDone(), next.isDone())).containsOnly(false);
        f.log.resumeFlushes(null);
        f.world.run();
        assertThat(List.of(end, next)).allSatisfy(each -> assertThat(each).isCompleted());
    }

    @Test
    void aMarkerThatMayNotBeOnDiskIsWrittenAgain() {
        commit(P, 0, 0, 10);
        f.log.stallFlushes();
        CompletableFuture<Void> end = endLater(P, 1, 0, true, true);
        f.log.resumeFlushes(new KafkaStorageException("the disk fails"));
        f.world.run();
        assertThat(end).isCompletedExceptionally();
        assertThat(endLater(P, 1, 0, true, true)).isCompleted();
        assertThat(f.committed("t", 0)).isEqualTo(10);
    }

    @Test
    void anAbortDropsThem() {
        f.commit("", -1, "t", 0, 5);
        commit(P, 0, 0, 10);
        end(P, 1, false);
        assertThat(stable(0)).isEqualTo(Errors.NONE);
        assertThat(f.committed("t", 0)).isEqualTo(5);
    }

    @Test
    void theCoordinatorIsAskedOncePerTransaction() {
        commit(P, 0, 0, 10);
        commit(P, 0, 1, 11);
        assertThat(transactions.asked).isEqualTo(1);
        assertThat(transactions.added).isTrue();
        end(P, 1, true);
        commit(4, request(P, 1, 0, 12));
        assertThat(transactions.asked).isEqualTo(2);
        assertThat(transactions.added).as("older clients have added the group themselves").isFalse();
    }

    @Test
    void whatTheCoordinatorRefusesIsToldAsTheClientUnderstandsIt() {
        Map<Errors, Map<Integer, Errors>> told = new HashMap<>();
        told.put(Errors.PRODUCER_FENCED, Map.of(3, Errors.INVALID_PRODUCER_EPOCH, 5, Errors.INVALID_PRODUCER_EPOCH));
        told.put(Errors.TRANSACTION_ABORTABLE, Map.of(3, Errors.INVALID_TXN_STATE, 4, Errors.TRANSACTION_ABORTABLE));
        told.put(Errors.CONCURRENT_TRANSACTIONS, Map.of(4, Errors.COORDINATOR_LOAD_IN_PROGRESS, 5, Errors.CONCURRENT_TRANSACTIONS));
        told.put(Errors.NOT_COORDINATOR, Map.of(3, Errors.NOT_COORDINATOR, 5, Errors.NOT_COORDINATOR));
        told.put(Errors.INVALID_PRODUCER_ID_MAPPING, Map.of(5, Errors.INVALID_PRODUCER_ID_MAPPING));
        told.forEach((answer, byVersion) -> byVersion.forEach((version, expected) -> {
            transactions.answers.add(answer);
            assertThat(commit(version, request(P, 0, 0, 10))).as("%s in version %s", answer, version).isEqualTo(expected);
        }));
        assertThat(stable(0)).isEqualTo(Errors.NONE);
    }

    @Test
    void aCommitThatWasConfirmedBeforeTheAbortDoesNotCountAfterIt() {
        transactions.hold = true;
        CompletableFuture<TxnOffsetCommitResponseData> late = commitLater(4, request(P, 0, 0, 10));
        end(P, 0, false);
        transactions.held.remove().complete(Map.of(OFFSETS, Errors.NONE));
        assertThat(f.world.get(late).topics().get(0).partitions().get(0).errorCode()).isEqualTo(Errors.INVALID_TXN_STATE.code());
        assertThat(stable(0)).as("nothing hangs").isEqualTo(Errors.NONE);
    }

    @Test
    void membersAreFencedWhenTheyCommitAndNeverAtTheMarker() {
        String member = f.stable(1).get(0);
        assertThat(commit(3, request(P, 0, 0, 10).setMemberId(member).setGenerationIdOrMemberEpoch(7))).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(commit(3, request(P, 0, 0, 10).setMemberId("nobody").setGenerationIdOrMemberEpoch(1))).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(commit(3, request(P, 0, 0, 10).setMemberId(member).setGenerationIdOrMemberEpoch(1))).isEqualTo(Errors.NONE);
        f.leave(new org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity().setMemberId(member));
        end(P, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(10);
    }

    @Test
    void anUnknownGroupIsMadeByAnOffsetWithoutGeneration() {
        assertThat(commit(3, request(P, 0, 0, 10).setGenerationIdOrMemberEpoch(3))).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(commit(6, request(P, 0, 0, 10).setGenerationIdOrMemberEpoch(3))).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        assertThat(commit(0, request(P, 0, 0, 10))).isEqualTo(Errors.NONE);
        assertThat(commit(5, request(P, 0, 0, 10).setGroupId(""))).isEqualTo(Errors.INVALID_GROUP_ID);
    }

    @Test
    void allOfItSurvivesARestart() {
        commit(P, 0, 0, 10);
        commit(P + 1, 0, 1, 20);
        end(P + 1, 1, true);
        commit(P + 2, 0, 2, 30);
        f.restart();
        assertThat(stable(0)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(f.committed("t", 1)).isEqualTo(20);
        end(P, 1, true);
        end(P + 2, 1, false);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(10);
        assertThat(f.committed("t", 2)).isEqualTo(-1);
    }

    @Test
    void theEndCountsWhenItsMarkerIsCommittedNotBefore() {
        commit(P, 0, 0, 10);
        f.log.stall();
        CompletableFuture<Void> end = endLater(P, 1, 0, true);
        assertThat(end).isNotDone();
        assertThat(stable(0)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(f.committed("t", 0)).isEqualTo(-1);
        CompletableFuture<TxnOffsetCommitResponseData> next = commitLater(5, request(P, 1, 1, 11));
        assertThat(f.world.get(next).topics().get(0).partitions().get(0).errorCode()).as("the next transaction must wait")
                .isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS.code());
        f.log.resume();
        f.world.run();
        assertThat(end).isCompleted();
        assertThat(f.committed("t", 0)).isEqualTo(10);
    }

    @Test
    void aRefusedMarkerHarmsNobodyElse() {
        commit(P, 0, 0, 10);
        f.world.get(endLater(P, 1, 7, true));
        commit(P, 1, 0, 11);
        assertThatThrownBy(() -> f.world.get(endLater(P, 2, 6, false))).hasRootCauseInstanceOf(TransactionCoordinatorFencedException.class);
        assertThat(stable(0)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(f.commit("", -1, "t", 1, 5)).isEqualTo(Errors.NONE);
    }

    @Test
    void theSameMarkerAgainIsHarmless() {
        commit(P, 0, 0, 10);
        end(P, 1, true);
        f.commit("", -1, "t", 0, 12);
        end(P, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(12);
    }

    @Test
    void aFailedAppendLeavesNothingPending() {
        f.log.setFate(SimLog.Fate.FAIL);
        commitLater(5, request(P, 0, 0, 10));
        f.log.setFate(SimLog.Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(stable(0)).isEqualTo(Errors.NONE);
    }

    @Test
    void manyWritersMixedGoInTheirOrderAndEachInItsOwnBatch() {
        f.log.stall();
        List<CompletableFuture<?>> all = List.of(f.commitLater(9, GroupFixture.commitRequest("", -1, "t", 0, 1)),
                commitLater(5, request(P, 0, 0, 2)), commitLater(5, request(P, 0, 1, 3)), commitLater(5, request(P + 1, 0, 2, 4)),
                f.commitLater(9, GroupFixture.commitRequest("", -1, "t", 3, 5)));
        f.log.resume();
        f.world.run();
        assertThat(all).allSatisfy(done -> assertThat(done).isCompleted());
        end(P, 1, true);
        end(P + 1, 1, false);
        f.restart();
        assertThat(List.of(f.committed("t", 0), f.committed("t", 1), f.committed("t", 2), f.committed("t", 3))).containsExactly(2L, 3L, -1L, 5L);
    }

    // ---- beside others, as Kafka does it: decision 9

    @Test
    void twoTransactionsMayHoldOffsetsOfOnePartitionAndTheLaterOffsetCounts() {
        commit(P, 0, 0, 10);
        assertThat(commit(P + 1, 0, 0, 11)).isEqualTo(Errors.NONE);
        end(P + 1, 1, true);
        assertThat(stable(0)).as("the other is open still").isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        end(P, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(11);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(11);
    }

    @Test
    void aPlainCommitBesideATransactionIsTakenAndTheLaterOffsetCounts() {
        commit(P, 0, 0, 10);
        assertThat(f.commit("", -1, "t", 0, 25)).isEqualTo(Errors.NONE);
        end(P, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(25);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(25);
    }

    @Test
    void deletedOffsetsOfATransactionStayDeleted() {
        commit(P, 0, 0, 10);
        OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestTopicCollection();
        topics.add(new OffsetDeleteRequestTopic().setName("t").setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(0))));
        f.world.get(f.coordinator.deleteOffsets(new OffsetDeleteRequestData().setGroupId(GROUP).setTopics(topics)));
        end(P, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(-1);
        commit(P, 1, 0, 11);
        assertThat(f.world.get(f.coordinator.deleteGroups(List.of(GROUP))).get(0).errorCode()).isEqualTo(Errors.NONE.code());
        end(P, 2, true);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(-1);
    }
}
