package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;

/** Transactions of the client against a real broker, seen by Kafka's consumer. */
@Timeout(60)
class TransactionTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("num.partitions", "3"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static Cluster cluster(Way way) {
        return new Cluster(way.to(broker), ClientConfig.DEFAULT);
    }

    private static Transaction transaction(Cluster cluster, String id) {
        return new Transaction(cluster, id, 60_000);
    }

    private static List<String> committed(String topic, int count) {
        return ProducerTest.read(broker, topic, count, "isolation.level", "read_committed").stream().map(ConsumerRecord::value).toList();
    }

    private static OutboundRecord record(String topic, int partition, String value) {
        return OutboundRecord.to(topic).partition(partition).value(value);
    }

    @ParameterizedTest
    @EnumSource
    void committedTransactionsAreReadAndRolledBackOnesAreNot(Way way) throws Exception {
        String topic = "both-" + way;
        try (Cluster cluster = cluster(way)) {
            Transaction transaction = transaction(cluster, "both-" + way);
            for (int i = 0; i < 6; i++) {
                transaction.send(List.of(record(topic, 0, "a" + i), record(topic, 1, "b" + i)));
                transaction.send(List.of(record(topic, 0, "c" + i)));
                if (i % 2 == 0) {
                    transaction.commit();
                } else {
                    transaction.rollback();
                }
            }
            assertThat(committed(topic, 9)).containsExactlyInAnyOrder("a0", "b0", "c0", "a2", "b2", "c2", "a4", "b4", "c4");
            ProducerTest.read(broker, topic, 18);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOpenTransactionIsNotReadUntilItCommits(Way way) throws Exception {
        String topic = "open-" + way;
        try (Cluster cluster = cluster(way)) {
            Transaction transaction = transaction(cluster, "open-" + way);
            transaction.send(List.of(record(topic, 0, "v")));
            assertThat(committed(topic, 0)).isEmpty();
            transaction.commit();
            assertThat(committed(topic, 1)).containsExactly("v");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whereNothingWasSentNothingIsAsked(Way way) throws Exception {
        try (Cluster cluster = cluster(way)) {
            Transaction transaction = transaction(cluster, "nothing-" + way);
            transaction.commit();
            transaction.rollback();
        }
        try (Admin admin = Admin.create(broker.properties())) {
            assertThat(admin.listTransactions().all().get()).noneMatch(t -> t.transactionalId().equals("nothing-" + way));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFailedSendDoomsTheTransactionAndTheNextOneWorks(Way way) throws Exception {
        String topic = "doomed-" + way;
        try (Cluster cluster = cluster(way)) {
            Transaction transaction = transaction(cluster, "doomed-" + way);
            transaction.send(List.of(record(topic, 0, "with")));
            assertThatThrownBy(() -> transaction.send(List.of(record(topic, 0, "x".repeat(2_000_000)))))
                    .isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.error()).isEqualTo(Errors.MESSAGE_TOO_LARGE));
            assertThatThrownBy(() -> transaction.send(List.of(record(topic, 0, "after")))).hasMessageContaining("can only be rolled back, since a send failed");
            assertThatThrownBy(transaction::commit).isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.outcomeUnknown()).isFalse())
                    .hasMessageStartingWith("Rolled back, since a send failed: ");
            transaction.send(List.of(record(topic, 0, "next")));
            transaction.commit();
            assertThat(committed(topic, 1)).containsExactly("next");
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneThatTheBrokerHasEndedCantCommitAndTheNextOneWorks(Way way) throws Exception {
        String topic = "fenced-" + way;
        try (Cluster cluster = cluster(way); Admin admin = Admin.create(broker.properties())) {
            Transaction transaction = transaction(cluster, "fenced-" + way);
            transaction.send(List.of(record(topic, 0, "lost")));
            admin.fenceProducers(List.of("fenced-" + way), new FenceProducersOptions().timeoutMs(20_000)).all().get();
            assertThatThrownBy(transaction::commit).isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.outcomeUnknown()).isFalse())
                    .hasMessageContaining("The commit was refused with ");
            transaction.send(List.of(record(topic, 0, "next")));
            transaction.commit();
            assertThat(committed(topic, 1)).containsExactly("next");
        }
    }

    /** Every second answer to Produce or EndTxn is lost, and the connection with it. */
    @ParameterizedTest
    @EnumSource
    void lostAnswersChangeNothing(Way way) throws Exception {
        String topic = "lost-" + way;
        AtomicInteger asked = new AtomicInteger();
        try (Cluster cluster = new Cluster(new Losing(way.to(broker), List.of(ApiKeys.PRODUCE, ApiKeys.END_TXN), asked), ClientConfig.DEFAULT)) {
            Transaction transaction = transaction(cluster, "lost-" + way);
            for (int i = 0; i < 10; i++) {
                transaction.send(List.of(record(topic, 0, "v" + i)));
                if (i % 3 == 1) {
                    transaction.rollback();
                } else {
                    transaction.commit();
                }
            }
            assertThat(committed(topic, 7)).containsExactly("v0", "v2", "v3", "v5", "v6", "v8", "v9");
            assertThat(asked.get()).isGreaterThan(30);
        }
    }

    @ParameterizedTest
    @EnumSource
    void twoTransactionalIdsDontDisturbEachOther(Way way) throws Exception {
        String topic = "two-" + way;
        try (Cluster cluster = cluster(way)) {
            Transaction one = transaction(cluster, "two-1-" + way);
            Transaction two = transaction(cluster, "two-2-" + way);
            one.send(List.of(record(topic, 0, "one")));
            two.send(List.of(record(topic, 0, "two")));
            two.commit();
            one.rollback();
            assertThat(committed(topic, 1)).containsExactly("two");
        }
    }
}
