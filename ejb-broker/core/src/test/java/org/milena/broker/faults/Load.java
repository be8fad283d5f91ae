package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Idempotent producers with acks=all that number their records by partition and note every acknowledgement, and a committer that
 * notes every acknowledged commit. They go on for as long as they are let, whatever happens to the broker.
 */
public final class Load implements AutoCloseable {

    private static final int IN_FLIGHT = 500;

    private final int port;
    private final String topic;
    private final int partitions;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Throwable> error = new AtomicReference<>();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong commits = new AtomicLong();
    /** Value → the offset that was acknowledged, by partition. */
    private final List<Map<String, Long>> acks = new ArrayList<>();
    private final Set<String> sent = ConcurrentHashMap.newKeySet();
    private final long[] committed;
    private final long[] tried;
    private volatile boolean stopping;

    public Load(int port, String topic, int partitions, int producers) {
        this.port = port;
        this.topic = topic;
        this.partitions = partitions;
        this.committed = new long[partitions];
        this.tried = new long[partitions];
        for (int i = 0; i < partitions; i++) {
            acks.add(new ConcurrentHashMap<>());
        }
        for (int i = 0; i < producers; i++) {
            String name = "p" + i;
            threads.add(new Thread(() -> guarded(() -> produce(name)), name));
        }
        threads.add(new Thread(() -> guarded(this::commit), "committer"));
        threads.forEach(Thread::start);
    }

    private interface Body {
        void run() throws Exception;
    }

    private void guarded(Body body) {
        try {
            body.run();
        } catch (Throwable e) {
            error.compareAndSet(null, e);
        }
    }

    private void produce(String name) throws InterruptedException {
        Semaphore free = new Semaphore(IN_FLIGHT);
        try (KafkaProducer<byte[], byte[]> producer = Scene.producer(port, "acks", "all", "enable.idempotence", "true", "linger.ms", "1",
                "delivery.timeout.ms", "600000", "request.timeout.ms", "10000", "max.block.ms", "600000")) {
            for (int n = 0; !stopping && error.get() == null; n++) {
                free.acquire();
                int partition = n % partitions;
                String value = name + ":" + n + ":" + "x".repeat(n % 512);
                sent.add(value);
                producer.send(new ProducerRecord<>(topic, partition, null, value.getBytes()), (metadata, e) -> {
                    if (e != null) {
                        error.compareAndSet(null, new AssertionError("The send of " + value + " failed", e));
                    } else {
                        acks.get(partition).put(value, metadata.offset());
                        acknowledged.incrementAndGet();
                    }
                    free.release();
                });
            }
        } // closing waits for what is under way
    }

    /** Commits offsets that only grow; after an unknown outcome the next commit decides. */
    private void commit() {
        try (KafkaConsumer<byte[], byte[]> consumer = Scene.consumer(port, "group.id", "committer", "default.api.timeout.ms", "5000")) {
            List<TopicPartition> all = new ArrayList<>();
            for (int i = 0; i < partitions; i++) {
                all.add(new TopicPartition(topic, i));
            }
            consumer.assign(all);
            for (long n = 1; !stopping && error.get() == null; n++) {
                int partition = (int) (n % partitions);
                tried[partition] = n;
                try {
                    consumer.commitSync(Map.of(all.get(partition), new OffsetAndMetadata(n)));
                    committed[partition] = n;
                    commits.incrementAndGet();
                } catch (KafkaException e) {
                    // the outcome is open
                }
            }
        }
    }

    public long acknowledged() {
        return acknowledged.get();
    }

    public long commits() {
        return commits.get();
    }

    /** Waits until records and a commit have been acknowledged since now. */
    public void awaitProgress() throws Exception {
        long records = acknowledged() + 100;
        long before = commits() + 1;
        Scene.await("new acknowledgements", () -> {
            check();
            return acknowledged() > records && commits() > before;
        });
    }

    private void check() {
        if (error.get() != null) {
            throw new AssertionError("The load failed", error.get());
        }
    }

    /** Stops sending and waits for every acknowledgement. */
    public void finish() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(2 * Scene.PATIENCE_S));
            assertThat(thread.isAlive()).as(thread.getName() + " still waits").isFalse();
        }
        check();
    }

    /** Every acknowledged record once, in order by producer, at its offset; every acknowledged commit. */
    public void verify() throws Exception {
        for (int i = 0; i < partitions; i++) {
            verify(i);
        }
        try (Admin admin = Admin.create(Scene.properties(port))) {
            Map<TopicPartition, OffsetAndMetadata> stored = admin.listConsumerGroupOffsets("committer").partitionsToOffsetAndMetadata()
                    .get(Scene.PATIENCE_S, TimeUnit.SECONDS);
            for (int i = 0; i < partitions; i++) {
                assertThat(stored.get(new TopicPartition(topic, i)).offset()).as("committed offset of partition " + i)
                        .isBetween(committed[i], tried[i]);
            }
        }
    }

    private void verify(int partition) {
        Map<String, Long> expected = new HashMap<>(acks.get(partition));
        Map<String, Integer> lastOfProducer = new HashMap<>();
        Set<String> seen = new HashSet<>();
        long next = 0;
        for (ConsumerRecord<byte[], byte[]> record : Scene.readAll(port, new TopicPartition(topic, partition))) {
            String value = new String(record.value());
            assertThat(record.offset()).as("offsets are dense").isEqualTo(next++);
            assertThat(seen.add(value)).as(value + " is there once").isTrue();
            assertThat(sent.contains(value)).as("somebody sent " + value).isTrue();
            Long offset = expected.remove(value);
            if (offset != null) {
                assertThat(record.offset()).as("offset of " + value).isEqualTo(offset);
            }
            String[] parts = value.split(":");
            int number = Integer.parseInt(parts[1]);
            assertThat(number).as("order of " + parts[0]).isGreaterThan(lastOfProducer.getOrDefault(parts[0], -1));
            lastOfProducer.put(parts[0], number);
        }
        assertThat(expected).as("acknowledged records of partition " + partition + " that are lost").isEmpty();
    }

    @Override
    public void close() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join(Duration.ofSeconds(30).toMillis());
        }
    }
}
