package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DeleteTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** Thousands of partitions: 10,000 in the long tests. Times are printed, for people; nothing depends on them. */
class ManyPartitionsTest {

    private static final int PARTITIONS = Scene.count(1_500, 10_000);
    private static final int TOPICS = Scene.count(200, 10_000);
    private static final int PER_TOPIC = 50;
    private static final int DESCRIPTORS = Scene.count(1_200, 6_000);

    @TempDir
    Path dir;

    private static <T> T timed(String what, Callable<T> work) throws Exception {
        long start = System.nanoTime();
        T result = work.call();
        System.out.println("ManyPartitionsTest: " + what + ": " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) + " ms");
        return result;
    }

    private static void create(Admin admin, int topics, int partitions) throws Exception {
        List<NewTopic> all = new ArrayList<>();
        for (int i = 0; i < topics; i++) {
            all.add(new NewTopic("t" + i, partitions, (short) 1));
        }
        timed(topics + " topics with " + partitions + " partition(s) each created by one request", () ->
                admin.createTopics(all, new CreateTopicsOptions().timeoutMs(600_000)).all().get(600, TimeUnit.SECONDS));
    }

    private static Admin admin(int port) {
        return Admin.create(Scene.properties(port, "request.timeout.ms", "600000", "default.api.timeout.ms", "600000"));
    }

    @Test
    void manyTopicsAreCreatedDescribedAndDeletedByOneRequestEach() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("milena.log.dir.min.free", "0",
                "log.dirs", dir.resolve("a") + "," + dir.resolve("b"))); Admin admin = admin(broker.port())) {
            create(admin, TOPICS, 1);
            Collection<String> names = timed("Metadata of all", () -> admin.listTopics().names().get(600, TimeUnit.SECONDS));
            assertThat(names).hasSize(TOPICS);
            Map<Path, Integer> places = new HashMap<>();
            broker.broker().replicas().partitions().forEach(p -> places.merge(p.log().directory().path(), 1, Integer::sum));
            // Evenly, but for logs that are counted twice while they are being made: one a directory.
            assertThat(places.getOrDefault(dir.resolve("a"), 0)).isBetween(TOPICS / 2 - 2, TOPICS / 2 + 2);
            assertThat(places.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(TOPICS);
            timed("all deleted by one request", () -> admin.deleteTopics(names, new DeleteTopicsOptions()
                    .timeoutMs(600_000)).all().get(600, TimeUnit.SECONDS));
            assertThat(admin.listTopics().names().get(600, TimeUnit.SECONDS)).isEmpty();
            assertThat(broker.broker().replicas().partitions()).isEmpty();
        }
    }

    /** With far fewer descriptors than segment files; after a clean stop and after kill -9. */
    @Test
    void theyServeWithinTheDescriptorsThereAreAndAfterACleanStopAndAKill() throws Exception {
        Assumptions.assumeTrue(Path.of("/proc/self/fd").toFile().isDirectory(), "skipped: no /proc to count descriptors in");
        List<TopicPartition> all = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            all.add(new TopicPartition("t" + i / PER_TOPIC, i % PER_TOPIC));
        }
        try (ForkedBroker broker = new ForkedBroker(dir, List.of("-Xmx512m", "-XX:MaxDirectMemorySize=256m"), Map.of("milena.log.dir.min.free", "0"))
                .withDescriptors(DESCRIPTORS).start()) {
            broker.awaitServing();
            try (Admin admin = admin(broker.port())) {
                create(admin, PARTITIONS / PER_TOPIC, PER_TOPIC);
            }
            serve(broker, all, 0);
            timed("clean stop", () -> {
                broker.stop();
                return null;
            });
            restart(broker, "start after a clean stop");
            serve(broker, all, 1);
            broker.kill();
            restart(broker, "start after kill -9");
            serve(broker, all, 2);
            assertThat(broker.output()).noneMatch(line -> line.contains("Too many open files") || line.contains("OutOfMemory") || line.startsWith("SEVERE"));
        }
    }

    private static void restart(ForkedBroker broker, String what) throws Exception {
        timed(what, () -> {
            broker.start().awaitServing();
            return null;
        });
    }

    /** One more record for every partition; then every partition is read from its start. */
    private static void serve(ForkedBroker broker, List<TopicPartition> all, long offset) throws Exception {
        try (var producer = Scene.producer(broker.port(), "delivery.timeout.ms", "120000")) {
            timed("a record for each of " + all.size() + " partitions", () -> {
                List<Future<RecordMetadata>> sent = new ArrayList<>();
                for (TopicPartition partition : all) {
                    sent.add(Scene.send(producer, partition, partition + "@" + offset));
                }
                for (Future<RecordMetadata> future : sent) {
                    assertThat(Scene.get(future).offset()).isEqualTo(offset);
                }
                return null;
            });
        }
        try (KafkaConsumer<byte[], byte[]> consumer = Scene.consumer(broker.port(), "fetch.max.wait.ms", "100", "max.poll.records", "10000")) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> next = new HashMap<>();
            timed("all read from the start by one consumer", () -> {
                Scene.await("every record of every partition", () -> {
                    consumer.poll(Duration.ofMillis(100)).forEach(r -> {
                        TopicPartition partition = new TopicPartition(r.topic(), r.partition());
                        assertThat(new String(r.value())).isEqualTo(partition + "@" + r.offset());
                        assertThat(next.merge(partition, 1L, Long::sum)).isEqualTo(r.offset() + 1);
                    });
                    return next.size() == all.size() && next.values().stream().allMatch(n -> n == offset + 1);
                });
                return null;
            });
        }
        assertThat(broker.descriptors()).as("open descriptors").isBetween(1, DESCRIPTORS - 1);
    }
}
