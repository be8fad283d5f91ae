package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.group.GroupFixture.GROUP;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.log.TransactionEnd;

/** Rules 18: at most one pending transaction for a group and partition, once a transaction manager is promised it can be committed. */
class SealedOffsetsTest {

    private static final long T1 = 77;
    private static final long T2 = 88;
    private static final TopicPartition OFFSETS = new TopicPartition(OffsetsTopic.NAME, 0);

    private final GroupFixture f = new GroupFixture();

    @BeforeEach
    void anOffsetThatWasCommittedBefore() {
        f.commit("", -1, "t", 0, 5);
    }

    private CompletableFuture<Errors> pendingLater(int version, long producer, int epoch, int partition, long offset) {
        TxnOffsetCommitRequestData request = new TxnOffsetCommitRequestData().setTransactionalId("tx").setGroupId(GROUP).setProducerId(producer)
                .setProducerEpoch((short) epoch).setTopics(List.of(new TxnOffsetCommitRequestTopic().setName("t").setPartitions(List.of(
                        new TxnOffsetCommitRequestPartition().setPartitionIndex(partition).setCommittedOffset(offset).setCommittedMetadata("m")))));
        return f.coordinator.commitOffsets(GroupFixture.version(version), request, (id, p, e, partitions, add) ->
                CompletableFuture.completedFuture(Map.of(OFFSETS, Errors.NONE))).thenApply(answer ->
                Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode()));
    }

    private Errors pending(int version, long producer, int epoch, int partition, long offset) {
        return afterAWhile(pendingLater(version, producer, epoch, partition, offset));
    }

    /** Who is in somebody's way is waited for, but not long. */
    private <T> T afterAWhile(CompletableFuture<T> answer) {
        f.world.run();
        if (!answer.isDone()) {
            f.world.advance(PatientWrite.PATIENCE_MS);
        }
        return f.world.get(answer);
    }

    private Errors pending(long producer, int partition, long offset) {
        return pending(5, producer, 0, partition, offset);
    }

    private void seal(long producer, int epoch) {
        afterAWhile(f.coordinator.sealTransaction(0, producer, (short) epoch));
    }

    private void end(long producer, int epoch, boolean commit) {
        f.world.get(f.coordinator.endTransaction(OFFSETS.partition(), new TransactionEnd(producer, (short) epoch, 0, commit, (short) 2), false));
    }

    private Errors delete(int partition) {
        OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestTopicCollection();
        topics.add(new OffsetDeleteRequestTopic().setName("t").setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(partition))));
        return Errors.forCode(f.world.get(f.coordinator.deleteOffsets(new OffsetDeleteRequestData().setGroupId(GROUP).setTopics(topics)))
                .topics().find("t").partitions().find(partition).errorCode());
    }

    private Errors deleteGroup() {
        return Errors.forCode(f.world.get(f.coordinator.deleteGroups(List.of(GROUP))).get(0).errorCode());
    }

    /** The example of the rule: T1 with offset 10 is in doubt, T2 commits 11, recovery rolls T1 back: record 10 would be lost. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nobodyCommitsOverAnOffsetInDoubt(boolean commit) {
        pending(T1, 0, 10);
        seal(T1, 0);
        assertThat(pending(5, T2, 0, 0, 11)).as("another transaction").isEqualTo(Errors.TRANSACTION_ABORTABLE);
        assertThat(pending(3, T2, 0, 0, 11)).as("of an older client").isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(f.commit("", -1, "t", 0, 11)).as("a plain commit, or a reset").isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(delete(0)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(deleteGroup()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(f.fetch("t", 0, true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
        end(T1, 1, commit);
        assertThat(f.committed("t", 0)).isEqualTo(commit ? 10 : 5);
        assertThat(pending(T2, 0, 11)).as("it is over").isEqualTo(Errors.NONE);
        assertThat(f.commit("", -1, "t", 0, 12)).isEqualTo(Errors.NONE);
        assertThat(delete(0)).isEqualTo(Errors.NONE);
        assertThat(deleteGroup()).isEqualTo(Errors.NONE);
    }

    @Test
    void otherPartitionsGoOn() {
        pending(T1, 0, 10);
        seal(T1, 0);
        assertThat(f.commit("", -1, "t", 1, 11)).isEqualTo(Errors.NONE);
        assertThat(pending(T2, 1, 12)).isEqualTo(Errors.NONE);
        seal(T2, 0);
        end(T2, 1, true);
        assertThat(f.committed("t", 1)).isEqualTo(12);
        assertThat(delete(1)).isEqualTo(Errors.NONE);
    }

    @Test
    void thereIsNoVoteWhileTwoTransactionsAreInTheSamePlace() {
        pending(T1, 0, 10);
        pending(T2, 0, 11);
        assertThatThrownBy(() -> seal(T1, 0)).rootCause().isInstanceOf(UnstableOffsetCommitException.class)
                .hasMessage("Group g has offsets for t-0 pending in two transactions, of producers 77 and 88");
        assertThat(f.commit("", -1, "t", 0, 12)).as("nothing is sealed").isEqualTo(Errors.NONE);
        end(T2, 1, false);
        seal(T1, 0);
        assertThat(f.commit("", -1, "t", 0, 12)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
    }

    /** One record after the other, each in a transaction of another producer: the marker of the last is often still on its way. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theNextTransactionWaitsForTheMarkerOfTheLast(boolean commit) {
        pending(T1, 0, 10);
        seal(T1, 0);
        var next = pendingLater(5, T2, 0, 0, 11);
        var another = pendingLater(5, T2 + 1, 0, 1, 21);
        f.world.advance(PatientWrite.PATIENCE_MS - 1);
        assertThat(next).isNotDone();
        assertThat(f.world.get(another)).as("in another partition").isEqualTo(Errors.NONE);
        end(T1, 1, commit);
        assertThat(f.world.get(next)).isEqualTo(Errors.NONE);
        seal(T2, 0);
        end(T2, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(11);
    }

    @Test
    void aVoteWaitsForTheMarkerOfTheLastTransaction() {
        pending(T1, 0, 10);
        pending(T2, 0, 11);
        var vote = f.coordinator.sealTransaction(0, T2, (short) 0);
        f.world.run();
        assertThat(vote).isNotDone();
        end(T1, 1, true);
        f.world.get(vote);
        assertThat(f.commit("", -1, "t", 0, 12)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
    }

    @Test
    void whoWaitsIsToldWhenTheCoordinatorResigns() {
        pending(T1, 0, 10);
        seal(T1, 0);
        var next = pendingLater(5, T2, 0, 0, 11);
        f.world.run();
        f.resign();
        assertThat(f.world.get(next)).isEqualTo(Errors.NOT_COORDINATOR);
    }

    @Test
    void aSealedTransactionTakesNoMoreOffsets() {
        pending(T1, 0, 10);
        seal(T1, 0);
        assertThat(pending(T1, 0, 11)).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(pending(T1, 1, 11)).isEqualTo(Errors.INVALID_TXN_STATE);
        seal(T1, 0);
        end(T1, 1, true);
        assertThat(f.committed("t", 0)).isEqualTo(10);
        assertThat(pending(5, T1, 1, 0, 11)).as("its next transaction").isEqualTo(Errors.NONE);
        assertThat(f.commit("", -1, "t", 0, 12)).as("which is not sealed").isEqualTo(Errors.NONE);
    }

    @Test
    void onlyAnOpenTransactionIsSealed() {
        pending(T1, 0, 10);
        assertThatThrownBy(() -> seal(T1, 1)).hasRootCauseInstanceOf(InvalidTxnStateException.class);
        end(T1, 1, false);
        assertThatThrownBy(() -> seal(T1, 0)).hasRootCauseInstanceOf(InvalidTxnStateException.class);
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.NONE);
    }

    // ---- the seal is not in the log

    /** After a load the transaction coordinator is asked; until it has said, all that is pending counts as in doubt. */
    @Test
    void afterAReloadTheTransactionCoordinatorIsAsked() {
        pending(T1, 0, 10);
        pending(T2, 1, 20);
        seal(T1, 0);
        Queue<CompletableFuture<Set<Long>>> questions = new ArrayDeque<>();
        f.promised = () -> {
            questions.add(new CompletableFuture<>());
            return questions.peek();
        };
        f.restart();
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(f.commit("", -1, "t", 1, 21)).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(pending(T1, 2, 11)).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(f.commit("", -1, "t", 2, 31)).as("nothing is pending there").isEqualTo(Errors.NONE);
        assertThat(deleteGroup()).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        questions.remove().completeExceptionally(new CoordinatorLoadInProgressException("loading, too"));
        f.world.advance(50);
        questions.remove().complete(Set.of(T1, 99L));
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
        assertThat(pending(T1, 2, 11)).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.commit("", -1, "t", 1, 21)).as("an ordinary transaction, as in Kafka").isEqualTo(Errors.NONE);
        end(T1, 1, false);
        assertThat(f.committed("t", 0)).isEqualTo(5);
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.NONE);
        assertThat(questions).isEmpty();
    }

    /** What is sealed in this life stays sealed, whatever an answer says that was on its way. */
    @Test
    void anAnswerThatWasOnItsWayUnsealsNothing() {
        pending(T1, 0, 10);
        CompletableFuture<Set<Long>> answer = new CompletableFuture<>();
        f.promised = () -> answer;
        f.restart();
        seal(T1, 0);
        answer.complete(Set.of());
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT);
    }

    /** An answer to a question of an earlier life is none. */
    @Test
    void anAnswerOfAnEarlierLifeIsIgnored() {
        pending(T1, 0, 10);
        seal(T1, 0);
        CompletableFuture<Set<Long>> first = new CompletableFuture<>();
        f.promised = () -> first;
        f.restart();
        f.promised = CompletableFuture::new;
        f.elect();
        f.world.run();
        first.complete(Set.of());
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    }

    @Test
    void noQuestionIsAskedWhereNothingIsPending() {
        f.promised = () -> {
            throw new AssertionError("asked");
        };
        f.restart();
        assertThat(f.commit("", -1, "t", 0, 11)).isEqualTo(Errors.NONE);
    }
}
