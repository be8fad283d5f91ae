package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.resource.FileDescriptors;
import org.milena.broker.testing.EmbeddedBroker;

/** Thousands of connections that do nothing, from another process: cheap, bounded, and nobody else's concern. */
class IdleConnectionsTest {

    private static final TopicPartition T = new TopicPartition("t", 0);
    private static final int MANY = 10_000;

    @TempDir
    Path dir;

    private EmbeddedBroker start(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Scene.SHORT_SESSIONS);
        settings.put("milena.log.dir.min.free", "0");
        settings.putAll(more);
        return EmbeddedBroker.start(dir, new InMemoryMetadataStore(), settings);
    }

    /** Records go through, each as the one before did. */
    private static long serve(KafkaProducer<byte[], byte[]> producer, GroupMember member, long next, int records) throws Exception {
        for (int i = 0; i < records; i++, next++) {
            assertThat(Scene.get(Scene.send(producer, T, "v" + next)).offset()).isEqualTo(next);
            long offset = next;
            Scene.await("record " + offset + " is consumed", () -> member.has(T, offset));
        }
        return next;
    }

    private static long heap() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void tenThousandAreHeldInLittleMemoryAndNobodyElseNotices() throws Exception {
        long limit = FileDescriptors.PROCESS.limit();
        Assumptions.assumeTrue(limit < 0 || limit >= 20_000, "skipped: 10,000 connections need a limit of 20,000 file descriptors, not " + limit);
        try (EmbeddedBroker broker = start(Map.of()); IdleClients idle = new IdleClients(); var producer = Scene.producer(broker.port(), "linger.ms", "0")) {
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            try (GroupMember member = Scene.member(broker.port(), "classic")) {
                long next = serve(producer, member, 0, 20);
                Set<TopicPartition> assigned = member.assigned();
                int before = broker.broker().server().connectionCount();
                long heap = heap();
                long direct = broker.broker().server().directMemory();
                long start = System.nanoTime();
                for (int i = 0; i < 10; i++) {
                    assertThat(idle.connect(broker.port(), MANY / 10)).isEqualTo((i + 1) * MANY / 10);
                    next = serve(producer, member, next, 5);
                }
                long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
                assertThat(broker.broker().server().connectionCount()).isGreaterThanOrEqualTo(before + MANY);
                long heapEach = (heap() - heap) / MANY;
                long directEach = (broker.broker().server().directMemory() - direct) / MANY;
                System.out.println("IdleConnectionsTest: " + MANY + " connections in " + tookMs + " ms; each costs " + heapEach + " bytes of heap and "
                        + directEach + " of direct memory");
                assertThat(heapEach).as("heap for each connection").isLessThan(16 * 1024);
                assertThat(directEach).as("direct memory for each connection").isLessThan(4 * 1024);
                serve(producer, member, next, 20);
                assertThat(idle.open()).isEqualTo(MANY);
                assertThat(member.taken()).as("partitions taken from the member").isZero();
                assertThat(member.assigned()).isEqualTo(assigned);
                idle.close();
                Scene.await("the broker lets go of them", () -> broker.broker().server().connectionCount() <= before);
            }
        }
    }

    @Test
    void idleOnesAreClosedAfterTheirTimeAndActiveOnesAreNot() throws Exception {
        int count = Scene.count(500, MANY);
        int maxIdleMs = Scene.count(3_000, 20_000);
        try (EmbeddedBroker broker = start(Map.of("connections.max.idle.ms", String.valueOf(maxIdleMs))); IdleClients idle = new IdleClients();
             var producer = Scene.producer(broker.port(), "linger.ms", "0")) {
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            try (GroupMember member = Scene.member(broker.port(), "classic")) {
                long start = System.nanoTime();
                idle.connect(broker.port(), count);
                long next = 0;
                while (idle.open() > 0) {
                    assertThat(System.nanoTime() - start).as("they stay open").isLessThan(TimeUnit.SECONDS.toNanos(Scene.PATIENCE_S));
                    next = serve(producer, member, next, 10);
                }
                assertThat(System.nanoTime() - start).as("closed too soon").isGreaterThan(TimeUnit.MILLISECONDS.toNanos(maxIdleMs));
                serve(producer, member, next, 1);
                assertThat(member.taken()).isZero();
            }
        }
    }

    @Test
    void beyondMaxConnectionsTheyAreRefusedUntilOthersLeave() throws Exception {
        try (EmbeddedBroker broker = start(Map.of("max.connections", "300")); IdleClients idle = new IdleClients();
             IdleClients later = new IdleClients(); var producer = Scene.producer(broker.port(), "linger.ms", "0")) {
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            assertThat(Scene.get(Scene.send(producer, T, "0")).offset()).isZero();
            assertThat(idle.connect(broker.port(), 500)).isBetween(250, 300);
            assertThat(broker.broker().server().connectionCount()).isEqualTo(300);
            assertThat(later.connect(broker.port(), 10)).isZero();
            assertThat(Scene.get(Scene.send(producer, T, "1")).offset()).isEqualTo(1);
            idle.close();
            Scene.await("others may come", () -> later.connect(broker.port(), 10) > 0);
        }
    }

    /** The logs' share of the descriptors is not touched: each of many segments is opened while connections are refused. */
    @Test
    void nearTheLimitOfDescriptorsConnectionsAreRefusedAndLogWritesNever() throws Exception {
        int descriptors = 1_000;
        int partitions = 400;
        try (ForkedBroker broker = new ForkedBroker(dir, List.of("-Xmx256m"), Map.of("milena.log.dir.min.free", "0")).withDescriptors(descriptors).start();
             IdleClients idle = new IdleClients(); IdleClients later = new IdleClients()) {
            broker.awaitServing();
            Scene.createTopic(broker.port(), "t", partitions, Map.of());
            try (var producer = Scene.producer(broker.port(), "linger.ms", "0")) {
                send(producer, partitions, 0);
                int open = idle.connect(broker.port(), 2 * descriptors);
                assertThat(open).isBetween(descriptors / 4, descriptors);
                for (int round = 1; round <= 3; round++) {
                    send(producer, partitions, round);
                }
                assertThat(later.connect(broker.port(), 20)).isLessThan(20);
                assertThat(broker.descriptors()).isLessThan(descriptors);
                assertThat(idle.open()).isEqualTo(open);
                idle.close();
                Scene.await("new connections are welcome again", () -> later.connect(broker.port(), 20) >= 20);
            }
            assertThat(Scene.readAll(broker.port(), new TopicPartition("t", partitions - 1))).hasSize(4);
            Scene.await("the log says it", () -> broker.output().stream().anyMatch(line -> line.contains("New connections are refused: ")));
            assertThat(broker.output()).noneMatch(line -> line.contains("Too many open files") || line.startsWith("SEVERE"));
        }
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, int partitions, long offset) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            sent.add(Scene.send(producer, new TopicPartition("t", i), "v"));
        }
        for (Future<RecordMetadata> future : sent) {
            assertThat(Scene.get(future).offset()).isEqualTo(offset);
        }
    }
}
