package org.milena.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.KafkaPeer;
import org.milena.broker.testing.Logged;

/**
 * A whole broker on a directory that a real Apache Kafka wrote, without the metadata that said what its topics were: it loses no
 * record to its own defaults, tells the operator, and obeys once it has been told.
 */
class AdoptedWithoutMetadataTest {

    private static final int PORT = Integer.getInteger("kafka.peer.port", 21030);
    private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);
    private static final String COMPACTED = "compacted";
    private static final String FOREVER = "forever";
    private static final List<String> TOPICS = List.of(COMPACTED, FOREVER);
    private static final int RECORDS = 4000;
    private static final String WANTED = "cleanup.policy, and where that includes delete also retention.ms and retention.bytes";

    @TempDir
    private Path directory;
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();
    private Path logs;

    private record Seen(long offset, long timestamp, String key, String value) {
    }

    @Test
    void everyRecordIsKeptUntilTheSettingsAreKnown() throws Exception {
        Map<String, List<Seen>> written = writeWithKafka();
        try (Logged log = new Logged("org.milena.broker.topic.StartupReconciliation"); EmbeddedBroker broker = start()) {
            assertThat(log.messages()).anySatisfy(m -> assertThat(m).contains(WANTED, "[compacted, forever]"));
            assertThat(broker.broker().report().clusterId()).isEqualTo("AAAAAAAAQACAAAAAAAAAAQ");
            try (Admin admin = Admin.create(client(broker.bootstrap()))) {
                assertThat(admin.listConsumerGroupOffsets("readers").partitionsToOffsetAndMetadata().get(60, TimeUnit.SECONDS))
                        .isEqualTo(Map.of(new TopicPartition(FOREVER, 0), new OffsetAndMetadata(1234)));
            }
            assertAllIsKept(broker, written);
            alter(broker, COMPACTED, Map.of("max.message.bytes", "2000000"));
            alter(broker, FOREVER, Map.of("retention.ms", "-1"));
            assertAllIsKept(broker, written);
        }
        try (EmbeddedBroker broker = start()) {
            assertAllIsKept(broker, written);
            released(broker, written);
        }
        try (EmbeddedBroker broker = start()) {
            assertThat(health(broker)).isEmpty();
        }
    }

    private EmbeddedBroker start() {
        return EmbeddedBroker.start(directory.resolve("ours"), store, Map.of("log.dirs", logs.toString(), "milena.log.dir.min.free", "0",
                "log.cleaner.backoff.ms", String.valueOf(DAY_MS), "log.retention.check.interval.ms", String.valueOf(DAY_MS)));
    }

    /** Compacted, but not yet as long as Kafka's own settings forbid; older than our defaults keep it; in several segments. */
    private Map<String, List<Seen>> writeWithKafka() throws Exception {
        try (KafkaPeer kafka = new KafkaPeer(directory.resolve("kafka"), PORT)) {
            kafka.start();
            logs = kafka.logDirectory();
            try (Admin admin = Admin.create(client(kafka.bootstrap()))) {
                admin.createTopics(List.of(
                        new NewTopic(COMPACTED, 1, (short) 1).configs(Map.of("cleanup.policy", "compact", "segment.bytes", "1048576",
                                "min.compaction.lag.ms", String.valueOf(100 * DAY_MS))),
                        new NewTopic(FOREVER, 1, (short) 1).configs(Map.of("retention.ms", "-1", "segment.bytes", "1048576"))))
                        .all().get(120, TimeUnit.SECONDS);
            }
            long begin = System.currentTimeMillis() - 9 * DAY_MS;
            String text = "v".repeat(1000);
            try (KafkaProducer<String, String> producer = new KafkaProducer<>(client(kafka.bootstrap()), new StringSerializer(), new StringSerializer())) {
                for (int i = 0; i < RECORDS; i++) {
                    for (String topic : TOPICS) {
                        producer.send(new ProducerRecord<>(topic, 0, begin + i, "key" + i % 20, i + text));
                    }
                }
            }
            try (Admin admin = Admin.create(client(kafka.bootstrap()))) {
                admin.alterConsumerGroupOffsets("readers", Map.of(new TopicPartition(FOREVER, 0), new OffsetAndMetadata(1234))).all().get(120, TimeUnit.SECONDS);
            }
            Map<String, List<Seen>> written = TOPICS.stream().collect(Collectors.toMap(t -> t, t -> read(kafka.bootstrap(), t)));
            assertThat(written).allSatisfy((topic, records) -> assertThat(records).as(topic).hasSize(RECORDS));
            kafka.stop();
            withoutMetadata();
            return written;
        }
    }

    private void withoutMetadata() throws IOException {
        try (Stream<Path> files = Files.walk(logs.resolve("__cluster_metadata-0"))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        for (String topic : TOPICS) {
            try (Stream<Path> files = Files.list(logs.resolve(topic + "-0"))) {
                assertThat(files.filter(f -> f.toString().endsWith(".log"))).as("segments of " + topic).hasSizeGreaterThan(2);
            }
        }
    }

    private static void assertAllIsKept(EmbeddedBroker broker, Map<String, List<Seen>> written) throws Exception {
        assertThat(health(broker)).isEqualTo(Map.of("settings unknown, so nothing is deleted from", "compacted, forever",
                "until these are set for each of them", WANTED));
        keepHouse(broker);
        for (String topic : TOPICS) {
            assertThatThrownBy(() -> deleteAll(broker, topic)).hasCauseInstanceOf(PolicyViolationException.class);
            assertThat(read(broker.bootstrap(), topic)).as(topic).isEqualTo(written.get(topic));
        }
    }

    /** Set free one by one: retention, DeleteRecords and the cleaner act, each on the topic it may. */
    private static void released(EmbeddedBroker broker, Map<String, List<Seen>> written) throws Exception {
        alter(broker, COMPACTED, Map.of("cleanup.policy", "compact"));
        assertThat(health(broker)).containsEntry("settings unknown, so nothing is deleted from", FOREVER);
        keepHouse(broker);
        List<Seen> compacted = read(broker.bootstrap(), COMPACTED);
        assertThat(compacted).hasSizeLessThan(RECORDS / 2);
        assertThat(lastOfEachKey(compacted)).isEqualTo(lastOfEachKey(written.get(COMPACTED)));
        assertThat(read(broker.bootstrap(), FOREVER)).isEqualTo(written.get(FOREVER));
        assertThatThrownBy(() -> deleteAll(broker, COMPACTED)).as("as Kafka of a compacted topic").hasCauseInstanceOf(PolicyViolationException.class);

        alter(broker, FOREVER, Map.of("cleanup.policy", "delete", "retention.ms", "-1", "retention.bytes", "-1"));
        assertThat(health(broker)).isEmpty();
        keepHouse(broker);
        assertThat(read(broker.bootstrap(), FOREVER)).as("as the operator says").isEqualTo(written.get(FOREVER));
        alter(broker, FOREVER, Map.of("retention.ms", String.valueOf(7 * DAY_MS)));
        keepHouse(broker);
        assertThat(read(broker.bootstrap(), FOREVER)).hasSizeLessThan(RECORDS);
        deleteAll(broker, FOREVER);
        assertThat(read(broker.bootstrap(), FOREVER)).isEmpty();
    }

    private static void keepHouse(EmbeddedBroker broker) throws InterruptedException {
        broker.broker().logs().enforceRetention();
        for (LogDirectory each : broker.broker().logs().directories()) {
            while (broker.broker().logs().cleanOnce(each)) {
                assertThat(each.online()).isTrue();
            }
        }
    }

    private static Map<String, String> health(EmbeddedBroker broker) {
        BrokerStatus status = new BrokerStatus();
        broker.broker().report().register(status);
        assertThat(status.readiness().get("topics").up()).isTrue();
        return status.readiness().get("topics").data();
    }

    private static void alter(EmbeddedBroker broker, String topic, Map<String, String> settings) throws Exception {
        try (Admin admin = Admin.create(client(broker.bootstrap()))) {
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), settings.entrySet().stream()
                    .map(e -> new AlterConfigOp(new ConfigEntry(e.getKey(), e.getValue()), AlterConfigOp.OpType.SET)).toList()))
                    .all().get(60, TimeUnit.SECONDS);
        }
    }

    private static void deleteAll(EmbeddedBroker broker, String topic) throws Exception {
        try (Admin admin = Admin.create(client(broker.bootstrap()))) {
            admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(-1))).all().get(60, TimeUnit.SECONDS);
        }
    }

    private static Set<Seen> lastOfEachKey(List<Seen> records) {
        return new HashSet<>(records.stream().collect(Collectors.toMap(Seen::key, r -> r, (a, b) -> b)).values());
    }

    private static Properties client(String bootstrap) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        properties.put("default.api.timeout.ms", "90000");
        return properties;
    }

    private static List<Seen> read(String bootstrap, String topic) {
        TopicPartition partition = new TopicPartition(topic, 0);
        List<Seen> seen = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(client(bootstrap), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (consumer.position(partition) < end) {
                assertThat(System.nanoTime()).as("reading " + topic + " takes too long").isLessThan(deadline);
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    seen.add(new Seen(record.offset(), record.timestamp(), record.key(), record.value()));
                }
            }
        }
        return seen;
    }
}
