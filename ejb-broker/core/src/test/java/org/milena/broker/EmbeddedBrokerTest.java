package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** The newest Java client against the whole broker. */
class EmbeddedBrokerTest {

    private static final Duration POLL = Duration.ofMillis(200);

    @TempDir
    Path dir;

    private static KafkaProducer<String, String> producer(EmbeddedBroker broker, String... more) {
        return new KafkaProducer<>(broker.properties(more), new StringSerializer(), new StringSerializer());
    }

    private static KafkaConsumer<String, String> consumer(EmbeddedBroker broker, String group, String... more) {
        var properties = broker.properties(more);
        properties.put("group.id", group);
        properties.put("auto.offset.reset", "earliest");
        properties.put("enable.auto.commit", "false");
        return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
    }

    private static List<RecordMetadata> send(KafkaProducer<String, String> producer, String topic, int from, int to) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = from; i < to; i++) {
            sent.add(producer.send(new ProducerRecord<>(topic, "k" + i, "v" + i)));
        }
        List<RecordMetadata> acknowledged = new ArrayList<>();
        for (Future<RecordMetadata> future : sent) {
            acknowledged.add(future.get(30, TimeUnit.SECONDS));
        }
        return acknowledged;
    }

    private static List<ConsumerRecord<String, String>> poll(KafkaConsumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (records.size() < count && System.nanoTime() < deadline) {
            consumer.poll(POLL).forEach(records::add);
        }
        return records;
    }

    private static Set<String> values(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @CsvSource({"classic,none", "classic,lz4", "consumer,none", "consumer,zstd"})
    void producesAndConsumesInAGroupAndResumes(String protocol, String compression) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
            try (Admin admin = Admin.create(broker.properties())) {
                admin.createTopics(List.of(new NewTopic("t", 3, (short) 1))).all().get(30, TimeUnit.SECONDS);
            }
            try (var producer = producer(broker, "compression.type", compression, "linger.ms", "5")) {
                send(producer, "t", 0, 1000);
                try (var consumer = consumer(broker, "g", "group.protocol", protocol)) {
                    consumer.subscribe(List.of("t"));
                    assertThat(poll(consumer, 1000).stream().map(ConsumerRecord::value).collect(Collectors.toSet())).isEqualTo(values(0, 1000));
                    consumer.commitSync();
                }
                send(producer, "t", 1000, 1500);
            }
            try (var consumer = consumer(broker, "g", "group.protocol", protocol)) {
                consumer.subscribe(List.of("t"));
                assertThat(poll(consumer, 500).stream().map(ConsumerRecord::value).collect(Collectors.toSet())).isEqualTo(values(1000, 1500));
            }
        }
    }

    @Test
    void recordsOffsetsAndTopicsSurviveARestart() throws Exception {
        InMemoryMetadataStore store = new InMemoryMetadataStore();
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, store, Map.of("num.partitions", "2"))) {
            try (var producer = producer(broker)) {
                send(producer, "made-on-demand", 0, 200);
            }
            try (var consumer = consumer(broker, "g")) {
                consumer.subscribe(List.of("made-on-demand"));
                assertThat(poll(consumer, 200)).hasSize(200);
                consumer.commitSync();
            }
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, store, Map.of())) {
            try (Admin admin = Admin.create(broker.properties())) {
                Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS);
                assertThat(offsets).hasSize(2);
                assertThat(offsets.values().stream().mapToLong(OffsetAndMetadata::offset).sum()).isEqualTo(200);
            }
            try (var consumer = consumer(broker, "other")) {
                consumer.subscribe(List.of("made-on-demand"));
                Set<String> read = new HashSet<>();
                poll(consumer, 200).forEach(r -> read.add(r.value()));
                assertThat(read).isEqualTo(values(0, 200));
            }
        }
    }

    @Test
    void anIdempotentProducerGoesOnAcrossARestart() throws Exception {
        InMemoryMetadataStore store = new InMemoryMetadataStore();
        EmbeddedBroker first = EmbeddedBroker.start(dir, store, Map.of());
        int port = first.port();
        try (var producer = producer(first, "linger.ms", "0", "reconnect.backoff.max.ms", "100")) {
            send(producer, "t", 0, 100);
            first.close();
            try (EmbeddedBroker second = EmbeddedBroker.start(dir, store, Map.of("listeners", "PLAINTEXT://127.0.0.1:" + port))) {
                List<RecordMetadata> acknowledged = send(producer, "t", 100, 200);
                assertThat(acknowledged.get(99).offset()).isEqualTo(199);
                try (var consumer = consumer(second, "g")) {
                    consumer.subscribe(List.of("t"));
                    assertThat(poll(consumer, 200)).extracting(ConsumerRecord::value)
                            .containsExactlyElementsOf(IntStream.range(0, 200).mapToObj(i -> "v" + i).toList());
                }
            }
        }
    }

    @Test
    void withFlushMessagesOneEverythingAcknowledgedIsOnDisk() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
            try (Admin admin = Admin.create(broker.properties())) {
                admin.createTopics(List.of(new NewTopic("t", 1, (short) 1).configs(Map.of("flush.messages", "1")))).all().get(30, TimeUnit.SECONDS);
            }
            try (var producer = producer(broker)) {
                send(producer, "t", 0, 50);
                assertThat(broker.broker().replicas().partition("t", 0).log().recoveryPoint()).isEqualTo(50);
            }
        }
    }

    @Test
    void nothingOfItIsLeftAfterClosing() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir)) {
            try (var producer = producer(broker)) {
                send(producer, "t", 0, 10);
            }
        }
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("milena-")) {
                thread.join(10_000); // an executor that has terminated is a moment ahead of its last thread
                assertThat(thread.isAlive()).as(thread.getName()).isFalse();
            }
        }
    }
}
