package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** A power cut kept the records of an open transaction and took the coordinator's log: Kafka's clients go on all the same. */
@Timeout(120)
class LostTransactionStateTest {

    private static final TopicPartition T = new TopicPartition("t", 0);

    @TempDir
    Path dir;

    private static void send(EmbeddedBroker broker, String value) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(broker.properties(), new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>("t", 0, null, value)).get(30, TimeUnit.SECONDS);
        }
    }

    private void loseTransactionState() throws IOException {
        try (Stream<Path> files = Files.walk(dir)) {
            List<Path> lost = files.filter(file -> file.toString().contains("__transaction_state-")).sorted(Comparator.reverseOrder()).toList();
            assertThat(lost).isNotEmpty();
            for (Path file : lost) {
                Files.delete(file);
            }
        }
    }

    @Test
    void readersAndGroupsGoOn() throws Exception {
        InMemoryMetadataStore store = new InMemoryMetadataStore();
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, store, Map.of())) {
            KafkaProducer<String, String> producer = new KafkaProducer<>(broker.properties("transactional.id", "id"), new StringSerializer(),
                    new StringSerializer());
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("t", 0, null, "hangs")).get(30, TimeUnit.SECONDS);
            producer.sendOffsetsToTransaction(Map.of(T, new OffsetAndMetadata(7)), new ConsumerGroupMetadata("g"));
            broker.close();
            producer.close(Duration.ZERO);
        }
        loseTransactionState();
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, store, Map.of());
                KafkaConsumer<String, String> consumer = new KafkaConsumer<>(broker.properties("isolation.level", "read_committed", "group.id", "g",
                        "auto.offset.reset", "earliest", "enable.auto.commit", "false"), new StringDeserializer(), new StringDeserializer())) {
            send(broker, "next");
            consumer.assign(List.of(T));
            assertThat(consumer.committed(java.util.Set.of(T), Duration.ofSeconds(60)).get(T)).as("its offset does not count").isNull();
            var records = consumer.poll(Duration.ofSeconds(60));
            assertThat(records).extracting(record -> record.value()).containsExactly("next");
        }
    }
}
