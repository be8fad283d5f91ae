package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of segments on a real disk: few open at a time, indexes that went missing, batches that old Kafka wrote. */
class SegmentFilesTest {

    @TempDir
    private Path dir;
    private LogFixture fixture;

    @BeforeEach
    void open() {
        fixture = new LogFixture(new NioDisk(), dir);
        fixture.config = LogFixture.config(2000);
        fixture.open();
    }

    @Test
    void manyPartitionsServeWithFewOpenFiles() {
        int partitions = 200;
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < partitions; i++) {
                fixture.log(new TopicPartition("t", i)).append(fixture.batch("round" + round), AppendOrigin.CLIENT, 0);
                assertThat(fixture.manager.directories().get(0).openFiles()).isLessThanOrEqualTo(20);
            }
        }
        for (int i = 0; i < partitions; i++) {
            assertThat(LogFixture.contents(fixture.log(new TopicPartition("t", i)))).containsExactly("0=round0", "1=round1", "2=round2");
            assertThat(fixture.manager.directories().get(0).openFiles()).isLessThanOrEqualTo(20);
        }
        fixture.close();
        assertThat(fixture.manager.directories().get(0).openFiles()).isZero();
    }

    @ParameterizedTest
    @CsvSource({".index", ".timeindex", ".txnindex", ".snapshot", "leader-epoch-checkpoint"})
    void whatIsMissingAfterACleanStopIsMadeAgain(String suffix) throws IOException {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            fixture.now.incrementAndGet();
            expected.add(fixture.log().append(fixture.idempotent(5, 0, i, "v" + i), AppendOrigin.CLIENT, 0).firstOffset() + "=v" + i);
        }
        fixture.close();
        List<Path> before = files();
        assertThat(before.stream().filter(p -> p.toString().endsWith(LogSegment.LOG))).hasSizeGreaterThan(2);
        for (Path file : before) {
            if (file.toString().endsWith(suffix)) {
                Files.delete(file);
            }
        }
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
        for (int i = 0; i < 100; i += 9) {
            assertThat(fixture.log().offsetForTimestamp(LogFixture.START_MS + 1 + i, 100).orElseThrow().offset()).isEqualTo(i);
        }
        assertThat(fixture.log().append(fixture.idempotent(5, 0, 99, "v99"), AppendOrigin.CLIENT, 0).duplicate()).isTrue();
        fixture.close();
        if (suffix.endsWith("index") && !suffix.equals(".txnindex")) {
            assertThat(files()).containsAll(before);
        }
    }

    private List<Path> files() throws IOException {
        try (var entries = Files.list(dir.resolve("orders-0"))) {
            return entries.toList();
        }
    }

    /** Kafka 4 can no longer write them, but serves them to clients as they lie on disk (KIP-724); so do we. */
    @ParameterizedTest
    @CsvSource({"0, false, true", "1, false, true", "1, true, true", "0, false, false", "1, false, false", "1, true, false"})
    void batchesOfMagic0And1AreServedAsTheyAre(byte magic, boolean compressed, boolean cleanStop) throws IOException {
        fixture.append("removed");
        fixture.close();
        if (!cleanStop) {
            Files.delete(dir.resolve(LogNames.CLEAN_SHUTDOWN));
            Files.delete(dir.resolve(LogNames.RECOVERY_POINTS));
        }
        for (Path file : files()) {
            if (!file.endsWith(PartitionMetadataFile.NAME)) {
                Files.delete(file);
            }
        }
        ByteBuffer bytes = ByteBuffer.allocate(10_000);
        List<String> expected = new ArrayList<>();
        for (int batch = 0; batch < 20; batch++) {
            MemoryRecordsBuilder builder = MemoryRecords.builder(bytes, magic, compressed ? Compression.gzip().build() : Compression.NONE,
                    TimestampType.CREATE_TIME, batch * 3L);
            for (int i = 0; i < 3; i++) {
                String value = "old" + batch + "." + i;
                builder.append(magic == 0 ? -1 : LogFixture.START_MS + batch * 3 + i, null, value.getBytes(StandardCharsets.UTF_8));
                expected.add(batch * 3 + i + "=" + value);
            }
            builder.build();
            bytes = builder.buffer().duplicate().limit(builder.buffer().capacity()).position(builder.buffer().position());
        }
        bytes.flip();
        byte[] old = new byte[bytes.limit()];
        bytes.get(old);
        Files.write(dir.resolve("orders-0/00000000000000000000.log"), old);
        fixture.open();
        assertThat(fixture.manager.failure(LogFixture.TP)).isEmpty();
        assertThat(fixture.log().logEndOffset()).isEqualTo(60);
        for (long from = 0; from < 60; from += 7) {
            assertThat(LogFixture.contents(fixture.log(), from)).isEqualTo(expected.subList((int) from, 60));
        }
        MemoryRecords served = LogFixture.fetch(fixture.log(), 0, 10_000, 60);
        assertThat(served.batches()).allSatisfy(b -> assertThat(b.magic()).isEqualTo(magic));
        if (magic == 1) {
            assertThat(fixture.log().offsetForTimestamp(LogFixture.START_MS + 31, 60).orElseThrow().offset()).isEqualTo(31);
        }
        assertThat(fixture.append("new").firstOffset()).isEqualTo(60);
        fixture.close();
        fixture.open();
        expected.add("60=new");
        assertThat(LogFixture.contents(fixture.log())).isEqualTo(expected);
    }
}
