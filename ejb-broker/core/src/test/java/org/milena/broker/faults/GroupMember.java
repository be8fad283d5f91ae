package org.milena.broker.faults;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

/** A member of a consumer group on a thread of its own: polls without end, and notes what it got and what happened to its assignment. */
final class GroupMember implements AutoCloseable {

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread thread;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicReference<Throwable> error = new AtomicReference<>();
    private final AtomicReference<Map<TopicPartition, OffsetAndMetadata>> toCommit = new AtomicReference<>();
    private final AtomicReference<Throwable> commitError = new AtomicReference<>();
    private final AtomicInteger commitsDone = new AtomicInteger();
    private volatile Set<TopicPartition> assigned = Set.of();
    private volatile boolean stopped;
    final Map<TopicPartition, ConcurrentSkipListSet<Long>> offsets = new ConcurrentHashMap<>();

    GroupMember(int port, String topic, String... config) {
        consumer = Scene.consumer(port, config);
        thread = new Thread(() -> run(topic), "member");
        thread.start();
    }

    private void run(String topic) {
        try {
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                    taken.addAndGet(partitions.size());
                    assigned = Set.copyOf(consumer.assignment());
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                    assigned = Set.copyOf(consumer.assignment());
                }
            });
            while (!stopped) {
                consumer.poll(Duration.ofMillis(100)).forEach(r ->
                        offsets.computeIfAbsent(new TopicPartition(r.topic(), r.partition()), p -> new ConcurrentSkipListSet<>()).add(r.offset()));
                Map<TopicPartition, OffsetAndMetadata> commit = toCommit.getAndSet(null);
                if (commit != null) {
                    consumer.commitAsync(commit, (committed, e) -> {
                        commitError.set(e);
                        commitsDone.incrementAndGet();
                    });
                }
            }
        } catch (WakeupException e) {
            // closing
        } catch (Throwable e) {
            error.set(e);
        }
    }

    void commit(Map<TopicPartition, OffsetAndMetadata> commit) {
        toCommit.set(commit);
    }

    int commitsDone() {
        return commitsDone.get();
    }

    Throwable commitError() {
        return commitError.get();
    }

    Set<TopicPartition> assigned() {
        return assigned;
    }

    /** Partitions that were ever taken from it. */
    int taken() {
        return taken.get();
    }

    boolean has(TopicPartition partition, long offset) {
        Throwable e = error.get();
        if (e != null) {
            throw new AssertionError("The member failed", e);
        }
        return offsets.getOrDefault(partition, new ConcurrentSkipListSet<>()).contains(offset);
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        consumer.wakeup();
        thread.join();
        consumer.close();
    }
}
