package org.milena.broker.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.time.BrokerClock;

/** What log tests build on: a manager on a given disk, a clock that is set by hand, batches and their reading. */
final class LogFixture implements AutoCloseable {

    static final Uuid TOPIC_ID = new Uuid(7, 7);
    static final TopicPartition TP = new TopicPartition("orders", 0);
    static final long START_MS = 1_700_000_000_000L;

    final AtomicLong now = new AtomicLong(START_MS);
    final Disk disk;
    final List<Path> dirs;
    LogConfig config = config(1 << 20);
    FileLogManager manager;

    LogFixture(Disk disk, Path... dirs) {
        this.disk = disk;
        this.dirs = List.of(dirs);
    }

    FileLogManager open() {
        manager = FileLogManager.open(new LogManagerOptions(dirs, 1, disk, clock(), path -> sameThread(), Runnable::run, 20, 86_400_000, config));
        return manager;
    }

    SegmentedLog log() {
        return log(TP);
    }

    SegmentedLog log(TopicPartition tp) {
        return (SegmentedLog) manager.getOrCreate(tp, TOPIC_ID, config);
    }

    BrokerClock clock() {
        return new BrokerClock() {
            @Override
            public long millis() {
                return now.get();
            }

            @Override
            public long nanoTime() {
                return now.get() * 1_000_000;
            }
        };
    }

    static DirectoryExecutor sameThread() {
        return new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return true;
            }

            @Override
            public Executor forPartition(TopicPartition partition) {
                return Runnable::run;
            }
        };
    }

    static LogConfig config(int segmentBytes) {
        return config(segmentBytes, Long.MAX_VALUE, -1, -1);
    }

    static LogConfig config(int segmentBytes, long flushMessages, long retentionBytes, long retentionMs) {
        return new LogConfig(segmentBytes, 604_800_000, 0, 10 << 20, 256, flushMessages, Long.MAX_VALUE, retentionBytes, retentionMs, 60_000,
                true, false, 86_400_000, 0, Long.MAX_VALUE, 0.5, 1 << 20, 1, "producer", -1, 9, 3, TimestampType.CREATE_TIME,
                Long.MAX_VALUE, Long.MAX_VALUE, false);
    }

    ByteBuffer batch(String... values) {
        return MemoryRecords.withRecords(Compression.NONE, records(values)).buffer();
    }

    ByteBuffer idempotent(long producerId, int epoch, int sequence, String... values) {
        return MemoryRecords.withIdempotentRecords(Compression.NONE, producerId, (short) epoch, sequence, records(values)).buffer();
    }

    ByteBuffer transactional(long producerId, int epoch, int sequence, String... values) {
        return MemoryRecords.withTransactionalRecords(Compression.NONE, producerId, (short) epoch, sequence, records(values)).buffer();
    }

    /** As the produce path does it: the guard is taken, the coordinator says yes, the records enter. */
    static LogAppendInfo admitted(PartitionLog log, ByteBuffer transactional) {
        TransactionGuard guard = log.expectTransaction(BatchHeader.producerId(transactional, 0), BatchHeader.producerEpoch(transactional, 0),
                BatchHeader.baseSequence(transactional, 0), false);
        return log.append(transactional, AppendOrigin.CLIENT, 0, guard);
    }

    LogAppendInfo commit(long producerId, int epoch, int coordinatorEpoch) {
        return log().endTransaction(new TransactionEnd(producerId, (short) epoch, coordinatorEpoch, true, (short) 0), 0);
    }

    LogAppendInfo abort(long producerId, int epoch, int coordinatorEpoch) {
        return log().endTransaction(new TransactionEnd(producerId, (short) epoch, coordinatorEpoch, false, (short) 0), 0);
    }

    private SimpleRecord[] records(String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int i = 0; i < values.length; i++) {
            records[i] = new SimpleRecord(now.get(), values[i].getBytes(StandardCharsets.UTF_8));
        }
        return records;
    }

    LogAppendInfo append(String... values) {
        return log().append(batch(values), AppendOrigin.CLIENT, 0);
    }

    /** Every record from the log start to the log end as "offset=value". */
    static List<String> contents(PartitionLog log) {
        return contents(log, log.logStartOffset());
    }

    static List<String> contents(PartitionLog log, long from) {
        List<String> found = new ArrayList<>();
        long next = from;
        while (next < log.logEndOffset()) {
            MemoryRecords records = fetch(log, next, 4096, log.logEndOffset());
            if (records.sizeInBytes() == 0) {
                break;
            }
            records.batches().forEach(RecordBatch::ensureValid);
            for (Record record : records.records()) {
                if (record.offset() >= next) {
                    found.add(record.offset() + "=" + StandardCharsets.UTF_8.decode(record.value()));
                }
                next = Math.max(next, record.offset() + 1);
            }
        }
        return found;
    }

    static MemoryRecords fetch(PartitionLog log, long offset, int maxBytes, long bound) {
        LogRead read = log.read(offset, maxBytes, bound, true);
        try {
            ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
            read.read(bytes, 0);
            return MemoryRecords.readableRecords(bytes.flip());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        } finally {
            read.release();
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
