package org.milena.tests.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;

/** Kafka's tools for transactions; a transaction that hangs is in {@link HangingTransactionTest}. */
@ExtendWith(BrokerUnderTest.class)
class TransactionToolsTest {
    private static final String TOOL = "TransactionsCommand";
    private static Tools tools;

    @BeforeAll
    static void start() {
        tools = new Tools();
    }

    @AfterAll
    static void stop() {
        tools.close();
    }

    private static KafkaProducer<byte[], byte[]> open(String topic, Map<String, Object> config) {
        KafkaProducer<byte[], byte[]> producer = Cluster.producer(config);
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, 0, Cluster.bytes("k"), Cluster.bytes("v")));
        producer.flush();
        return producer;
    }

    private static List<String> ids(Tools.Result list) {
        return list.ok().table().stream().skip(1).map(row -> row.get(0)).toList();
    }

    @Test
    void anOpenTransactionIsListedAndDescribed() {
        String topic = Cluster.topic("tool-txn", 1);
        Cluster.produce(Cluster.numbered(topic, 1, 0, 3).toList());
        try (KafkaProducer<byte[], byte[]> producer = open(topic, Map.of("transactional.id", topic, "transaction.timeout.ms", 600_000))) {
            assertThat(tools.run(TOOL, "list").ok().table()).first().isEqualTo(List.of("TransactionalId", "Coordinator", "ProducerId", "TransactionState"));
            List<String> listed = tools.run(TOOL, "list").table().stream().filter(row -> row.get(0).equals(topic)).findFirst().orElseThrow();
            assertThat(listed.get(3)).isEqualTo("Ongoing");
            String id = listed.get(2);
            List<String> described = tools.run(TOOL, "describe", "--transactional-id", topic).ok().table().get(1);
            assertThat(described.subList(0, 3)).isEqualTo(List.of(listed.get(1), topic, id));
            assertThat(described.subList(4, 6)).isEqualTo(List.of("Ongoing", "600000"));
            assertThat(described.get(8)).isEqualTo(topic + "-0");
            List<List<String>> producers = tools.run(TOOL, "describe-producers", "--topic", topic, "--partition", "0").ok().table();
            assertThat(producers.get(0)).containsExactly("ProducerId", "ProducerEpoch", "LatestCoordinatorEpoch", "LastSequence", "LastTimestamp",
                "CurrentTransactionStartOffset");
            assertThat(producers).anySatisfy(row -> assertThat(row).startsWith(id, described.get(3)).endsWith("3"));
            producer.commitTransaction();
            assertThat(awaitState(topic)).isEqualTo("CompleteCommit");
            assertThat(tools.run(TOOL, "describe-producers", "--topic", topic, "--partition", "0").ok().table())
                .anySatisfy(row -> assertThat(row).startsWith(id).endsWith("None"));
        }
        Tools.Result missing = tools.run(TOOL, "describe", "--transactional-id", topic + "-missing");
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.out() + missing.err()).contains("`" + topic + "-missing` failed because the ID could not be found");
    }

    /** The end is answered before the markers are written. */
    private static String awaitState(String id) {
        long deadline = System.nanoTime() + ExternalProcess.PATIENCE.toNanos();
        while (true) {
            String state = tools.run(TOOL, "describe", "--transactional-id", id).ok().table().get(1).get(4);
            if (!state.startsWith("Prepare") || System.nanoTime() > deadline) return state;
        }
    }

    @Test
    void theListIsFilteredByDurationAndPattern() {
        String topic = Cluster.topic("tool-txn-filter", 1);
        try (KafkaProducer<byte[], byte[]> producer = open(topic, Map.of("transactional.id", topic))) {
            assertThat(ids(tools.run(TOOL, "list"))).contains(topic);
            assertThat(ids(tools.run(TOOL, "list", "--duration-filter", "-1"))).contains(topic);
            assertThat(ids(tools.run(TOOL, "list", "--duration-filter", "3600000"))).doesNotContain(topic);
            assertThat(ids(tools.run(TOOL, "list", "--transactional-id-pattern", "tool-txn-fil.*"))).containsExactly(topic);
            assertThat(ids(tools.run(TOOL, "list", "--transactional-id-pattern", "tool-txn-fil"))).as("a pattern of the whole name").isEmpty();
            producer.abortTransaction();
        }
        Tools.Result wrong = tools.run(TOOL, "list", "--transactional-id-pattern", "(");
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.out() + wrong.err()).contains("Failed to list transactions");
    }

    @Test
    void aTransactionThatItsCoordinatorKnowsDoesNotHang() {
        String topic = Cluster.topic("tool-txn-known", 1);
        try (KafkaProducer<byte[], byte[]> producer = open(topic, Map.of("transactional.id", topic))) {
            Tools.Result found = tools.run(TOOL, "find-hanging", "--topic", topic, "--max-transaction-timeout", "0").ok();
            assertThat(found.table()).as(found.toString()).hasSize(1);
            if (!BrokerUnderTest.isKafka()) { // which would write the marker, and leave producer and coordinator in their belief
                Tools.Result refused = tools.run(TOOL, "abort", "--topic", topic, "--partition", "0", "--start-offset", "0");
                assertThat(refused.code()).as(refused.toString()).isEqualTo(1);
            }
            producer.commitTransaction();
        }
        assertThat(awaitState(topic)).isEqualTo("CompleteCommit");
        Tools.Result nothing = tools.run(TOOL, "abort", "--topic", topic, "--partition", "0", "--start-offset", "0");
        assertThat(nothing.code()).isEqualTo(1);
        assertThat(nothing.out() + nothing.err()).contains("Could not find any open transactions starting at offset 0 on partition " + topic + "-0");
        assertThat(Cluster.readCommitted(topic)).hasSize(1);
    }

    @Test
    void anOperatorEndsATransactionByItsId() {
        String topic = Cluster.topic("tool-txn-end", 1);
        try (KafkaProducer<byte[], byte[]> producer = open(topic, Map.of("transactional.id", topic))) {
            Tools.Result ended = tools.run(TOOL, "forceTerminateTransaction", "--transactionalId", topic);
            assertThat(ended.code()).as(ended.toString()).isZero();
            assertThat(awaitState(topic)).as("the tool asks for the next producer's epoch, and that begins with nothing").isEqualTo("Empty");
            assertThat(Cluster.readCommitted(topic)).isEmpty();
            assertThatThrownBy(producer::commitTransaction).isInstanceOf(ProducerFencedException.class);
            producer.close(Duration.ZERO);
        }
    }

    @Test
    void theProducerPerformanceTestCommitsItsTransactions() {
        String topic = Cluster.topic("tool-txn-perf", 3);
        Tools.Result sent = tools.run("ProducerPerformance", "", List.of("--topic", topic, "--num-records", "5000", "--record-size", "100",
            "--throughput", "-1", "--transactional-id", topic, "--transaction-duration-ms", "50",
            "--producer-props", "bootstrap.servers=" + BrokerUnderTest.bootstrap())).ok();
        assertThat(sent.out()).contains("5000 records sent");
        assertThat(awaitState(topic)).isEqualTo("CompleteCommit");
        assertThat(Cluster.readCommitted(topic)).hasSize(5000);
    }

    @Test
    void theTransactionalMessageCopierCopiesWithAbortedTransactionsInBetween() {
        String input = Cluster.topic("tool-txn-input", 1);
        String output = Cluster.topic("tool-txn-output", 1);
        Cluster.produce(Cluster.numbered(input, 1, 0, 1000).toList());
        Tools.Result copied = tools.run("TransactionalMessageCopier", "", List.of("--broker-list", BrokerUnderTest.bootstrap(), "--input-topic", input,
            "--input-partition", "0", "--output-topic", output, "--max-messages", "1000", "--consumer-group", input, "--transaction-size", "50",
            "--transactional-id", input, "--enable-random-aborts", "--group-mode"));
        assertThat(copied.ok().out()).contains("\"consumed\":950,\"remaining\":50");
        assertThat(awaitState(input)).isEqualTo("CompleteCommit");
        assertThat(Cluster.readCommitted(output)).extracting(record -> new String(record.value()))
            .isEqualTo(Cluster.readAll(input).stream().map(record -> new String(record.value())).toList());
        assertThat(Cluster.committed(input).values()).extracting(offset -> offset.offset()).containsExactly(1000L);
    }
}
