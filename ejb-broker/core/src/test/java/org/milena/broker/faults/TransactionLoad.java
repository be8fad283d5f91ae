package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
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
 * Writers whose transactions spread numbered records over the partitions of topic {@code in}, some aborted; and a group of copiers that
 * read what is committed and write it to the same partition of {@code out}, with their offsets, in transactions of their own. Whoever
 * meets an error closes its clients and begins anew with the same transactional id; some die by themselves while they commit. They go
 * on for as long as they are let, whatever happens to the broker.
 */
public final class TransactionLoad implements AutoCloseable {

    public static final String IN = "in";
    public static final String OUT = "out";
    private static final String GROUP = "copiers";

    private enum Outcome { ABORTED, UNKNOWN, COMMITTED }

    /** Until its commit is asked for, a transaction can only end aborted. */
    private static final class Transaction {
        private final String name;
        private final int size;
        private volatile Outcome outcome = Outcome.ABORTED;

        Transaction(String name, int size) {
            this.name = name;
            this.size = size;
        }
    }

    private interface Life {
        /** Until an error or the end. */
        void live(KafkaProducer<byte[], byte[]> producer) throws InterruptedException;
    }

    private final int port;
    private final int partitions;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Throwable> error = new AtomicReference<>();
    private final Queue<Transaction> transactions = new ConcurrentLinkedQueue<>();
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong copied = new AtomicLong();
    private final AtomicLong restarts = new AtomicLong();
    private volatile boolean stopping;

    /** The topics exist. */
    public TransactionLoad(int port, int partitions, int writers, int copiers, long seed) {
        this.port = port;
        this.partitions = partitions;
        for (int i = 0; i < writers; i++) {
            String id = "w" + i;
            Random random = new Random(seed + i);
            AtomicLong next = new AtomicLong();
            start(id, producer -> write(id, next, producer, random));
        }
        for (int i = 0; i < copiers; i++) {
            Random random = new Random(seed - 1 - i);
            start("c" + i, producer -> copy(producer, random));
        }
    }

    private void start(String id, Life life) {
        Thread thread = new Thread(() -> {
            try {
                liveAgainAndAgain(id, life);
            } catch (Throwable e) {
                error.compareAndSet(null, e);
            }
        }, id);
        threads.add(thread);
        thread.start();
    }

    /** The last life only begins, so that what the one before left open is aborted. */
    private void liveAgainAndAgain(String id, Life life) throws InterruptedException {
        for (boolean over = false; !over && error.get() == null; restarts.incrementAndGet()) {
            KafkaProducer<byte[], byte[]> producer = Scene.producer(port, "transactional.id", id, "linger.ms", "1", "max.block.ms", "10000",
                    "request.timeout.ms", "5000", "delivery.timeout.ms", "20000");
            try {
                over = stopping;
                producer.initTransactions();
                life.live(producer);
                over = true;
            } catch (KafkaException e) {
                over = false; // the next one finds out
            } finally {
                producer.close(Duration.ZERO);
            }
        }
    }

    private void write(String id, AtomicLong next, KafkaProducer<byte[], byte[]> producer, Random random) {
        while (!stopping) {
            Transaction transaction = new Transaction(id + ":" + next.getAndIncrement(), 1 + random.nextInt(8));
            transactions.add(transaction);
            producer.beginTransaction();
            for (int i = 0; i < transaction.size; i++) {
                byte[] value = (transaction.name + ":" + i + ":" + "x".repeat(random.nextInt(200))).getBytes();
                producer.send(new ProducerRecord<>(IN, random.nextInt(partitions), null, value));
            }
            if (random.nextInt(4) > 0) {
                transaction.outcome = Outcome.UNKNOWN;
                commit(producer, random);
                transaction.outcome = Outcome.COMMITTED;
                committed.incrementAndGet();
            } else {
                if (random.nextBoolean()) {
                    producer.flush();
                }
                producer.abortTransaction();
            }
        }
    }

    /** Sometimes asks for the commit and dies before the answer: the next life's first request races with it. */
    private static void commit(KafkaProducer<byte[], byte[]> producer, Random random) {
        if (random.nextInt(30) == 0) {
            Thread.currentThread().interrupt();
        }
        try {
            producer.commitTransaction();
        } finally {
            Thread.interrupted();
        }
    }

    private void copy(KafkaProducer<byte[], byte[]> producer, Random random) {
        try (KafkaConsumer<byte[], byte[]> consumer = Scene.consumer(port, "group.id", GROUP, "isolation.level", "read_committed",
                "max.poll.records", "50", "session.timeout.ms", "6000", "heartbeat.interval.ms", "300", "default.api.timeout.ms", "5000",
                "fetch.max.wait.ms", "50")) {
            consumer.subscribe(List.of(IN));
            while (!stopping) {
                Map<TopicPartition, OffsetAndMetadata> starts = new HashMap<>();
                Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
                var records = consumer.poll(Duration.ofMillis(100));
                if (records.isEmpty()) {
                    continue;
                }
                producer.beginTransaction();
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    TopicPartition partition = new TopicPartition(IN, record.partition());
                    producer.send(new ProducerRecord<>(OUT, record.partition(), null, record.value()));
                    starts.putIfAbsent(partition, new OffsetAndMetadata(record.offset()));
                    ends.put(partition, new OffsetAndMetadata(record.offset() + 1));
                }
                producer.sendOffsetsToTransaction(ends, consumer.groupMetadata());
                if (random.nextInt(8) > 0) {
                    commit(producer, random);
                    copied.addAndGet(records.count());
                } else {
                    producer.abortTransaction();
                    starts.forEach(consumer::seek);
                }
            }
        }
    }

    /** Waits until transactions of writers and of copiers have been committed since now. */
    public void awaitProgress() throws Exception {
        long written = committed.get() + 20;
        long read = copied.get() + 20;
        Scene.await("new committed transactions", () -> {
            check();
            return committed.get() > written && copied.get() > read;
        });
    }

    private void check() {
        if (error.get() != null) {
            throw new AssertionError("The load failed", error.get());
        }
    }

    /** Stops everybody, at whatever they have come to; no transaction is open afterwards. */
    public void finish() throws InterruptedException {
        stopping = true;
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(2 * Scene.PATIENCE_S));
            assertThat(thread.isAlive()).as(thread.getName() + " still waits").isFalse();
        }
        check();
    }

    /**
     * Every committed transaction is there as a whole, each record once, in its writer's order; none that was aborted; one whose commit
     * was not answered is there as a whole or not at all. The output is exactly what lies before the group's offsets.
     */
    public void verify() throws Exception {
        Map<String, Integer> found = new HashMap<>();
        try (Admin admin = Admin.create(Scene.properties(port))) {
            Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata()
                    .get(Scene.PATIENCE_S, TimeUnit.SECONDS);
            for (int i = 0; i < partitions; i++) {
                List<ConsumerRecord<byte[], byte[]>> in = readCommitted(new TopicPartition(IN, i));
                in.forEach(record -> found.merge(transactionOf(record), 1, Integer::sum));
                verifyOrder(in);
                OffsetAndMetadata end = offsets.get(new TopicPartition(IN, i));
                List<String> before = in.stream().filter(record -> end != null && record.offset() < end.offset())
                        .map(record -> new String(record.value())).toList();
                assertThat(readCommitted(new TopicPartition(OUT, i)).stream().map(record -> new String(record.value())).toList())
                        .as("what was copied of partition " + i + " up to the group's offset " + end).isEqualTo(before);
            }
        }
        for (Transaction transaction : transactions) {
            int records = found.getOrDefault(transaction.name, 0);
            String as = transaction.outcome + " transaction " + transaction.name + " of " + transaction.size + " records";
            switch (transaction.outcome) {
                case COMMITTED -> assertThat(records).as(as).isEqualTo(transaction.size);
                case ABORTED -> assertThat(records).as(as).isZero();
                case UNKNOWN -> assertThat(records).as(as).isIn(0, transaction.size);
            }
        }
    }

    private static String transactionOf(ConsumerRecord<byte[], byte[]> record) {
        String[] parts = new String(record.value()).split(":");
        return parts[0] + ":" + parts[1];
    }

    /** By writer, number of the transaction and number in it, growing: none twice. */
    private static void verifyOrder(List<ConsumerRecord<byte[], byte[]>> records) {
        Map<String, Long> last = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
            String[] parts = new String(record.value()).split(":");
            long number = Long.parseLong(parts[1]) * 1000 + Long.parseLong(parts[2]);
            Long before = last.put(parts[0], number);
            assertThat(number).as("order of " + parts[0] + " at " + record.topic() + "-" + record.partition() + "@" + record.offset())
                    .isGreaterThan(before == null ? -1 : before);
        }
    }

    /** Up to the log's end: the load is over, so nothing may hold a reader of committed records back. */
    private List<ConsumerRecord<byte[], byte[]>> readCommitted(TopicPartition partition) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = Scene.consumer(port, "isolation.level", "read_committed");
             KafkaConsumer<byte[], byte[]> all = Scene.consumer(port)) {
            long end = all.endOffsets(List.of(partition), Duration.ofSeconds(Scene.PATIENCE_S)).get(partition);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            Scene.await("the last stable offset of " + partition + " is its end " + end, () -> {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
                return consumer.position(partition) >= end;
            });
            return records;
        }
    }

    @Override
    public String toString() {
        Map<Outcome, Integer> outcomes = new HashMap<>();
        transactions.forEach(transaction -> outcomes.merge(transaction.outcome, 1, Integer::sum));
        return "transactions of writers " + outcomes + ", " + copied + " records copied, clients begun " + restarts + " times";
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
