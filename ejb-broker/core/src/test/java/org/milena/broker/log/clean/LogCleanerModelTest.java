package org.milena.broker.log.clean;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.LogConfig;

/**
 * Random logs (all codecs, tombstones, idempotent and transactional producers), compacted again and again, crashed at
 * random changes of the disk, checked against a model that forgets nothing. Repeat with {@code -Dseed=}.
 */
class LogCleanerModelTest {
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final int RUNS = Integer.getInteger("cleaner.runs", 60);
    private static final long DELETE_RETENTION_MS = 5_000;
    private static final int KEYS = 12;

    /** @param value null for a tombstone */
    private record Written(String key, String value, long timestamp, boolean aborted) {
    }

    private final CrashDisk disk = new CrashDisk();
    private final TreeMap<Long, Written> written = new TreeMap<>();
    private final Map<Long, Integer> sequences = new HashMap<>();
    private final Map<Long, List<Long>> undecided = new HashMap<>();
    /** When each offset was first compacted. */
    private final TreeMap<Long, Long> firstCleaned = new TreeMap<>();
    private Random random;
    private SimulatedLog log;
    private LogCleaner cleaner;
    private long now = 1_700_000_000_000L;

    @Test
    void everyKeyKeepsItsLastValueThroughCleaningsAndCrashes() throws Exception {
        System.out.println("LogCleanerModelTest -Dseed=" + SEED);
        for (int run = 0; run < RUNS; run++) {
            LogCleanerModelTest one = new LogCleanerModelTest();
            try {
                one.run(new Random(SEED + run));
            } catch (Throwable e) {
                throw new AssertionError("seed " + SEED + " run " + run, e);
            }
        }
    }

    private void run(Random seeded) throws Exception {
        random = seeded;
        log = new SimulatedLog(disk, config());
        openCleaner();
        for (int step = 0; step < 60; step++) {
            now += random.nextInt(2_000);
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> appendSome();
                case 4 -> log.roll();
                case 5 -> crashWhileCleaning();
                default -> clean();
            }
            check();
        }
    }

    private static LogConfig config() {
        return new LogConfig(3000, 604_800_000, 0, 10 << 20, 200, Long.MAX_VALUE, Long.MAX_VALUE, -1, -1, 60_000,
            false, true, DELETE_RETENTION_MS, 0, Long.MAX_VALUE, 0.01, 1 << 20, 1, "producer", -1, 9, 3,
            TimestampType.CREATE_TIME, Long.MAX_VALUE, Long.MAX_VALUE, false);
    }

    private void openCleaner() {
        long bytes = 24L * (KEYS - 4 + random.nextInt(100));
        cleaner = new LogCleaner(disk, Path.of("/logs"), new CleanerSettings(bytes, 0.9, 2048, Double.MAX_VALUE), () -> now, ms -> now += ms);
    }

    private void appendSome() throws IOException {
        long producer = random.nextInt(6) - 2;
        boolean transactional = producer >= 2;
        int count = 1 + random.nextInt(5);
        SimpleRecord[] records = new SimpleRecord[count];
        long base = log.logEndOffset();
        for (int i = 0; i < count; i++) {
            String key = "k" + random.nextInt(KEYS);
            String value = random.nextInt(4) == 0 ? null : "v" + (base + i) + "x".repeat(random.nextInt(60));
            records[i] = new SimpleRecord(now - random.nextInt(500), key.getBytes(), value == null ? null : value.getBytes());
            written.put(base + i, new Written(key, value, records[i].timestamp(), false));
        }
        Compression codec = Compression.of(CompressionType.values()[random.nextInt(5)]).build();
        if (producer < 0) {
            log.append(MemoryRecords.withRecords(base, codec, 0, records));
            return;
        }
        int sequence = sequences.getOrDefault(producer, 0);
        sequences.put(producer, sequence + count);
        log.append(transactional
            ? MemoryRecords.withTransactionalRecords(base, codec, producer, (short) 0, sequence, 0, records)
            : MemoryRecords.withIdempotentRecords(base, codec, producer, (short) 0, sequence, 0, records));
        if (transactional) {
            for (int i = 0; i < count; i++) {
                undecided.computeIfAbsent(producer, id -> new ArrayList<>()).add(base + i);
            }
            if (random.nextBoolean()) {
                end(producer, random.nextBoolean());
            }
        }
    }

    private void end(long producer, boolean commit) throws IOException {
        log.append(MemoryRecords.withEndTransactionMarker(log.logEndOffset(), now, 0, producer, (short) 0,
            new EndTransactionMarker(commit ? ControlRecordType.COMMIT : ControlRecordType.ABORT, 0)));
        for (long offset : undecided.remove(producer)) {
            Written w = written.get(offset);
            written.put(offset, new Written(w.key, w.value, w.timestamp, !commit));
        }
    }

    private void clean() throws Exception {
        long bound = Math.min(log.stableOffset(), log.activeSegmentBaseOffset());
        for (int i = 0; i < 10 && cleaner.cleanOnce(List.of(log)); i++) {
            noteCleaned(bound);
        }
    }

    private void noteCleaned(long bound) {
        for (long offset : written.headMap(bound).keySet()) {
            firstCleaned.putIfAbsent(offset, now);
        }
    }

    private void crashWhileCleaning() throws Exception {
        disk.crashAfter(random.nextInt(60));
        long bound = Math.min(log.stableOffset(), log.activeSegmentBaseOffset());
        try {
            cleaner.cleanOnce(List.of(log));
        } catch (CrashDisk.Crash expected) {
            // as intended
        }
        noteCleaned(bound);
        disk.restart(random.nextBoolean());
        log.reopen();
        openCleaner();
    }

    private void check() throws IOException {
        List<AbortedTransaction> aborted = log.allAborted();
        TreeMap<Long, Written> survivors = new TreeMap<>();
        Map<Long, Integer> lastSequences = new HashMap<>();
        long previous = -1;
        for (long base : log.bases()) {
            for (MutableRecordBatch batch : log.batchesOf(base)) {
                batch.ensureValid();
                assertThat(batch.baseOffset()).isGreaterThanOrEqualTo(base).isGreaterThan(previous);
                previous = batch.lastOffset();
                if (batch.hasProducerId() && !batch.isControlBatch()) {
                    lastSequences.put(batch.producerId(), batch.lastSequence());
                }
                if (!batch.isControlBatch()) {
                    collect(batch, aborted, survivors);
                }
            }
        }
        sequences.forEach((producer, next) -> assertThat(lastSequences).as("sequence of producer").containsEntry(producer, next - 1));
        survivors.forEach((offset, record) -> assertThat(record).as("record at %d", offset).isEqualTo(written.get(offset)));
        survivorsAreEnough(survivors);
    }

    /** Collects what a read_committed consumer sees: the index must still name every aborted record that is left. */
    private static void collect(MutableRecordBatch batch, List<AbortedTransaction> aborted, Map<Long, Written> into) {
        boolean hidden = batch.isTransactional() && aborted.stream().anyMatch(transaction -> transaction.producerId() == batch.producerId()
            && transaction.firstOffset() <= batch.baseOffset() && batch.lastOffset() <= transaction.lastOffset());
        if (!hidden) {
            for (Record record : batch) {
                into.put(record.offset(), new Written(text(record.key()), text(record.value()), record.timestamp(), false));
            }
        }
    }

    private void survivorsAreEnough(TreeMap<Long, Written> survivors) {
        long stable = log.stableOffset();
        Map<String, Long> newest = new HashMap<>();
        written.headMap(stable).forEach((offset, record) -> {
            if (!record.aborted) {
                newest.put(record.key, offset);
            }
        });
        newest.forEach((key, offset) -> {
            if (survivors.containsKey(offset)) {
                return;
            }
            assertThat(written.get(offset).value).as("last value of %s at %d", key, offset).isNull();
            assertThat(firstCleaned.get(offset)).as("tombstone at %d", offset).isNotNull();
            assertThat(now - firstCleaned.get(offset)).as("age of the tombstone at %d", offset).isGreaterThanOrEqualTo(DELETE_RETENTION_MS);
            survivors.headMap(offset).forEach((old, record) ->
                assertThat(record.key).as("value at %d came back to life", old).isNotEqualTo(key));
        });
        written.tailMap(log.activeSegmentBaseOffset()).forEach((offset, record) -> {
            if (!record.aborted) {
                assertThat(survivors).containsEntry(offset, record);
            }
        });
    }

    private static String text(ByteBuffer bytes) {
        return bytes == null ? null : new String(Utils.toArray(bytes));
    }
}
