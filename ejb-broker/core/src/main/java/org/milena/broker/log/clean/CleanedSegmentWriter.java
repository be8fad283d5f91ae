package org.milena.broker.log.clean;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.broker.log.Disk;

/** Writes the four {@code .cleaned} files of a compacted segment. Reads back nothing; owned by one cleaning. */
final class CleanedSegmentWriter implements Closeable {
    private static final int OFFSET_ENTRY_BYTES = 8;
    private static final int TIME_ENTRY_BYTES = 12;
    private static final int TXN_ENTRY_BYTES = 34;

    private final Disk disk;
    private final Path directory;
    private final long baseOffset;
    private final int indexInterval;
    private final Map<String, Disk.Handle> files = new HashMap<>();
    private ByteBuffer offsets = ByteBuffer.allocate(64 * OFFSET_ENTRY_BYTES);
    private ByteBuffer times = ByteBuffer.allocate(64 * TIME_ENTRY_BYTES);
    private ByteBuffer transactions = ByteBuffer.allocate(4 * TXN_ENTRY_BYTES);
    private int size;
    private int bytesSinceEntry;
    private long largestTimestamp = RecordBatch.NO_TIMESTAMP;
    private long offsetOfLargest = -1;
    private long lastTimeEntry = RecordBatch.NO_TIMESTAMP;

    CleanedSegmentWriter(Disk disk, Path directory, long baseOffset, int indexInterval) throws IOException {
        this.disk = disk;
        this.directory = directory;
        this.baseOffset = baseOffset;
        this.indexInterval = indexInterval;
        try {
            for (String suffix : new String[] {SegmentSwap.LOG, SegmentSwap.INDEX, SegmentSwap.TIME_INDEX, SegmentSwap.TXN_INDEX}) {
                Disk.Handle handle = disk.open(SegmentSwap.file(directory, baseOffset, suffix + SegmentSwap.CLEANED), Disk.Mode.CREATE);
                files.put(suffix, handle);
                handle.truncate(0);
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** Appends whole batches; {@code batches} is left consumed. */
    void append(ByteBuffer batches) throws IOException {
        int position = size;
        for (RecordBatch batch : MemoryRecords.readableRecords(batches.slice()).batches()) {
            index(batch, position);
            position += batch.sizeInBytes();
        }
        files.get(SegmentSwap.LOG).write(batches, size);
        size = position;
    }

    private void index(RecordBatch batch, int position) {
        if (batch.maxTimestamp() > largestTimestamp) {
            largestTimestamp = batch.maxTimestamp();
            offsetOfLargest = batch.lastOffset();
        }
        if (bytesSinceEntry > indexInterval) {
            offsets = room(offsets, OFFSET_ENTRY_BYTES).putInt(Math.toIntExact(batch.lastOffset() - baseOffset)).putInt(position);
            timeEntry();
            bytesSinceEntry = 0;
        }
        bytesSinceEntry += batch.sizeInBytes();
    }

    private void timeEntry() {
        if (largestTimestamp > lastTimeEntry) {
            times = room(times, TIME_ENTRY_BYTES).putLong(largestTimestamp).putInt(Math.toIntExact(offsetOfLargest - baseOffset));
            lastTimeEntry = largestTimestamp;
        }
    }

    void append(AbortedTransaction aborted) {
        transactions = room(transactions, TXN_ENTRY_BYTES).putShort((short) 0).putLong(aborted.producerId())
            .putLong(aborted.firstOffset()).putLong(aborted.lastOffset()).putLong(aborted.lastStableOffset());
    }

    private static ByteBuffer room(ByteBuffer buffer, int bytes) {
        return buffer.remaining() >= bytes ? buffer : ByteBuffer.allocate(buffer.capacity() * 2).put(buffer.flip());
    }

    /** Writes the indexes and returns once all four files are on disk, closed. */
    CleanedSegment finish() throws IOException {
        timeEntry();
        files.get(SegmentSwap.INDEX).write(offsets.flip(), 0);
        files.get(SegmentSwap.TIME_INDEX).write(times.flip(), 0);
        files.get(SegmentSwap.TXN_INDEX).write(transactions.flip(), 0);
        for (Disk.Handle handle : files.values()) {
            handle.force();
        }
        close();
        disk.syncDirectory(directory);
        return new CleanedSegment(baseOffset, size, largestTimestamp, offsetOfLargest);
    }

    /** Removes the files again; for a cleaning that was given up. */
    void discard() throws IOException {
        close();
        for (String suffix : new String[] {SegmentSwap.LOG, SegmentSwap.INDEX, SegmentSwap.TIME_INDEX, SegmentSwap.TXN_INDEX}) {
            disk.delete(SegmentSwap.file(directory, baseOffset, suffix + SegmentSwap.CLEANED));
        }
    }

    @Override
    public void close() throws IOException {
        for (Disk.Handle handle : files.values()) {
            handle.close();
        }
        files.clear();
    }
}
