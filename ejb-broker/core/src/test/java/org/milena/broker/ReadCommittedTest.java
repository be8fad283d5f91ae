package org.milena.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** Invariant 3 with real clients: read_committed never sees an open or an aborted transaction, and all of every committed one. */
class ReadCommittedTest {

    private static final int PARTITIONS = 3;
    private static final int WRITERS = 3;

    @TempDir
    Path dir;

    private final Set<String> committing = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> sent = new ConcurrentHashMap<>();

    @Test
    void whileManyWriteInTransactions() throws Exception {
        run(Map.of());
    }

    /** The high watermark then follows the fsyncs, and with it the last stable offset. */
    @Test
    void whileManyWriteInTransactionsThatAreFlushed() throws Exception {
        run(Map.of("flush.messages", "1"));
    }

    private void run(Map<String, String> topicConfigs) throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        ExecutorService threads = Executors.newCachedThreadPool();
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of());
             Admin admin = Admin.create(broker.properties())) {
            admin.createTopics(List.of(new NewTopic("t", PARTITIONS, (short) 1).configs(topicConfigs))).all().get(30, TimeUnit.SECONDS);
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                int writer = i;
                writers.add(threads.submit(() -> write(broker, writer, new Random(seed + writer))));
            }
            Future<List<String>> read = threads.submit(() -> read(broker, admin, writers));
            for (Future<?> writer : writers) {
                writer.get(120, TimeUnit.SECONDS);
            }
            Map<String, Integer> complete = new HashMap<>();
            read.get(120, TimeUnit.SECONDS).forEach(transaction -> complete.merge(transaction, 1, Integer::sum));
            assertThat(complete).as("-Dseed=%s: every committed transaction, whole and once", seed).isEqualTo(sent);
        } finally {
            threads.shutdownNow();
        }
    }

    private Void write(EmbeddedBroker broker, int writer, Random random) {
        var properties = broker.properties("transactional.id", "writer-" + writer, "linger.ms", "0", "batch.size", "200");
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            for (int t = 0; t < (Boolean.getBoolean("milena.long") ? 500 : 40); t++) {
                boolean commit = random.nextInt(3) > 0;
                String name = writer + "-" + t + (commit ? "-commit" : "-abort");
                int records = 1 + random.nextInt(20);
                producer.beginTransaction();
                for (int i = 0; i < records; i++) {
                    producer.send(new ProducerRecord<>("t", random.nextInt(PARTITIONS), null, name));
                }
                if (random.nextBoolean()) {
                    producer.flush();
                }
                if (commit) {
                    sent.put(name, records);
                    committing.add(name);
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
        return null;
    }

    /** What a consumer sees until the writers are done and it stands at the end. */
    private List<String> read(EmbeddedBroker broker, Admin admin, List<Future<?>> writers) throws Exception {
        List<TopicPartition> partitions = IntStream.range(0, PARTITIONS).mapToObj(i -> new TopicPartition("t", i)).toList();
        List<String> seen = new ArrayList<>();
        Set<TopicPartition> behind = new HashSet<>(partitions);
        var properties = broker.properties("isolation.level", "read_committed", "auto.offset.reset", "earliest", "max.partition.fetch.bytes", "2000");
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(partitions);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
            while (!behind.isEmpty() && System.nanoTime() < deadline) {
                boolean over = writers.stream().allMatch(Future::isDone);
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    assertThat(record.value()).as("seen at %s-%s", record.partition(), record.offset()).endsWith("-commit");
                    assertThat(committing).as("seen before its commit was asked for").contains(record.value());
                    seen.add(record.value());
                }
                if (over) {
                    for (TopicPartition tp : partitions) {
                        long stable = end(admin, tp, IsolationLevel.READ_COMMITTED);
                        assertThat(stable).as("nothing hangs").isEqualTo(end(admin, tp, IsolationLevel.READ_UNCOMMITTED));
                        if (consumer.position(tp) == stable) {
                            behind.remove(tp);
                        }
                    }
                }
            }
        }
        return seen;
    }

    private static long end(Admin admin, TopicPartition tp, IsolationLevel isolation) throws Exception {
        // A marker may follow the answer to EndTxn.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        long end;
        long all;
        do {
            end = admin.listOffsets(Map.of(tp, OffsetSpec.latest()), new ListOffsetsOptions(isolation)).partitionResult(tp).get().offset();
            all = admin.listOffsets(Map.of(tp, OffsetSpec.latest())).partitionResult(tp).get().offset();
        } while (end < all && System.nanoTime() < deadline);
        return end;
    }
}
