package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.CloseableIterator;
import org.milena.broker.log.Disk;

/** One compaction of one log: first the newest offset of every dirty key, then segment group by group into new files. */
final class Cleaning {
    private final Disk disk;
    private final CleaningPlan plan;
    private final CleanableLog log;
    private final OffsetMap offsets;
    private final CleanerSettings settings;
    private final Throttle throttle;
    private final BufferSupplier codecBuffers = BufferSupplier.create();
    private final SegmentBatches reader;
    private ByteBuffer out;

    Cleaning(Disk disk, CleaningPlan plan, OffsetMap offsets, CleanerSettings settings, Throttle throttle) {
        this.disk = disk;
        this.plan = plan;
        this.log = plan.log();
        this.offsets = offsets;
        this.settings = settings;
        this.throttle = throttle;
        this.reader = new SegmentBatches(Math.max(1024, settings.ioBufferSize() / 2), throttle);
        this.out = ByteBuffer.allocate(Math.max(1024, settings.ioBufferSize() / 2));
    }

    /** The log was closed, deleted or changed under the cleaning; nothing is lost, the next round starts over. */
    static final class Abandoned extends RuntimeException {
        Abandoned(String why) {
            super(why, null, false, false);
        }
    }

    /** @return the first offset that is not clean now */
    long run(long nowMs) throws IOException, InterruptedException {
        mapDirtyKeys();
        long end = offsets.latestOffset() + 1;
        List<List<CleanableSegment>> groups = plan.groups(end);
        CleanedTransactions transactions = new CleanedTransactions(log.abortedTransactions(0, plan.firstUncleanable()));
        for (List<CleanableSegment> group : groups) {
            clean(group, transactions, nowMs);
        }
        return Math.max(end, plan.firstDirty());
    }

    private void mapDirtyKeys() throws IOException, InterruptedException {
        offsets.clear();
        List<CleanableSegment> dirty = plan.dirtySegments();
        long from = dirty.isEmpty() ? plan.firstUncleanable() : dirty.get(0).baseOffset();
        CleanedTransactions transactions = new CleanedTransactions(log.abortedTransactions(from, plan.firstUncleanable()));
        for (int i = 0; i < dirty.size(); i++) {
            boolean whole = reader.read(dirty.get(i), batches -> {
                ensureOpen();
                for (RecordBatch batch : batches.batches()) {
                    if (!mapKeys(batch, transactions)) {
                        return -1;
                    }
                }
                return batches.sizeInBytes();
            });
            if (!whole) {
                return;
            }
            offsets.updateLatestOffset(plan.endOf(dirty, i) - 1);
        }
    }

    /** False when the map is full; the batch then counts as not read. */
    private boolean mapKeys(RecordBatch batch, CleanedTransactions transactions) {
        if (batch.isControlBatch()) {
            transactions.isObsolete(batch);
        } else if (!transactions.isAborted(batch) && batch.lastOffset() >= plan.firstDirty()) {
            try (CloseableIterator<Record> records = batch.streamingIterator(codecBuffers)) {
                while (records.hasNext()) {
                    Record record = records.next();
                    if (record.hasKey() && record.offset() >= plan.firstDirty()) {
                        if (offsets.isFull()) {
                            return false;
                        }
                        offsets.put(record.key(), record.offset());
                    }
                }
            }
        }
        if (batch.lastOffset() >= plan.firstDirty()) {
            offsets.updateLatestOffset(batch.lastOffset());
        }
        return true;
    }

    private void clean(List<CleanableSegment> group, CleanedTransactions transactions, long nowMs) throws IOException, InterruptedException {
        long base = group.get(0).baseOffset();
        Map<Long, CleanableLog.LastRecord> producers = log.activeProducers();
        RetentionFilter filter = new RetentionFilter(offsets, transactions, producers, plan.firstUncleanable(), nowMs,
            log.config().deleteRetentionMs());
        CleanedSegmentWriter writer = new CleanedSegmentWriter(disk, log.directory(), base, log.config().indexIntervalBytes());
        CleanedSegment cleaned;
        try {
            transactions.retainInto(writer::append);
            for (CleanableSegment segment : group) {
                reader.read(segment, batches -> copy(batches, filter, writer));
            }
            cleaned = writer.finish();
            ensureOpen();
        } catch (IOException | InterruptedException | RuntimeException e) {
            discard(writer, e);
            throw e;
        }
        if (!log.replace(group, cleaned)) {
            writer.discard();
            throw new Abandoned("its segments changed meanwhile");
        }
    }

    private static void discard(CleanedSegmentWriter writer, Exception cause) {
        try {
            writer.discard();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private int copy(MemoryRecords batches, RetentionFilter filter, CleanedSegmentWriter writer) throws IOException, InterruptedException {
        ensureOpen();
        out.clear();
        MemoryRecords.FilterResult result = batches.filterTo(filter, out, codecBuffers, Integer.MAX_VALUE);
        ByteBuffer retained = result.outputBuffer().flip();
        if (retained.hasRemaining()) {
            throttle.account(retained.remaining());
            writer.append(retained);
        }
        return result.bytesRead();
    }

    private void ensureOpen() {
        if (!log.isOpen()) {
            throw new Abandoned("it was closed");
        }
    }
}
