package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/** Sending to a real broker; what arrives is read by Kafka's own consumer. */
class ProducerTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("auto.create.topics.enable", "false"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static String topic(Way way, String name, int partitions, Map<String, String> configs) throws Exception {
        String topic = name + "-" + way;
        try (Admin admin = Admin.create(broker.properties())) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1).configs(configs))).all().get();
        }
        return topic;
    }

    private static Cluster cluster(Way way, ClientConfig config) {
        return new Cluster(way.to(broker), config);
    }

    /** All records of a topic, which must be so many; those of a commit may be shown a moment after it has returned (KIP-98). */
    static List<ConsumerRecord<String, String>> read(EmbeddedBroker from, String topic, int count, String... properties) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(from.properties(properties), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream().map(p -> new TopicPartition(topic, p.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (all.size() < count || consumer.endOffsets(partitions).entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
                assertThat(System.nanoTime()).as("read %s of %s", all.size(), count).isLessThan(deadline);
            }
        }
        assertThat(all).hasSize(count);
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void everythingOfARecordArrives(Way way) throws Exception {
        String topic = topic(way, "all", 3, Map.of());
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            List<RecordMetadata> sent = new Producer(cluster).send(List.of(OutboundRecord.to(topic).key("k").value("v").partition(2).timestamp(4711)
                    .header("a", "1").header("a", "2").header("empty", (byte[]) null)));
            assertThat(sent).containsExactly(new RecordMetadata(topic, 2, 0, 4711));
        }
        ConsumerRecord<String, String> record = read(broker, topic, 1).get(0);
        assertThat(record.partition()).isEqualTo(2);
        assertThat(record.timestamp()).isEqualTo(4711);
        assertThat(record.key()).isEqualTo("k");
        assertThat(record.value()).isEqualTo("v");
        assertThat(Arrays.stream(record.headers().toArray()).map(h -> h.key() + "=" + (h.value() == null ? null
                : new String(h.value(), StandardCharsets.UTF_8)))).containsExactly("a=1", "a=2", "empty=null");
    }

    @ParameterizedTest
    @EnumSource
    void keyValueAndTimestampMayBeMissing(Way way) throws Exception {
        String topic = topic(way, "bare", 1, Map.of());
        long before = System.currentTimeMillis();
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            RecordMetadata sent = new Producer(cluster).send(List.of(OutboundRecord.to(topic))).get(0);
            assertThat(sent.timestamp()).isBetween(before, System.currentTimeMillis());
            ConsumerRecord<String, String> record = read(broker, topic, 1).get(0);
            assertThat(record.timestamp()).isEqualTo(sent.timestamp());
            assertThat(record.key()).isNull();
            assertThat(record.value()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theBrokersTimeIsReportedWhereTheTopicWantsIt(Way way) throws Exception {
        String topic = topic(way, "logappend", 1, Map.of("message.timestamp.type", "LogAppendTime"));
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            RecordMetadata sent = new Producer(cluster).send(List.of(OutboundRecord.to(topic).value("v").timestamp(1))).get(0);
            assertThat(read(broker, topic, 1).get(0).timestamp()).isEqualTo(sent.timestamp()).isGreaterThan(1);
        }
    }

    /** More than one batch for each partition, and more requests than one. */
    @ParameterizedTest
    @EnumSource
    void manyRecordsKeepTheirOrderByPartitionAndTellWhereTheyAre(Way way) throws Exception {
        String topic = topic(way, "many", 3, Map.of());
        ClientConfig small = new ClientConfig("small", 30_000, 30_000, 10, 300_000, 4_096);
        List<OutboundRecord> records = IntStream.range(0, 1_000)
                .mapToObj(i -> OutboundRecord.to(topic).key("k" + i % 10).value(i + ":" + "x".repeat(i % 300))).toList();
        try (Cluster cluster = cluster(way, small)) {
            List<RecordMetadata> sent = new Producer(cluster).send(records);
            List<ConsumerRecord<String, String>> read = read(broker, topic, 1_000);
            for (ConsumerRecord<String, String> record : read) {
                int i = Integer.parseInt(record.value().split(":")[0]);
                assertThat(sent.get(i)).isEqualTo(new RecordMetadata(topic, record.partition(), record.offset(), record.timestamp()));
            }
            for (int partition = 0; partition < 3; partition++) {
                int p = partition;
                assertThat(read.stream().filter(r -> r.partition() == p).map(r -> Integer.valueOf(r.value().split(":")[0]))).isNotEmpty().isSorted();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneMegabyteInOneRecordAndTheNextAfterIt(Way way) throws Exception {
        String topic = topic(way, "large", 1, Map.of());
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            Producer producer = new Producer(cluster);
            producer.send(List.of(OutboundRecord.to(topic).value("x".repeat(1_000_000))));
            assertThat(producer.send(List.of(OutboundRecord.to(topic).value("small"))).get(0).offset()).isEqualTo(1);
        }
        assertThat(read(broker, topic, 2).get(0).value()).hasSize(1_000_000);
    }

    @ParameterizedTest
    @EnumSource
    void aRecordTooLargeForUsIsRefusedBeforeAnythingIsSent(Way way) throws Exception {
        String topic = topic(way, "too-large", 1, Map.of());
        try (Cluster cluster = cluster(way, new ClientConfig("c", 30_000, 30_000, 10, 300_000, 1_000))) {
            assertThatThrownBy(() -> new Producer(cluster).send(List.of(OutboundRecord.to(topic).value("ok"), OutboundRecord.to(topic).value("x".repeat(1_000)))))
                    .isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.error()).isEqualTo(Errors.MESSAGE_TOO_LARGE))
                    .hasMessageContaining("more than max.request.size = 1000");
        }
        read(broker, topic, 0);
    }

    @ParameterizedTest
    @EnumSource
    void whatTheBrokerRefusesIsToldWithItsReasonAndTheNextSendWorks(Way way) throws Exception {
        String topic = topic(way, "refused", 1, Map.of("max.message.bytes", "1000"));
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            Producer producer = new Producer(cluster);
            producer.send(List.of(OutboundRecord.to(topic).value("first")));
            assertThatThrownBy(() -> producer.send(List.of(OutboundRecord.to(topic).value("x".repeat(2_000)))))
                    .isInstanceOfSatisfying(ClientException.class, e -> {
                        assertThat(e.error()).isEqualTo(Errors.MESSAGE_TOO_LARGE);
                        assertThat(e.outcomeUnknown()).isFalse();
                    }).hasMessageContaining("The broker refused " + topic + "-0 (1 record) with MESSAGE_TOO_LARGE");
            assertThat(producer.send(List.of(OutboundRecord.to(topic).value("second"))).get(0).offset()).isEqualTo(1);
        }
        read(broker, topic, 2);
    }

    @ParameterizedTest
    @EnumSource
    void aBatchThatIsRefusedLeavesTheOthersAndTellsWhich(Way way) throws Exception {
        String small = topic(way, "half-small", 1, Map.of("max.message.bytes", "1000"));
        String good = topic(way, "half-good", 1, Map.of());
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            String large = "x".repeat(2_000);
            assertThatThrownBy(() -> new Producer(cluster).send(List.of(OutboundRecord.to(good).value(large), OutboundRecord.to(small).value(large),
                    OutboundRecord.to(good).value(large))))
                    .isInstanceOfSatisfying(ClientException.class, e -> {
                        assertThat(e.results().get(0).offset()).isEqualTo(0);
                        assertThat(e.results().get(1)).isNull();
                        assertThat(e.results().get(2).offset()).isEqualTo(1);
                    }).hasMessageStartingWith("1 of 3 records were not sent: The broker refused " + small + "-0");
        }
        read(broker, good, 2);
    }

    @ParameterizedTest
    @EnumSource
    void aTopicThatDoesNotExistIsNamed(Way way) {
        try (Cluster cluster = cluster(way, new ClientConfig("c", 30_000, 300, 10, 300_000, 1_000_000))) {
            assertThatThrownBy(() -> new Producer(cluster).send(List.of(OutboundRecord.to("nowhere").value("v"))))
                    .isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.error()).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION))
                    .hasMessageContaining("Topic nowhere does not exist and was not created within 300 ms");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTopicThatWasCreatedAgainBeginsAnew(Way way) throws Exception {
        String topic = topic(way, "again", 1, Map.of());
        try (Cluster cluster = cluster(way, ClientConfig.DEFAULT)) {
            Producer producer = new Producer(cluster);
            for (int i = 0; i < 3; i++) {
                assertThat(producer.send(List.of(OutboundRecord.to(topic).value("old"))).get(0).offset()).isEqualTo(i);
            }
            try (Admin admin = Admin.create(broker.properties())) {
                admin.deleteTopics(List.of(topic)).all().get();
            }
            topic(way, "again", 1, Map.of());
            assertThat(producer.send(List.of(OutboundRecord.to(topic).value("new"))).get(0).offset()).isEqualTo(0);
        }
        assertThat(read(broker, topic, 1).get(0).value()).isEqualTo("new");
    }
}
