package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** What Kafka's producers write, compressed and in transactions, as a member of a group reads it. */
@Timeout(120)
class FetchedBatchesTest {

    private static final long SEED = Long.getLong("seed", System.nanoTime());

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("num.partitions", "1", "group.consumer.heartbeat.interval.ms", "200",
                "group.consumer.min.heartbeat.interval.ms", "100"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static KafkaProducer<String, String> producer(String... properties) {
        return new KafkaProducer<>(broker.properties(properties), new StringSerializer(), new StringSerializer());
    }

    private static List<String> read(String topic, int count) throws Exception {
        try (Member member = new Member(broker, Way.SOCKET, ConsumerConfig.of("g-" + topic, List.of(topic)))) {
            return member.take(topic + "-0", count).stream().map(r -> new String(r.value(), StandardCharsets.UTF_8)).toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyCompressionOfKafkasProducerIsRead(CompressionType type) throws Exception {
        System.out.println("-Dseed=" + SEED);
        Random random = new Random(SEED);
        String topic = "compressed-" + type.name;
        List<String> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = producer("compression.type", type.name, "linger.ms", "50", "batch.size", "200000")) {
            for (int i = 0; i < 2_000; i++) {
                int length = i % 500 == 0 ? 150_000 : random.nextInt(300);
                StringBuilder value = new StringBuilder();
                while (value.length() < length) { // partly repeated, partly random
                    value.append(random.nextBoolean() ? "milena" : Long.toString(random.nextLong(), 36));
                }
                sent.add(i + value.toString());
                producer.send(new ProducerRecord<>(topic, sent.get(i)));
            }
        }
        assertThat(read(topic, 2_000)).isEqualTo(sent);
    }

    @Test
    void onlyWhatIsCommittedIsReadWhateverIsInterleaved() throws Exception {
        List<String> committed = new ArrayList<>();
        try (KafkaProducer<String, String> a = producer("transactional.id", "a"); KafkaProducer<String, String> b = producer("transactional.id", "b");
             KafkaProducer<String, String> plain = producer()) {
            a.initTransactions();
            b.initTransactions();
            for (int i = 0; i < 12; i++) {
                boolean aCommits = i % 3 != 0;
                boolean bCommits = i % 2 == 0;
                a.beginTransaction();
                b.beginTransaction();
                for (int j = 0; j < 3; j++) {
                    send(a, "a" + i + j, aCommits, committed);
                    send(b, "b" + i + j, bCommits, committed);
                    send(plain, "p" + i + j, true, committed);
                }
                end(a, aCommits);
                end(b, bCommits);
            }
        }
        assertThat(read("transactions", committed.size())).isEqualTo(committed);
    }

    private static void send(KafkaProducer<String, String> producer, String value, boolean commits, List<String> committed) throws Exception {
        producer.send(new ProducerRecord<>("transactions", value)).get();
        if (commits) {
            committed.add(value);
        }
    }

    private static void end(KafkaProducer<String, String> producer, boolean commit) {
        if (commit) {
            producer.commitTransaction();
        } else {
            producer.abortTransaction();
        }
    }

    private static MemoryRecords batch(Compression compression, int records) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(100_000), RecordBatch.CURRENT_MAGIC_VALUE, compression,
                TimestampType.CREATE_TIME, 10);
        for (int i = 0; i < records; i++) {
            builder.append(1_000 + i, null, ("v" + i).getBytes(StandardCharsets.UTF_8));
        }
        return builder.build();
    }

    @ParameterizedTest
    @EnumSource
    void recordsBeforeTheOffsetThatWasAskedForAreLeftOut(CompressionType type) throws Exception {
        FetchedBatches batches = new FetchedBatches("t", 0, 14, batch(Compression.of(type).build(), 10), List.of());
        for (int offset = 14; offset < 20; offset++) {
            ConsumedRecord record = batches.next();
            assertThat(record.offset()).isEqualTo(offset);
            assertThat(record.timestamp()).isEqualTo(990 + offset);
        }
        assertThat(batches.next()).isNull();
        assertThat(batches.nextOffset()).isEqualTo(20);
    }

    @Test
    void aDamagedBatchIsToldByItsOffsetAndNeverPassedOver() {
        ByteBuffer damaged = batch(Compression.NONE, 3).buffer();
        damaged.put(DefaultRecordBatch.RECORD_BATCH_OVERHEAD + 5, (byte) 77);
        ByteBuffer two = ByteBuffer.allocate(2_000).put(damaged).put(batch(Compression.NONE, 3).buffer()).flip();
        FetchedBatches batches = new FetchedBatches("t", 3, 10, MemoryRecords.readableRecords(two), List.of());
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(batches::next).isInstanceOf(IOException.class).hasMessageStartingWith("The batch of t-3 at offset 10 can't be read: Record is corrupt");
        }
    }

    /** The checksum is right, the producer was wrong. */
    @ParameterizedTest
    @EnumSource(names = {"GZIP", "SNAPPY", "LZ4", "ZSTD"})
    void whatCantBeDecompressedIsToldByItsOffset(CompressionType type) {
        byte[] noise = new byte[200];
        new Random(4).nextBytes(noise);
        assertThatThrownBy(() -> Decompression.open(type, noise, 0).readAllBytes()).isInstanceOf(IOException.class);
    }
}
