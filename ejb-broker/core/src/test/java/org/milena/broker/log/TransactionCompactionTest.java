package org.milena.broker.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.clean.CleanerSettings;

/** A compacted topic that producers write in transactions: at read_committed its last values are those of committed transactions only. */
class TransactionCompactionTest {

    private static final int PRODUCERS = 4;
    private static final int KEYS = 6;

    private final TreeMap<String, String> committed = new TreeMap<>();
    private final Map<Long, Map<String, String>> open = new HashMap<>();
    private final Map<Long, Integer> sequences = new HashMap<>();
    private LogFixture fixture;

    @Test
    void lastValuesAreThoseOfCommittedTransactions() throws Exception {
        Seeds.each(30, 2000, random -> {
            committed.clear();
            open.clear();
            sequences.clear();
            SimulatedDisk disk = new SimulatedDisk();
            start(disk);
            for (int i = 0; i < 400; i++) {
                step(disk, random);
            }
            for (long producer : Set.copyOf(open.keySet())) {
                end(producer, random.nextBoolean());
            }
            for (int round = 0; round < 3; round++) {
                fixture.log().rollIfDue(fixture.now.addAndGet(604_800_001L));
                clean();
                assertLastValues(random);
            }
            fixture.close();
        });
    }

    private void start(SimulatedDisk disk) {
        long now = fixture == null ? LogFixture.START_MS : fixture.now.get();
        fixture = new LogFixture(disk, Path.of("/logs"));
        fixture.now.set(now);
        fixture.config = new LogConfig(1500, 604_800_000, 0, 10 << 20, 256, Long.MAX_VALUE, Long.MAX_VALUE, -1, -1, 60_000, false, true,
                10_000, 0, Long.MAX_VALUE, 0.01, 1 << 20, 1, "producer", -1, 9, 3, TimestampType.CREATE_TIME, Long.MAX_VALUE, Long.MAX_VALUE, false);
        fixture.open();
        fixture.manager.failure(LogFixture.TP).ifPresent(e -> {
            throw e;
        });
        fixture.manager.compactWith(new CleanerSettings(1 << 20, 0.9, 8192, Double.MAX_VALUE), ms -> fixture.now.addAndGet(ms));
        fixture.log();
        fixture.manager.saveTopicConfigs(LogFixture.TOPIC_ID, Map.of("cleanup.policy", "compact"));
    }

    private void step(SimulatedDisk disk, Random random) throws Exception {
        fixture.now.addAndGet(random.nextInt(2000));
        int dice = random.nextInt(40);
        long producer = random.nextInt(PRODUCERS);
        if (dice == 0) {
            clean();
            assertLastValues(random);
        } else if (dice == 1) {
            if (random.nextBoolean()) {
                fixture.close();
            } else {
                disk.kill();
            }
            start(disk);
            assertLastValues(random);
        } else if (dice < 12) {
            end(producer, random.nextBoolean());
        } else {
            append(producer, random);
        }
    }

    private void clean() throws InterruptedException {
        boolean more = true;
        while (more) {
            more = fixture.manager.cleanOnce(fixture.manager.directories().get(0));
        }
    }

    private void end(long producer, boolean commit) {
        fixture.log().endTransaction(new TransactionEnd(producer, (short) 0, 0, commit, (short) 0), 0);
        Map<String, String> values = open.remove(producer);
        if (values != null && commit) {
            values.forEach((key, value) -> {
                if (value == null) {
                    committed.remove(key);
                } else {
                    committed.put(key, value);
                }
            });
        }
    }

    /** Two open transactions never write the same key: which of them counts would be a matter of offsets, not of their ends. */
    private void append(long producer, Random random) {
        SimpleRecord[] records = new SimpleRecord[1 + random.nextInt(3)];
        Map<String, String> values = open.computeIfAbsent(producer, p -> new HashMap<>());
        for (int i = 0; i < records.length; i++) {
            String key = producer + "/" + random.nextInt(KEYS);
            String value = random.nextInt(6) == 0 ? null : "v" + random.nextInt(1000) + "x".repeat(random.nextInt(60));
            values.put(key, value);
            records[i] = new SimpleRecord(fixture.now.get(), key.getBytes(), value == null ? null : value.getBytes());
        }
        int sequence = sequences.merge(producer, records.length, Integer::sum) - records.length;
        Compression codec = random.nextBoolean() ? Compression.NONE : Compression.gzip().build();
        ByteBuffer batch = MemoryRecords.withTransactionalRecords(codec, producer, (short) 0, sequence, records).buffer();
        LogFixture.admitted(fixture.log(), batch);
    }

    /** Reads as a consumer at read_committed does; a transaction that is open hides what follows it, so only whole logs are compared. */
    private void assertLastValues(Random random) throws Exception {
        SegmentedLog log = fixture.log();
        long bound = log.stableOffset();
        if (!open.isEmpty()) {
            assertThat(bound).as("held back by an open transaction").isLessThan(log.logEndOffset());
        }
        TreeMap<String, String> seen = read(log, bound, random);
        if (open.isEmpty()) {
            assertThat(bound).isEqualTo(log.logEndOffset());
            assertThat(seen).isEqualTo(committed);
        }
    }

    private static TreeMap<String, String> read(SegmentedLog log, long bound, Random random) throws Exception {
        TreeMap<String, String> seen = new TreeMap<>();
        for (long next = log.logStartOffset(); next < bound; ) {
            LogRead read = log.read(next, 1 + random.nextInt(1000), bound, true);
            ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
            read.read(bytes, 0);
            PriorityQueue<AbortedTransaction> list = new PriorityQueue<>(Comparator.comparingLong(AbortedTransaction::firstOffset));
            list.addAll(log.abortedTransactions(next, read, bound));
            read.release();
            if (bytes.capacity() == 0) {
                break;
            }
            Set<Long> aborting = new HashSet<>();
            for (RecordBatch batch : MemoryRecords.readableRecords(bytes.flip()).batches()) {
                while (!list.isEmpty() && list.peek().firstOffset() <= batch.lastOffset()) {
                    aborting.add(list.remove().producerId());
                }
                next = batch.nextOffset();
                if (batch.isControlBatch()) {
                    if (batch.iterator().hasNext() && ControlRecordType.parse(batch.iterator().next().key()) == ControlRecordType.ABORT) {
                        aborting.remove(batch.producerId());
                    }
                } else if (!aborting.contains(batch.producerId())) {
                    batch.forEach(record -> see(seen, record));
                }
            }
        }
        return seen;
    }

    private static void see(TreeMap<String, String> seen, Record record) {
        String key = StandardCharsets.UTF_8.decode(record.key()).toString();
        if (record.hasValue()) {
            seen.put(key, StandardCharsets.UTF_8.decode(record.value()).toString());
        } else {
            seen.remove(key);
        }
    }
}
