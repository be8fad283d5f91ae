package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** Several log directories, and very many partitions, against the whole broker. */
class ManyLogDirsTest {

    @TempDir
    private Path dir;
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private EmbeddedBroker start() {
        return EmbeddedBroker.start(dir.resolve("data"), store, Map.of("log.dirs", dir.resolve("a") + "," + dir.resolve("b")));
    }

    private static KafkaProducer<String, String> producer(EmbeddedBroker broker) {
        return new KafkaProducer<>(broker.properties("delivery.timeout.ms", "3000", "request.timeout.ms", "1000", "linger.ms", "0",
                "max.block.ms", "3000"), new StringSerializer(), new StringSerializer());
    }

    private static void create(EmbeddedBroker broker, String topic, int partitions) throws Exception {
        try (Admin admin = Admin.create(broker.properties("request.timeout.ms", "300000"))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)), new CreateTopicsOptions().timeoutMs(300_000)).all().get();
        }
    }

    @Test
    void aDirectoryThatIsGoneAtStartTakesOnlyItsPartitionsAlong() throws Exception {
        try (EmbeddedBroker broker = start(); KafkaProducer<String, String> producer = producer(broker)) {
            create(broker, "orders", 6);
            for (int i = 0; i < 6; i++) {
                producer.send(new ProducerRecord<>("orders", i, null, "v" + i)).get();
            }
        }
        List<Integer> inA = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            if (Files.exists(dir.resolve("a/orders-" + i))) {
                inA.add(i);
            }
        }
        assertThat(inA).hasSize(3);
        Files.move(dir.resolve("b"), dir.resolve("away"));
        Files.writeString(dir.resolve("b"), "a file where a directory should be");
        try (EmbeddedBroker broker = start(); KafkaProducer<String, String> producer = producer(broker)) {
            for (int i = 0; i < 6; i++) {
                int partition = i;
                if (inA.contains(i)) {
                    assertThat(producer.send(new ProducerRecord<>("orders", partition, null, "more")).get().offset()).isEqualTo(1);
                } else {
                    assertThatThrownBy(() -> producer.send(new ProducerRecord<>("orders", partition, null, "more")).get())
                            .isInstanceOf(ExecutionException.class);
                }
            }
            create(broker, "new", 2);
            assertThat(producer.send(new ProducerRecord<>("new", 1, null, "first")).get().offset()).isZero();
        }
        Files.delete(dir.resolve("b"));
        Files.move(dir.resolve("away"), dir.resolve("b"));
        try (EmbeddedBroker broker = start(); KafkaProducer<String, String> producer = producer(broker)) {
            for (int i = 0; i < 6; i++) {
                assertThat(producer.send(new ProducerRecord<>("orders", i, null, "last")).get().offset()).isEqualTo(inA.contains(i) ? 2 : 1);
            }
        }
    }

    /** 10,000 partitions in the long run. Prints what they cost; the bound on memory is per partition, and generous. */
    @Test
    void veryManyPartitionsStartAndServe() throws Exception {
        int partitions = Boolean.getBoolean("milena.long") ? 10_000 : 500;
        long created = System.nanoTime();
        try (EmbeddedBroker broker = start(); KafkaProducer<String, String> producer = producer(broker)) {
            create(broker, "many", partitions);
            report("creating " + partitions, created);
            for (int i = 0; i < partitions; i += partitions / 50) {
                producer.send(new ProducerRecord<>("many", i, null, "v")).get();
            }
        }
        long before = usedMemory();
        long opened = System.nanoTime();
        try (EmbeddedBroker broker = start()) {
            report("starting with " + partitions, opened);
            long perPartition = (usedMemory() - before) / partitions;
            System.out.println("heap per partition: " + perPartition + " bytes");
            assertThat(perPartition).isLessThan(16_384);
            try (KafkaProducer<String, String> producer = producer(broker)) {
                assertThat(producer.send(new ProducerRecord<>("many", 0, null, "v")).get().offset()).isEqualTo(1);
                assertThat(producer.send(new ProducerRecord<>("many", partitions - 1, null, "v")).get().offset()).isZero();
            }
        }
    }

    private static void report(String what, long since) {
        System.out.printf("%s partitions took %d ms%n", what, (System.nanoTime() - since) / 1_000_000);
    }

    private static long usedMemory() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
