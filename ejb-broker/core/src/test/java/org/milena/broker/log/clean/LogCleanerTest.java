package org.milena.broker.log.clean;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.LogConfig;

/** Which logs are compacted, when, and how far. */
class LogCleanerTest {
    private static final Path DIRECTORY = Path.of("/logs");
    private static final CleanerSettings SETTINGS = new CleanerSettings(1 << 20, 0.9, 4096, Double.MAX_VALUE);

    private final CrashDisk disk = new CrashDisk();
    private long now = 1_700_000_000_000L;
    private SimulatedLog log;
    private LogCleaner cleaner;

    @BeforeEach
    void open() throws IOException {
        log = new SimulatedLog(disk, config(0, Long.MAX_VALUE, 0.5, false, false));
        cleaner = cleaner(SETTINGS);
    }

    private LogCleaner cleaner(CleanerSettings settings) {
        return new LogCleaner(disk, DIRECTORY, settings, () -> now, ms -> now += ms);
    }

    private static LogConfig config(long minLagMs, long maxLagMs, double dirtyRatio, boolean alsoDelete, boolean held) {
        return new LogConfig(100_000, 604_800_000, 0, 10 << 20, 200, Long.MAX_VALUE, Long.MAX_VALUE, -1, -1, 60_000,
            alsoDelete, true, 1000, minLagMs, maxLagMs, dirtyRatio, 1 << 20, 1, "producer", -1, 9, 3,
            TimestampType.CREATE_TIME, Long.MAX_VALUE, Long.MAX_VALUE, held);
    }

    private void write(String... keys) throws IOException {
        for (String key : keys) {
            log.append(MemoryRecords.withRecords(log.logEndOffset(), Compression.NONE, 0, new SimpleRecord(now, key.getBytes(), "v".getBytes())));
        }
    }

    private boolean clean() throws Exception {
        return cleaner.cleanOnce(List.of(log));
    }

    private List<Long> offsets() {
        List<Long> offsets = new ArrayList<>();
        for (long base : log.bases()) {
            for (MutableRecordBatch batch : log.batchesOf(base)) {
                batch.forEach(record -> offsets.add(record.offset()));
            }
        }
        return offsets;
    }

    @Test
    void keepsTheNewestOfEachKeyAndMergesSegments() throws Exception {
        write("a", "b", "a");
        log.roll();
        write("b", "a");
        log.roll();
        write("a", "a");

        assertThat(clean()).isTrue();

        assertThat(offsets()).as("newest, and the whole active segment").containsExactly(3L, 4L, 5L, 6L);
        assertThat(log.bases()).containsExactly(0L, 5L);
        assertThat(clean()).as("nothing is dirty any more").isFalse();
    }

    @Test
    void theCheckpointIsKafkasFileAndIsUsedAfterARestart() throws Exception {
        write("a", "a");
        log.roll();
        clean();

        Path file = DIRECTORY.resolve("cleaner-offset-checkpoint");
        assertThat(new String(disk.readAll(file), StandardCharsets.UTF_8)).isEqualTo("0\n1\ntable 0 2\n");
        cleaner = cleaner(SETTINGS);
        assertThat(clean()).isFalse();

        cleaner.truncated(new TopicPartition("table", 0), 1);
        assertThat(new String(disk.readAll(file), StandardCharsets.UTF_8)).isEqualTo("0\n1\ntable 0 1\n");
        cleaner.deleted(new TopicPartition("table", 0));
        assertThat(new String(disk.readAll(file), StandardCharsets.UTF_8)).isEqualTo("0\n0\n");
    }

    @Test
    void anUnreadableCheckpointCostsOnlyWork() throws Exception {
        disk.replace(DIRECTORY.resolve("cleaner-offset-checkpoint"), "7\nnonsense".getBytes(), true);
        write("a", "a");
        log.roll();
        assertThat(clean()).isTrue();
        assertThat(offsets()).containsExactly(1L);
    }

    @Test
    void heldAndOtherwiseConfiguredLogsAreLeftAlone() throws Exception {
        write("a", "a");
        log.roll();
        log.config = config(0, 0, 0, false, true);
        assertThat(clean()).as("held").isFalse();
        assertThat(offsets()).containsExactly(0L, 1L);
        log.config = config(0, 0, 0, false, false);
        assertThat(clean()).isTrue();
    }

    @Test
    void neverAtOrAboveTheStableOffset() throws Exception {
        write("a", "a");
        log.roll();
        write("a", "a");
        log.roll();
        log.stable = 3;

        assertThat(clean()).isTrue();

        assertThat(offsets()).as("offset 3 is not stable, so its segment stays").containsExactly(1L, 2L, 3L);
    }

    @Test
    void minCompactionLagProtectsYoungRecords() throws Exception {
        log.config = config(10_000, Long.MAX_VALUE, 0.1, false, false);
        write("a", "a");
        log.roll();
        now += 10_001;
        write("a", "a");
        log.roll();

        assertThat(clean()).isTrue();

        assertThat(offsets()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void dirtyRatioDecidesUnlessMaxCompactionLagIsOver() throws Exception {
        write("a", "b", "c", "d", "e", "f");
        log.roll();
        clean();
        log.config = config(0, 60_000, 0.5, false, false);
        write("a");
        log.roll();
        assertThat(clean()).as("one dirty of seven").isFalse();
        now += 60_001;
        assertThat(clean()).as("overdue").isTrue();
        assertThat(offsets()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    }

    @Test
    void compactAndDeleteTogether() throws Exception {
        log.config = config(0, Long.MAX_VALUE, 0.1, true, false);
        write("a", "a");
        log.roll();
        clean();
        write("b", "b");
        log.roll();
        log.deleteFirstSegment();

        assertThat(clean()).isTrue();

        assertThat(offsets()).containsExactly(3L);
    }

    @Test
    void damageIsNeverMadeToLookSound() throws Exception {
        write("a", "a", "a");
        log.roll();
        log.corrupt(0, 100);
        byte[] before = disk.readAll(Path.of("/logs/table-0/00000000000000000000.log"));

        assertThat(clean()).isFalse();

        assertThat(cleaner.uncleanable()).containsExactly(new TopicPartition("table", 0));
        assertThat(disk.readAll(Path.of("/logs/table-0/00000000000000000000.log"))).isEqualTo(before);
        assertThat(disk.list(Path.of("/logs/table-0"))).as("no .cleaned left").allMatch(path -> path.toString().endsWith(".log"));
    }

    @Test
    void aSmallMapCleansInSeveralRounds() throws Exception {
        cleaner = cleaner(new CleanerSettings(24 * 4, 0.9, 4096, Double.MAX_VALUE));
        write("a", "b", "c", "d", "e", "f", "a", "b", "c", "d", "e", "f");
        log.roll();
        log.config = config(0, Long.MAX_VALUE, 0, false, false);
        for (int i = 0; i < 10 && clean(); i++) {
            assertThat(offsets()).contains(6L, 7L, 8L, 9L, 10L, 11L);
        }
        assertThat(offsets()).containsExactly(6L, 7L, 8L, 9L, 10L, 11L);
    }

    @Test
    void aBatchWithMoreKeysThanTheMapIsSaidAndLeft() throws Exception {
        cleaner = cleaner(new CleanerSettings(24 * 2, 0.9, 4096, Double.MAX_VALUE));
        log.append(MemoryRecords.withRecords(0, Compression.NONE, 0, new SimpleRecord("a".getBytes(), "1".getBytes()),
            new SimpleRecord("b".getBytes(), "1".getBytes()), new SimpleRecord("c".getBytes(), "1".getBytes())));
        log.roll();
        assertThat(clean()).isFalse();
        assertThat(cleaner.uncleanable()).hasSize(1);
        assertThat(offsets()).containsExactly(0L, 1L, 2L);
    }

    @Test
    void theThrottleLetsTimePass() throws Exception {
        cleaner = cleaner(new CleanerSettings(1 << 20, 0.9, 4096, 1000));
        write("a", "a", "a", "a", "a", "a", "a", "a", "a", "a");
        log.roll();
        long size = log.closedSegments().get(0).size();
        long before = now;
        clean();
        assertThat(now - before).as("read twice at 1000 bytes a second").isGreaterThanOrEqualTo(2 * size - 2);
    }

    @Test
    void aLargeBatchGrowsTheBuffer() throws Exception {
        cleaner = cleaner(new CleanerSettings(1 << 20, 0.9, 2048, Double.MAX_VALUE));
        for (int i = 0; i < 3; i++) {
            log.append(MemoryRecords.withRecords(log.logEndOffset(), Compression.NONE, 0, new SimpleRecord(now, "k".getBytes(), new byte[20_000])));
        }
        log.roll();
        assertThat(clean()).isTrue();
        assertThat(offsets()).containsExactly(2L);
    }
}
