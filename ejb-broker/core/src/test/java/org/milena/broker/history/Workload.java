package org.milena.broker.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
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
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.LongSerializer;

/**
 * Clients of one topic, each a transactional producer and a member of one group. A transaction sends a few numbers to random partitions
 * and consumes what a poll brought; some are aborted. Members leave and come back, so that the group rebalances all the time; who meets
 * an error begins anew with the same transactional id. Everything they do and see becomes a {@link History}.
 */
public final class Workload implements AutoCloseable {

    private final String group;

    private final Map<String, Object> cluster;
    private final String topic;
    private final int partitions;
    private final Map<String, Object> member;
    private final Duration patience;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<Throwable> error = new AtomicReference<>();
    private final AtomicLong value = new AtomicLong();
    private final AtomicLong committed = new AtomicLong();
    private final AtomicLong consumed = new AtomicLong();
    private final AtomicLong lives = new AtomicLong();
    private final Queue<Transaction> transactions = new ConcurrentLinkedQueue<>();
    private final Queue<Read> acknowledged = new ConcurrentLinkedQueue<>();
    private final Queue<List<Read>> sessions = new ConcurrentLinkedQueue<>();
    private volatile boolean stopping;

    /**
     * @param topic    exists, is empty
     * @param protocol of the group: {@code classic} or {@code consumer}
     * @param sessionMs of a member of a classic group
     * @param patience until what must come has come
     */
    public Workload(String bootstrap, String topic, int partitions, int clients, String protocol, int sessionMs, Duration patience,
                    long seed) {
        this.cluster = Map.of("bootstrap.servers", bootstrap, "reconnect.backoff.max.ms", 200, "retry.backoff.max.ms", 200,
                "request.timeout.ms", 5000);
        this.topic = topic;
        this.group = topic + "-readers";
        this.partitions = partitions;
        this.member = protocol.equals("consumer") ? Map.of("group.protocol", "consumer")
                : Map.of("group.protocol", "classic", "session.timeout.ms", sessionMs, "heartbeat.interval.ms", 300);
        this.patience = patience;
        for (int i = 0; i < clients; i++) {
            String id = "c" + i;
            Random random = new Random(seed + i);
            Thread thread = new Thread(() -> liveAgainAndAgain(id, random), id);
            threads.add(thread);
            thread.start();
        }
    }

    /** The last life only begins, so that what the one before left open is aborted. */
    private void liveAgainAndAgain(String id, Random random) {
        try {
            for (boolean over = false; !over && error.get() == null; lives.incrementAndGet()) {
                over = stopping;
                KafkaProducer<byte[], Long> producer = producer(id);
                try (KafkaConsumer<byte[], Long> consumer = consumer(group)) {
                    producer.initTransactions();
                    live(id, producer, consumer, random);
                } catch (KafkaException e) {
                    over = false; // the next one finds out
                } finally {
                    producer.close(Duration.ZERO);
                }
            }
        } catch (Throwable e) {
            error.compareAndSet(null, e);
        }
    }

    private KafkaProducer<byte[], Long> producer(String id) {
        Map<String, Object> configs = new HashMap<>(cluster);
        configs.putAll(Map.of("transactional.id", id, "linger.ms", 1, "max.block.ms", 20_000, "delivery.timeout.ms", 20_000));
        return new KafkaProducer<>(configs, new ByteArraySerializer(), new LongSerializer());
    }

    private KafkaConsumer<byte[], Long> consumer(String group) {
        Map<String, Object> configs = new HashMap<>(cluster);
        configs.putAll(member);
        configs.putAll(Map.of("group.id", group, "isolation.level", "read_committed", "enable.auto.commit", false, "auto.offset.reset", "earliest",
                "max.poll.records", 30, "default.api.timeout.ms", 10_000, "fetch.max.wait.ms", 50));
        return new KafkaConsumer<>(configs, new ByteArrayDeserializer(), new LongDeserializer());
    }

    private void live(String id, KafkaProducer<byte[], Long> producer, KafkaConsumer<byte[], Long> consumer, Random random) {
        Map<Integer, List<Read>> open = new HashMap<>();
        consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                revoked.forEach(partition -> open.remove(partition.partition()));
            }

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                assigned.forEach(partition -> open.remove(partition.partition()));
            }
        });
        for (int left = 5 + random.nextInt(60); left > 0 && !stopping; left--) {
            Transaction transaction = new Transaction(id);
            transactions.add(transaction);
            producer.beginTransaction();
            send(transaction, producer, random);
            consume(transaction, producer, consumer, open);
            if (random.nextInt(5) > 0) {
                transaction.ended(Transaction.Outcome.UNKNOWN);
                commit(producer, random);
                transaction.ended(Transaction.Outcome.COMMITTED);
                committed.incrementAndGet();
                consumed.addAndGet(transaction.consumed.size());
            } else {
                if (random.nextBoolean()) {
                    producer.flush();
                }
                producer.abortTransaction();
                rewind(transaction, consumer, open);
            }
        }
    }

    /** Sometimes asks for the commit and dies before the answer: the next life's first request races with it. */
    private static void commit(KafkaProducer<byte[], Long> producer, Random random) {
        if (random.nextInt(30) == 0) {
            Thread.currentThread().interrupt();
        }
        try {
            producer.commitTransaction();
        } finally {
            Thread.interrupted();
        }
    }

    private void send(Transaction transaction, KafkaProducer<byte[], Long> producer, Random random) {
        for (int i = random.nextInt(6); i >= 0; i--) {
            Transaction.Send send = new Transaction.Send(random.nextInt(partitions), value.getAndIncrement());
            transaction.sends.add(send);
            producer.send(new ProducerRecord<>(topic, send.partition(), null, send.value()), (metadata, failure) -> {
                if (failure == null) {
                    acknowledged.add(new Read(metadata.partition(), metadata.offset(), send.value()));
                }
            });
        }
    }

    private void consume(Transaction transaction, KafkaProducer<byte[], Long> producer, KafkaConsumer<byte[], Long> consumer,
                         Map<Integer, List<Read>> open) {
        ConsumerRecords<byte[], Long> records = consumer.poll(Duration.ofMillis(50));
        Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
        for (ConsumerRecord<byte[], Long> record : records) {
            Read read = new Read(record.partition(), record.offset(), record.value());
            transaction.consumed.add(read);
            open.computeIfAbsent(read.partition(), p -> {
                List<Read> session = new ArrayList<>();
                sessions.add(session);
                return session;
            }).add(read);
            ends.put(new TopicPartition(topic, read.partition()), new OffsetAndMetadata(read.offset() + 1));
        }
        if (!ends.isEmpty()) {
            producer.sendOffsetsToTransaction(ends, consumer.groupMetadata());
        }
    }

    /** What was consumed in vain is read again. */
    private void rewind(Transaction transaction, KafkaConsumer<byte[], Long> consumer, Map<Integer, List<Read>> open) {
        Map<Integer, Long> firsts = new HashMap<>();
        transaction.consumed.forEach(read -> firsts.merge(read.partition(), read.offset(), Math::min));
        firsts.forEach((partition, first) -> {
            open.remove(partition);
            consumer.seek(new TopicPartition(topic, partition), first);
        });
    }

    /** Waits for so many more transactions and records consumed in them. */
    public void awaitProgress(long more) throws InterruptedException {
        long ended = committed.get() + more;
        long read = consumed.get() + more;
        long deadline = System.nanoTime() + patience.toNanos();
        while (committed.get() < ended || consumed.get() < read) {
            check();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("No " + more + " transactions were committed and " + more + " records consumed in " + patience + ": " + this);
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private void check() {
        if (error.get() != null) {
            throw new AssertionError("The load failed", error.get());
        }
    }

    /** Stops everybody at whatever they have come to, no transaction is open afterwards, and reads what is left. */
    public History finish() throws Exception {
        stopping = true;
        for (Thread thread : threads) {
            thread.join(patience.toMillis());
            if (thread.isAlive()) {
                throw new AssertionError(thread.getName() + " still waits");
            }
        }
        check();
        Map<Integer, Long> offsets = new HashMap<>();
        try (Admin admin = Admin.create(cluster)) {
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get(patience.toSeconds(), TimeUnit.SECONDS)
                    .forEach((partition, offset) -> offsets.put(partition.partition(), offset.offset()));
        }
        Map<Integer, List<Read>> log = new HashMap<>();
        for (int i = 0; i < partitions; i++) {
            log.put(i, readCommitted(new TopicPartition(topic, i)));
        }
        return new History(List.copyOf(transactions), List.copyOf(acknowledged), List.copyOf(sessions), log, offsets);
    }

    /** Up to the log's end: the load is over, so nothing may hold a reader of committed records back. */
    private List<Read> readCommitted(TopicPartition partition) {
        List<Read> reads = new ArrayList<>();
        try (KafkaConsumer<byte[], Long> consumer = consumer("nobody");
             KafkaConsumer<byte[], Long> all = new KafkaConsumer<>(cluster, new ByteArrayDeserializer(), new LongDeserializer())) {
            long end = all.endOffsets(List.of(partition), patience).get(partition);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadline = System.nanoTime() + patience.toNanos();
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(record -> reads.add(new Read(record.partition(), record.offset(), record.value())));
                if (System.nanoTime() > deadline) {
                    throw new AssertionError("The last stable offset of " + partition + " does not come to its end " + end
                            + ": reader is at " + consumer.position(partition));
                }
            }
        }
        return reads;
    }

    @Override
    public String toString() {
        Map<Transaction.Outcome, Integer> outcomes = new HashMap<>();
        transactions.forEach(transaction -> outcomes.merge(transaction.outcome(), 1, Integer::sum));
        long reads = sessions.stream().mapToLong(List::size).sum();
        return "transactions " + outcomes + ", " + value + " records sent, " + reads + " read, clients begun " + lives + " times, "
                + sessions.size() + " assignments of partitions";
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
