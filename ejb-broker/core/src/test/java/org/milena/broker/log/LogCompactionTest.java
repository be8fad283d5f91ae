package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.log.clean.CleanerSettings;

/** Compaction of a real log, on a real disk. */
class LogCompactionTest {
    @TempDir
    private Path directory;
    private LogFixture fixture;

    @BeforeEach
    void open() {
        fixture = new LogFixture(new NioDisk(), directory);
        fixture.config = compacted(false);
        reopen();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private void reopen() {
        fixture.open();
        fixture.manager.compactWith(new CleanerSettings(1 << 20, 0.9, 8192, Double.MAX_VALUE), ms -> fixture.now.addAndGet(ms));
    }

    private static LogConfig compacted(boolean held) {
        return new LogConfig(2000, 604_800_000, 0, 10 << 20, 256, Long.MAX_VALUE, Long.MAX_VALUE, -1, -1, 60_000,
            false, true, 86_400_000, 0, Long.MAX_VALUE, 0.1, 1 << 20, 1, "producer", -1, 9, 3,
            TimestampType.CREATE_TIME, Long.MAX_VALUE, Long.MAX_VALUE, held);
    }

    private ByteBuffer keyed(int key, String value) {
        return MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(fixture.now.get(), ("k" + key).getBytes(), value.getBytes())).buffer();
    }

    private boolean clean() throws InterruptedException {
        return fixture.manager.cleanOnce(fixture.manager.directories().get(0));
    }

    private TreeMap<Long, String> keys(PartitionLog log, long from) {
        TreeMap<Long, String> found = new TreeMap<>();
        for (long next = from; next < log.logEndOffset(); ) {
            MemoryRecords records = LogFixture.fetch(log, next, 700, log.logEndOffset());
            if (records.sizeInBytes() == 0) {
                break;
            }
            for (Record record : records.records()) {
                if (record.offset() >= from) {
                    found.put(record.offset(), new String(org.apache.kafka.common.utils.Utils.toArray(record.key())));
                }
            }
            for (var batch : records.batches()) {
                next = batch.nextOffset();
            }
        }
        return found;
    }

    @Test
    void readsFromEveryOffsetFindWhatSurvivedBeforeAndAfterARestart() throws Exception {
        SegmentedLog log = fixture.log();
        for (int i = 0; i < 200; i++) {
            log.append(keyed(i % 7, "value " + i), AppendOrigin.CLIENT, 0);
        }
        List<Long> bases = new ArrayList<>();
        log.segments().forEach(segment -> bases.add(segment.baseOffset()));
        assertThat(bases).hasSizeGreaterThan(5);
        long active = bases.get(bases.size() - 1);
        long size = log.size();

        assertThat(clean()).isTrue();

        TreeMap<Long, String> survivors = keys(log, 0);
        assertThat(survivors.headMap(active)).containsOnlyKeys(java.util.stream.LongStream.range(active - 7, active).boxed().toList());
        assertThat(survivors.tailMap(active)).hasSize((int) (200 - active));
        assertThat(log.size()).isLessThan(size / 2);
        everyOffsetReads(log, survivors);
        assertThat(clean()).isFalse();

        fixture.close();
        reopen();
        everyOffsetReads(fixture.log(), survivors);
        fixture.log().append(keyed(1, "on it goes"), AppendOrigin.CLIENT, 0);
        assertThat(fixture.log().logEndOffset()).isEqualTo(201);
    }

    private void everyOffsetReads(SegmentedLog log, TreeMap<Long, String> survivors) {
        for (long offset = 0; offset < 200; offset++) {
            assertThat(keys(log, offset)).as("from %d", offset).isEqualTo(survivors.tailMap(offset));
        }
    }

    @Test
    void aReadThatStartedBeforeTheSwapEndsInTheOldFile() throws Exception {
        SegmentedLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            log.append(keyed(1, "value " + i), AppendOrigin.CLIENT, 0);
        }
        LogRead read = log.read(0, 1500, log.logEndOffset(), true);
        assertThat(clean()).isTrue();
        ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
        read.read(bytes, 0);
        read.release();
        assertThat(MemoryRecords.readableRecords(bytes.flip()).records().iterator().next().offset()).isZero();
    }

    @Test
    void sequencesGoOnAfterCompactionAndARestartWithoutSnapshots() throws Exception {
        SegmentedLog log = fixture.log();
        log.append(MemoryRecords.withIdempotentRecords(Compression.NONE, 9, (short) 0, 0,
            new SimpleRecord(fixture.now.get(), "k1".getBytes(), "first".getBytes())).buffer(), AppendOrigin.CLIENT, 0);
        for (int i = 0; i < 100; i++) {
            log.append(keyed(1, "value " + i), AppendOrigin.CLIENT, 0);
        }
        assertThat(clean()).isTrue();
        fixture.close();
        for (Path file : new NioDisk().list(LogNames.directory(directory, LogFixture.TP))) {
            if (file.toString().endsWith(".snapshot")) {
                new NioDisk().delete(file);
            }
        }
        reopen();

        LogAppendInfo again = fixture.log().append(MemoryRecords.withIdempotentRecords(Compression.NONE, 9, (short) 0, 0,
            new SimpleRecord(fixture.now.get(), "k1".getBytes(), "first".getBytes())).buffer(), AppendOrigin.CLIENT, 0);

        assertThat(again.duplicate()).isTrue();
        assertThat(again.firstOffset()).isZero();
    }

    @Test
    void abortedRecordsGoAndTheirKeysLastValueStays() throws Exception {
        SegmentedLog log = fixture.log();
        log.append(keyed(1, "committed"), AppendOrigin.CLIENT, 0);
        LogFixture.admitted(log, MemoryRecords.withTransactionalRecords(Compression.NONE, 5, (short) 0, 0,
            new SimpleRecord(fixture.now.get(), "k1".getBytes(), "aborted".getBytes())).buffer());
        for (int i = 0; i < 60; i++) {
            log.append(keyed(2, "filler " + i), AppendOrigin.CLIENT, 0);
        }
        assertThat(clean()).as("undecided from offset 1 on").isFalse();
        fixture.abort(5, 0, 0);

        assertThat(clean()).isTrue();

        assertThat(keys(log, 0)).containsEntry(0L, "k1").doesNotContainKey(1L);
    }

    @Test
    void heldLogsKeepEveryRecord() throws Exception {
        fixture.config = compacted(true);
        SegmentedLog log = fixture.log();
        for (int i = 0; i < 100; i++) {
            log.append(keyed(1, "value " + i), AppendOrigin.CLIENT, 0);
        }
        assertThat(clean()).isFalse();
        assertThat(keys(log, 0)).hasSize(100);
    }
}
