package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.transaction.TransactionFixture.A;
import static org.milena.broker.transaction.TransactionFixture.B;
import static org.milena.broker.transaction.TransactionFixture.ID;
import static org.milena.broker.transaction.TransactionFixture.V0;
import static org.milena.broker.transaction.TransactionFixture.initRequest;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.transaction.TransactionFixture.FakeMarkers.Marker;
import org.milena.broker.transaction.TransactionFixture.Producer;

/** What administrators see, and the markers they write. */
class QueriesTest {

    private final TransactionFixture f = new TransactionFixture();
    private Producer p;

    @BeforeEach
    void anOpenTransactionAndTwoIdleIds() {
        p = f.init();
        f.init(initRequest("idle", -1, -1));
        f.init(initRequest("other-idle", -1, -1));
        f.add(p, V0, A, B);
        f.world.advance(1_000);
    }

    private DescribeTransactionsResponseData.TransactionState describe(String id) {
        return f.world.get(f.coordinator.describe(List.of(id))).get(0);
    }

    private List<String> list(ListTransactionsRequestData request) {
        return f.world.get(f.coordinator.list(request)).transactionStates().stream()
                .map(ListTransactionsResponseData.TransactionState::transactionalId).sorted().toList();
    }

    private static ListTransactionsRequestData request() {
        return new ListTransactionsRequestData();
    }

    @Test
    void aTransactionIsDescribed() {
        var open = describe(ID);
        assertThat(open.errorCode()).isZero();
        assertThat(open.transactionState()).isEqualTo("Ongoing");
        assertThat(open.producerId()).isEqualTo(p.id());
        assertThat(open.producerEpoch()).isEqualTo(p.epoch());
        assertThat(open.transactionTimeoutMs()).isEqualTo(TransactionFixture.TIMEOUT_MS);
        assertThat(open.transactionStartTimeMs()).isEqualTo(f.world.millis() - 1_000);
        assertThat(open.topics()).hasSize(2);
        assertThat(open.topics().find("b").partitions()).containsExactly(1);
        assertThat(describe("idle").transactionState()).isEqualTo("Empty");
        assertThat(describe("idle").transactionStartTimeMs()).isEqualTo(-1);
        assertThat(Errors.forCode(describe("unknown").errorCode())).isEqualTo(Errors.TRANSACTIONAL_ID_NOT_FOUND);
        assertThat(Errors.forCode(describe("").errorCode())).isEqualTo(Errors.INVALID_REQUEST);
        f.resign();
        assertThat(Errors.forCode(describe(ID).errorCode())).isEqualTo(Errors.NOT_COORDINATOR);
    }

    @Test
    void ofADecidedTransactionThePartitionsWithoutMarkerAreShown() {
        f.markers.failing.put(B, new NotLeaderOrFollowerException("not now"));
        f.end(p, true, V0);
        assertThat(describe(ID).transactionState()).isEqualTo("PrepareCommit");
        assertThat(describe(ID).topics()).singleElement().satisfies(topic -> assertThat(topic.topic()).isEqualTo("b"));
        f.markers.failing.clear();
        f.world.advance(5_000);
        assertThat(describe(ID).transactionState()).isEqualTo("CompleteCommit");
        assertThat(describe(ID).topics()).isEmpty();
    }

    @Test
    void transactionsAreListedByStateProducerDurationAndPattern() {
        assertThat(list(request())).containsExactly(ID, "idle", "other-idle");
        assertThat(list(request().setStateFilters(List.of("Ongoing")))).containsExactly(ID);
        assertThat(list(request().setStateFilters(List.of("Empty", "CompleteCommit")))).containsExactly("idle", "other-idle");
        assertThat(list(request().setProducerIdFilters(List.of(p.id())))).containsExactly(ID);
        assertThat(list(request().setProducerIdFilters(List.of(1L)))).isEmpty();
        assertThat(list(request().setStateFilters(List.of("Ongoing")).setDurationFilter(999))).containsExactly(ID);
        assertThat(list(request().setStateFilters(List.of("Ongoing")).setDurationFilter(1_000))).isEmpty();
        assertThat(list(request().setTransactionalIdPattern(".*idle"))).containsExactly("idle", "other-idle");
        assertThat(list(request().setTransactionalIdPattern("idle"))).containsExactly("idle");
        assertThat(list(request().setTransactionalIdPattern(""))).hasSize(3);
    }

    @Test
    void whatCannotBeUnderstoodIsNamed() {
        var answer = f.world.get(f.coordinator.list(request().setStateFilters(List.of("Ongoing", "Ponging"))));
        assertThat(answer.unknownStateFilters()).containsExactly("Ponging");
        assertThat(answer.transactionStates()).hasSize(1);
        assertThatThrownBy(() -> f.coordinator.list(request().setTransactionalIdPattern("(ab(cd"))).isInstanceOf(InvalidRegularExpression.class)
                .hasMessage("Transaction ID pattern `(ab(cd` is not a valid regular expression: error parsing regexp: missing closing ): `(ab(cd`.");
        f.log.stallLoads();
        f.elect();
        f.world.run();
        assertThat(Errors.forCode(f.world.get(f.coordinator.list(request())).errorCode())).isEqualTo(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    }

    /** Rules 15. */
    @Test
    void aClientsMarkerIsWrittenOnlyWhereNoTransactionIsKnown() {
        f.topicExists();
        var open = f.world.get(f.coordinator.writeMarkers(p.id(), p.epoch(), 7, false, V0, Set.of(A)));
        assertThat(open).isEqualTo(Map.of(A, Errors.CONCURRENT_TRANSACTIONS));
        assertThat(f.markers.attempts).isZero();
        var left = f.world.get(f.coordinator.writeMarkers(p.id() + 50, p.epoch(), 7, false, V0, Set.of(A)));
        assertThat(left).isEqualTo(Map.of(A, Errors.NONE));
        assertThat(f.markers.written).containsExactly(new Marker(A, p.id() + 50, p.epoch(), 7, false, V0));
        f.markers.failing.put(A, new org.apache.kafka.common.errors.TransactionCoordinatorFencedException("older"));
        assertThat(f.world.get(f.coordinator.writeMarkers(p.id() + 50, p.epoch(), 6, false, V0, Set.of(A))))
                .isEqualTo(Map.of(A, Errors.TRANSACTION_COORDINATOR_FENCED));
    }

    @Test
    void untilTheCoordinatorCanSayNoClientWritesMarkers() {
        f.topicExists();
        f.log.stallLoads();
        f.elect();
        f.world.run();
        assertThat(f.world.get(f.coordinator.writeMarkers(p.id() + 50, p.epoch(), 7, false, V0, Set.of(A))))
                .isEqualTo(Map.of(A, Errors.COORDINATOR_LOAD_IN_PROGRESS));
        assertThat(f.markers.attempts).isZero();
    }
}
