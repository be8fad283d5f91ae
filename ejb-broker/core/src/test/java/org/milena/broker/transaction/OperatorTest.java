package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.ID;
import static org.milena.broker.transaction.TransactionFixture.MANAGER;
import static org.milena.broker.transaction.TransactionFixture.TIMEOUT_MS;
import static org.milena.broker.transaction.TransactionFixture.V2;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.testing.Logged;
import org.milena.broker.transaction.TransactionFixture.FakeDisk;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** What an operator sees of branches in doubt, and can do about them, with nothing but Kafka's tools, metrics and the log. */
class OperatorTest {

    private static final int OPERATOR = BranchCoordinator.OPERATOR_EPOCH;

    private final TransactionFixture f = new TransactionFixture();
    private final Producer p = f.init();

    @BeforeEach
    void aTransactionOfTwoPartitions() {
        f.topicExists();
        f.add(p, V2, A, B);
    }

    /** {@code kafka-transactions abort} names one partition; the decision is on all of the branch. */
    private Errors markers(long producerId, int epoch, int coordinatorEpoch, boolean commit) {
        Map<TopicPartition, Errors> answer = f.world.get(f.coordinator.writeMarkers(producerId, (short) epoch, coordinatorEpoch, commit, V2, Set.of(A)));
        assertThat(answer).containsOnlyKeys(A);
        return answer.get(A);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMarkerWithTheOperatorsEpochCompletesABranchHeuristically(boolean commit) {
        f.prepare(p, 1);
        assertThat(markers(p.id(), 1, OPERATOR, commit)).as("another epoch").isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(markers(p.id() + 1, 0, OPERATOR, commit)).as("another producer").isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(markers(p.id(), 0, OPERATOR - 1, commit)).as("any other epoch is a client's marker").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(f.markers.attempts).isZero();
        assertThat(markers(p.id(), 0, OPERATOR, commit)).isEqualTo(Errors.NONE);
        assertThat(f.markers.partitions(commit)).containsExactlyInAnyOrder(A, B);
        assertThat(f.markers.written).allSatisfy(marker -> assertThat(marker.coordinatorEpoch()).as("the real one").isEqualTo(f.epoch()));
        assertThat(markers(p.id(), 0, OPERATOR, commit)).as("again").isEqualTo(Errors.NONE);
        assertThat(markers(p.id(), 0, OPERATOR, !commit)).as("the opposite").isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.decide(p, 1, true)).as("its transaction manager is told").isEqualTo(commit ? XaAnswer.HEURISTICALLY_COMMITTED
                : XaAnswer.HEURISTICALLY_ROLLED_BACK);
        f.forget(p, 1);
        assertThat(markers(p.id(), 0, OPERATOR, commit)).isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void whatIsNotPreparedIsNoOperatorsBusiness() {
        assertThat(markers(p.id(), 0, OPERATOR, false)).isEqualTo(Errors.INVALID_TXN_STATE);
        assertThat(f.stateName()).isEqualTo(TransactionState.ONGOING);
        assertThat(f.markers.attempts).as("a marker of this epoch would fence every coordinator").isZero();
    }

    @Test
    void anOperatorIsAskedToComeAgain() {
        f.prepare(p, 1);
        f.durability.failing.put(FakeDisk.STATE, new KafkaStorageException("no flush"));
        assertThat(markers(p.id(), 0, OPERATOR, false)).isIn(Errors.COORDINATOR_NOT_AVAILABLE, Errors.KAFKA_STORAGE_ERROR);
        f.durability.failing.clear();
        assertThat(markers(p.id(), 0, OPERATOR, false)).isEqualTo(Errors.NONE);
    }

    // ---- what is shown

    private static List<String> words(Message message) {
        return message.unknownTaggedFields().stream().map(field -> field.tag() + " " + new String(field.data(), StandardCharsets.UTF_8)).toList();
    }

    @Test
    void describeAndListSayWhoseItIs() {
        var before = f.world.get(f.coordinator.describe(List.of(ID))).get(0);
        assertThat(before.transactionTimeoutMs()).isEqualTo(TIMEOUT_MS);
        assertThat(words(before)).isEmpty();
        f.prepare(p, 1);
        String text = "10000 XA branch 131077:01:0102 of " + MANAGER + ", prepared at " + Instant.ofEpochMilli(f.world.millis()) + ", ";
        var described = f.world.get(f.coordinator.describe(List.of(ID))).get(0);
        assertThat(described.transactionState()).as("as Kafka's tools know it").isEqualTo("Ongoing");
        assertThat(described.transactionTimeoutMs()).as("KIP-939: only its owner ends it").isEqualTo(Integer.MAX_VALUE);
        assertThat(words(described)).containsExactly(text + "in doubt");
        var listed = f.world.get(f.coordinator.list(new ListTransactionsRequestData().setDurationFilter(-1))).transactionStates().get(0);
        assertThat(words(listed)).containsExactly(text + "in doubt");
        f.heuristic(p, 1, false);
        assertThat(words(f.world.get(f.coordinator.describe(List.of(ID))).get(0))).containsExactly(text + "HEURISTICALLY_ROLLED_BACK");
    }

    @Test
    void branchesInDoubtAreCounted() {
        assertThat(f.world.get(f.coordinator.branches().inDoubt())).isEqualTo(new BranchCoordinator.InDoubt(0, -1));
        f.prepare(p, 1);
        long preparedMs = f.world.millis();
        f.world.advance(5_000);
        f.restart();
        assertThat(f.world.get(f.coordinator.branches().inDoubt())).isEqualTo(new BranchCoordinator.InDoubt(1, preparedMs));
        f.heuristic(p, 1, true);
        assertThat(f.world.get(f.coordinator.branches().inDoubt())).as("what is to be forgotten is not in doubt")
                .isEqualTo(new BranchCoordinator.InDoubt(0, -1));
    }

    @Test
    void aBranchThatIsLongInDoubtIsNamedOnceInTheLog() {
        try (Logged logged = new Logged(ShardBranches.class.getName())) {
            f.prepare(p, 1);
            f.world.advance(ShardBranches.LONG_IN_DOUBT_MS - 1);
            assertThat(logged.messages()).isEmpty();
            f.world.advance(60_000);
            assertThat(logged.messages()).singleElement().asString().startsWith("XA branch 131077:01:0102 of crm (transactional id id, producer 1000,"
                    + " epoch 0) has been in doubt for 6").contains("milena-transactions commit or rollback --xid 131077:01:0102 ends it",
                    "coordinator epoch 2147483647 rolls it back");
        }
    }

    @Test
    void theNextBranchOfTheSameIdIsNamedToo() {
        try (Logged logged = new Logged(ShardBranches.class.getName())) {
            f.prepare(p, 1);
            f.world.advance(ShardBranches.LONG_IN_DOUBT_MS + 60_000);
            f.decide(p, 1, true);
            f.add(p.plus(1), V2, A);
            assertThat(f.prepare(p.plus(1), 2)).isEqualTo(XaAnswer.OK);
            f.world.advance(ShardBranches.LONG_IN_DOUBT_MS + 60_000);
            assertThat(logged.messages()).hasSize(2).element(1).asString().startsWith("XA branch 131077:02:0102 of crm");
        }
    }

    /** Else the log would say that an operator has done it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatItsTransactionManagerHasEndedIsNoOperatorsBusiness(boolean commit) {
        try (Logged logged = new Logged(BranchCoordinator.class.getName())) {
            f.prepare(p, 1);
            f.decide(p, 1, commit);
            assertThat(f.heuristic(p, 1, true)).isEqualTo(XaAnswer.NOT_KNOWN);
            assertThat(f.heuristic(p, 1, false)).isEqualTo(XaAnswer.NOT_KNOWN);
            assertThat(logged.messages()).isEmpty();
        }
    }

    @Test
    void anOperatorsDecisionIsLogged() {
        try (Logged logged = new Logged(BranchCoordinator.class.getName())) {
            f.prepare(p, 1);
            f.heuristic(p, 1, false);
            f.heuristic(p, 1, false);
            assertThat(logged.messages()).containsExactly(
                    "An operator rolled back branch 131077:01:0102 of crm (transactional id id) without its transaction manager");
        }
    }

    /** Its answer was perhaps lost: when it asks again, it must not hear that there is no such branch. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anOperatorDoesNotForgetWhatATransactionManagerHasDecided(boolean commit) {
        f.prepare(p, 1);
        assertThat(forgetHeuristically()).as("in doubt").isEqualTo(XaAnswer.UNAVAILABLE);
        f.decide(p, 1, commit);
        assertThat(forgetHeuristically()).isEqualTo(XaAnswer.NOT_KNOWN);
        assertThat(f.decide(p, 1, commit)).as("again").isEqualTo(XaAnswer.OK);
    }

    @Test
    void anOperatorForgetsWhatAnOperatorHasDecided() {
        f.prepare(p, 1);
        f.heuristic(p, 1, true);
        try (Logged logged = new Logged(BranchCoordinator.class.getName())) {
            assertThat(forgetHeuristically()).isEqualTo(XaAnswer.OK);
            assertThat(forgetHeuristically()).isEqualTo(XaAnswer.NOT_KNOWN);
            assertThat(logged.messages()).containsExactly(
                    "An operator forgot the outcome of branch 131077:01:0102 of crm (transactional id id) without its transaction manager");
        }
        assertThat(f.decide(p, 1, true)).isEqualTo(XaAnswer.NOT_KNOWN);
    }

    private XaAnswer forgetHeuristically() {
        return f.world.get(f.coordinator.branches().forgetHeuristically(TransactionFixture.branch(p, 1)));
    }

    @Test
    void anXidIsReadAsItIsWritten() {
        for (BranchId xid : List.of(TransactionFixture.xid(1), new BranchId(-7, new byte[] {(byte) 255}, new byte[0]))) {
            assertThat(BranchId.parse(xid.toString())).isEqualTo(xid);
        }
        for (String wrong : List.of("", "131077", "131077:01", "131077:01:02:03", "x:01:02", "131077::02", "131077:0:02", "131077:0g:02", "-1:01:02")) {
            assertThatThrownBy(() -> BranchId.parse(wrong)).as(wrong).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
