package org.milena.compat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.Utils;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.NioDisk;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.time.BrokerClock;

/** Opens directories with our log manager and reads them. */
final class OurLog {

    private OurLog() {
    }

    /** One record as a client would see it. */
    record Seen(long offset, long timestamp, String key, String value, List<String> headers) {
    }

    static FileLogManager open(Path directory, LogConfig defaults) {
        BrokerClock clock = new BrokerClock() {
            @Override
            public long millis() {
                return System.currentTimeMillis();
            }

            @Override
            public long nanoTime() {
                return System.nanoTime();
            }
        };
        return FileLogManager.open(new LogManagerOptions(List.of(directory), 1, new NioDisk(), clock, path -> sameThread(), Runnable::run, 100,
            86_400_000, defaults));
    }

    static LogConfig config(boolean compacted, int segmentBytes) {
        return new LogConfig(segmentBytes, 604_800_000, 0, 10 << 20, 1024, Long.MAX_VALUE, Long.MAX_VALUE, -1, -1, 60_000,
            !compacted, compacted, 86_400_000, 0, Long.MAX_VALUE, 0.01, 1 << 20, 1, "producer", -1, 9, 3,
            TimestampType.CREATE_TIME, Long.MAX_VALUE, Long.MAX_VALUE, false);
    }

    private static DirectoryExecutor sameThread() {
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

    /** Every data record; with {@code committed} without those of aborted transactions, filtered as a consumer does. */
    static List<Seen> read(PartitionLog log, boolean committed) throws IOException {
        List<Seen> seen = new ArrayList<>();
        List<AbortedTransaction> aborted = log.abortedTransactions(log.logStartOffset(), log.logEndOffset());
        for (MutableRecordBatch batch : batches(log)) {
            batch.ensureValid();
            boolean hidden = committed && batch.isTransactional() && inAborted(log, batch, aborted);
            if (!batch.isControlBatch() && !hidden) {
                for (Record record : batch) {
                    seen.add(new Seen(record.offset(), record.timestamp(), text(record.key()), text(record.value()),
                        Arrays.stream(record.headers()).map(header -> header.key() + "=" + new String(header.value())).toList()));
                }
            }
        }
        return seen;
    }

    /** The transaction is aborted when the producer's next marker after the batch aborts it: its first offset is in the list. */
    private static boolean inAborted(PartitionLog log, MutableRecordBatch batch, List<AbortedTransaction> all) {
        return log.abortedTransactions(batch.baseOffset(), batch.nextOffset()).stream()
            .anyMatch(transaction -> transaction.producerId() == batch.producerId() && all.contains(transaction));
    }

    static List<MutableRecordBatch> batches(PartitionLog log) throws IOException {
        List<MutableRecordBatch> batches = new ArrayList<>();
        long next = log.logStartOffset();
        while (next < log.logEndOffset()) {
            LogRead read = log.read(next, 1 << 20, log.logEndOffset(), true);
            try {
                if (read.sizeInBytes() == 0) {
                    break;
                }
                ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
                read.read(bytes, 0);
                for (MutableRecordBatch batch : MemoryRecords.readableRecords(bytes.flip()).batches()) {
                    if (batch.lastOffset() >= next) {
                        batches.add(batch);
                        next = batch.nextOffset();
                    }
                }
            } finally {
                read.release();
            }
        }
        return batches;
    }

    private static String text(ByteBuffer bytes) {
        return bytes == null ? null : new String(Utils.toArray(bytes));
    }
}
