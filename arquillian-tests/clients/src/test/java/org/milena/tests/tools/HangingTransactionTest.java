package org.milena.tests.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.milena.tests.broker.Cluster;
import org.milena.tests.broker.ExternalProcess;
import org.milena.tests.broker.WildFly;

/**
 * A transaction that no coordinator knows of any more: since KIP-890 no client can begin one, so the server is killed and loses the log
 * of its transactions, as in a power cut. The broker ends by itself what Apache Kafka leaves to {@code kafka-transactions} (KIP-664).
 */
@Isolated("a server that is started again needs the machine")
class HangingTransactionTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 0);
    private String bootstrap;

    @Test
    void whatHangsIsAbortedAndReadersGoOn() throws Exception {
        Assumptions.assumeTrue(System.getProperty("milena.bootstrap", "").isEmpty(), "only a server of our own is harmed");
        try (WildFly server = new WildFly(Path.of(System.getProperty("milena.test.target", "target"), "wildfly-hanging")); Tools tools = new Tools()) {
            bootstrap = server.bootstrap();
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
                Cluster.get(admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all());
            }
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                transaction(producer, "committed");
                producer.commitTransaction();
                transaction(producer, "hanging");
                producer.close(Duration.ZERO);
            }
            server.killAndRestart(HangingTransactionTest::loseTransactionLog);
            try (KafkaProducer<byte[], byte[]> producer = producer()) {
                transaction(producer, "later");
                producer.commitTransaction();
            }
            assertThat(readCommitted(2)).containsExactly("committed", "later");
            assertThat(find(tools, "0")).as("its head").hasSize(1);
        }
    }

    private KafkaProducer<byte[], byte[]> producer() {
        KafkaProducer<byte[], byte[]> producer = Cluster.producer(Map.of("bootstrap.servers", bootstrap, "transactional.id", "x"));
        producer.initTransactions();
        return producer;
    }

    private static void transaction(KafkaProducer<byte[], byte[]> producer, String value) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("t", Cluster.bytes(value)));
        producer.flush();
    }

    /** What is in the log's segments, not the partitions themselves. */
    private static void loseTransactionLog(Path data) {
        int lost = 0;
        try (Stream<Path> all = Files.walk(data)) {
            for (Path file : all.filter(path -> path.getParent().getFileName().toString().startsWith("__transaction_state-")).toList()) {
                if (file.getFileName().toString().matches("\\d{20}\\..*")) {
                    Files.delete(file);
                    lost++;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        assertThat(lost).as("files of the transaction log").isPositive();
    }

    private Tools.Result run(Tools tools, String command, String... arguments) {
        return tools.run("TransactionsCommand", "", Stream.concat(Stream.of("--bootstrap-server", bootstrap, command), Stream.of(arguments)).toList());
    }

    private List<List<String>> find(Tools tools, String minutes) {
        return run(tools, "find-hanging", "--topic", "t", "--max-transaction-timeout", minutes).ok().table();
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return Cluster.consumer(Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed"));
    }

    /** At least so many records, and all up to the last stable offset. */
    private List<String> readCommitted(int count) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(List.of(PARTITION));
            long deadline = System.nanoTime() + ExternalProcess.PATIENCE.toNanos();
            while (values.size() < count || consumer.position(PARTITION) < consumer.endOffsets(List.of(PARTITION)).get(PARTITION)) {
                assertThat(System.nanoTime()).as("read " + values).isLessThan(deadline);
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(new String(record.value())));
            }
        }
        return values;
    }
}
