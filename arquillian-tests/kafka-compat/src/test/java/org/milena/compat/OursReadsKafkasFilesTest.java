package org.milena.compat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.testing.KafkaPeer;

/**
 * A directory that a real Apache Kafka wrote, killed and stopped in order: our log manager serves every record at its
 * offset, and the producers go on where they were.
 */
class OursReadsKafkasFilesTest {
    private static final int PORT = Integer.getInteger("kafka.peer.port", 21010);
    private static final TopicPartition CODECS = new TopicPartition("codecs", 0);
    private static final TopicPartition COMPACTED = new TopicPartition("compacted", 0);
    private static final TopicPartition TRANSACTIONS = new TopicPartition("transactions", 0);
    private static final TopicPartition EMPTY = new TopicPartition("empty", 0);
    private static final int SEGMENT_BYTES = 1 << 20;

    @TempDir
    private Path directory;
    private final Random random = new Random(7);

    /** What a consumer read, per partition and isolation level. */
    private record Consumed(Map<TopicPartition, List<OurLog.Seen>> all, List<OurLog.Seen> committed) {
    }

    @Test
    void killedAndStopped() throws Exception {
        try (KafkaPeer kafka = new KafkaPeer(directory.resolve("kafka"), PORT)) {
            kafka.start();
            createTopics(kafka);
            writeCodecs(kafka);
            writeTransactions(kafka);
            writeUntilCompacted(kafka);
            Consumed beforeKill = consume(kafka);
            kafka.kill();
            Path killed = copy(kafka.logDirectory(), directory.resolve("killed"));

            kafka.start();
            awaitUp(kafka);
            writeTransactions(kafka);
            Consumed beforeStop = consume(kafka);
            kafka.stop();

            opensWith(killed, beforeKill);
            opensWith(kafka.logDirectory(), beforeStop);
        }
    }

    private void opensWith(Path data, Consumed consumed) throws IOException {
        try (FileLogManager manager = OurLog.open(data, OurLog.config(false, SEGMENT_BYTES))) {
            for (TopicPartition partition : List.of(CODECS, COMPACTED, TRANSACTIONS)) {
                assertThat(manager.failure(partition)).isEmpty();
                PartitionLog log = manager.log(partition).orElseThrow();
                assertThat(OurLog.read(log, false)).as("%s in %s", partition, data.getFileName()).isEqualTo(consumed.all.get(partition));
            }
            assertThat(OurLog.read(manager.log(TRANSACTIONS).orElseThrow(), true)).as("read_committed").isEqualTo(consumed.committed);
            assertThat(manager.log(EMPTY).orElseThrow().logEndOffset()).isZero();
            assertThat(partitionDirectories(data)).as("every partition is open, internal ones too").hasSize(manager.logs().size());
            producersGoOn(manager.log(CODECS).orElseThrow());
        }
    }

    private static List<Path> partitionDirectories(Path data) throws IOException {
        try (Stream<Path> files = Files.list(data)) {
            return files.filter(path -> path.getFileName().toString().matches("(?!__cluster_metadata).*-\\d+")).toList();
        }
    }

    private static void producersGoOn(PartitionLog log) throws IOException {
        List<MutableRecordBatch> batches = OurLog.batches(log);
        MutableRecordBatch last = batches.get(batches.size() - 1);
        assertThat(last.hasProducerId()).isTrue();
        ByteBuffer again = ByteBuffer.allocate(last.sizeInBytes());
        last.writeTo(again);
        again.flip().putLong(0, 0);
        long end = log.logEndOffset();

        LogAppendInfo duplicate = log.append(again, AppendOrigin.CLIENT, 100);

        assertThat(duplicate.duplicate()).isTrue();
        assertThat(duplicate.firstOffset()).isEqualTo(last.baseOffset());
        assertThat(log.logEndOffset()).isEqualTo(end);
        int next = DefaultRecordBatch.incrementSequence(last.lastSequence(), 1);
        assertThatThrownBy(() -> log.append(following(last, next + 5), AppendOrigin.CLIENT, 100)).isInstanceOf(OutOfOrderSequenceException.class);
        assertThat(log.append(following(last, next), AppendOrigin.CLIENT, 100).firstOffset()).isEqualTo(end);
    }

    private static ByteBuffer following(MutableRecordBatch last, int sequence) {
        return MemoryRecords.withIdempotentRecords(Compression.NONE, last.producerId(), last.producerEpoch(), sequence,
            new SimpleRecord(System.currentTimeMillis(), "k".getBytes(), "next".getBytes())).buffer();
    }

    private void createTopics(KafkaPeer kafka) throws Exception {
        Map<String, String> segments = Map.of("segment.bytes", String.valueOf(SEGMENT_BYTES));
        Map<String, String> compact = Map.of("segment.bytes", String.valueOf(SEGMENT_BYTES), "cleanup.policy", "compact",
            "min.cleanable.dirty.ratio", "0.01", "delete.retention.ms", "100000000");
        awaitUp(kafka);
        try (Admin admin = Admin.create(client(kafka))) {
            admin.createTopics(List.of(new NewTopic("codecs", 1, (short) 1).configs(segments),
                new NewTopic("compacted", 1, (short) 1).configs(compact), new NewTopic("transactions", 1, (short) 1).configs(segments),
                new NewTopic("empty", 1, (short) 1)))
                .all().get(60, TimeUnit.SECONDS);
        }
    }

    private static void awaitUp(KafkaPeer kafka) throws Exception {
        try (Admin admin = Admin.create(client(kafka))) {
            admin.describeCluster().nodes().get(90, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("Kafka did not come up (alive: " + kafka.isAlive() + "): " + Files.readString(kafka.output()), e);
        }
    }

    private static Map<String, Object> client(KafkaPeer kafka) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", kafka.bootstrap());
        properties.put("default.api.timeout.ms", "90000");
        return properties;
    }

    private static KafkaProducer<String, String> producer(KafkaPeer kafka, Map<String, String> extra) {
        Map<String, Object> properties = client(kafka);
        properties.put("linger.ms", "5");
        properties.putAll(extra);
        return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
    }

    private void writeCodecs(KafkaPeer kafka) {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            try (KafkaProducer<String, String> producer = producer(kafka, Map.of("compression.type", codec))) {
                for (int i = 0; i < 800; i++) {
                    ProducerRecord<String, String> record = new ProducerRecord<>("codecs", null, i % 5 == 0 ? null : "key" + i, value(1000));
                    record.headers().add("n", String.valueOf(i).getBytes());
                    producer.send(record);
                }
            }
        }
    }

    private void writeTransactions(KafkaPeer kafka) {
        try (KafkaProducer<String, String> producer = producer(kafka, Map.of("transactional.id", "t", "enable.idempotence", "true"))) {
            producer.initTransactions();
            for (int round = 0; round < 4; round++) {
                producer.beginTransaction();
                for (int i = 0; i < 10; i++) {
                    producer.send(new ProducerRecord<>("transactions", "k" + i, (round % 2 == 0 ? "committed " : "aborted ") + value(50)));
                }
                producer.flush();
                if (round % 2 == 0) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }

    /** Writes over a few keys and waits until Kafka's cleaner has been there. */
    private void writeUntilCompacted(KafkaPeer kafka) {
        int written = 3000;
        try (KafkaProducer<String, String> producer = producer(kafka, Map.of())) {
            for (int i = 0; i < written; i++) {
                producer.send(new ProducerRecord<>("compacted", "key" + random.nextInt(20), i % 9 == 0 ? null : value(1000)));
            }
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (read(kafka, COMPACTED, "read_uncommitted").size() > written / 2) {
            assertThat(System.nanoTime()).as("Kafka's cleaner takes too long").isLessThan(deadline);
        }
    }

    private String value(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(26));
        }
        return new String(bytes);
    }

    private static Consumed consume(KafkaPeer kafka) {
        Map<TopicPartition, List<OurLog.Seen>> all = new HashMap<>();
        for (TopicPartition partition : List.of(CODECS, COMPACTED, TRANSACTIONS)) {
            all.put(partition, read(kafka, partition, "read_uncommitted"));
        }
        return new Consumed(all, read(kafka, TRANSACTIONS, "read_committed"));
    }

    private static List<OurLog.Seen> read(KafkaPeer kafka, TopicPartition partition, String isolation) {
        Map<String, Object> properties = client(kafka);
        properties.put("isolation.level", isolation);
        properties.put("fetch.max.wait.ms", "50");
        List<OurLog.Seen> seen = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
                    seen.add(new OurLog.Seen(record.offset(), record.timestamp(), record.key(), record.value(),
                        Arrays.stream(record.headers().toArray()).map(header -> header.key() + "=" + new String(header.value())).toList()));
                }
            }
        }
        return seen;
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
        return to;
    }
}
