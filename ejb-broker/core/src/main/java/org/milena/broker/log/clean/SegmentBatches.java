package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.milena.broker.log.validate.BatchCursor;

/** Reads a segment from front to back, as many whole batches at a time as its buffer holds; grows for a larger batch. */
final class SegmentBatches {
    private final int bufferSize;
    private final Throttle throttle;
    private ByteBuffer buffer;

    SegmentBatches(int bufferSize, Throttle throttle) {
        this.bufferSize = bufferSize;
        this.throttle = throttle;
        this.buffer = ByteBuffer.allocate(bufferSize);
    }

    /** What to do with a run of whole, intact batches. */
    interface Visitor {
        /** @return bytes of whole batches that are done with, or -1 to stop reading the segment */
        int visit(MemoryRecords batches) throws IOException, InterruptedException;
    }

    /** @return false when the visitor stopped */
    boolean read(CleanableSegment segment, Visitor visitor) throws IOException, InterruptedException {
        int position = 0;
        while (position < segment.size()) {
            int length = Math.min(buffer.capacity(), segment.size() - position);
            buffer.clear().limit(length);
            segment.read(buffer, position);
            buffer.flip();
            throttle.account(length);
            int whole = wholeBatches(segment, position);
            if (whole == 0) {
                grow(segment, position);
                continue;
            }
            buffer.limit(whole);
            int done = visitor.visit(intact(segment, position));
            if (done < 0) {
                return false;
            }
            position += done;
        }
        if (buffer.capacity() > bufferSize) {
            buffer = ByteBuffer.allocate(bufferSize);
        }
        return true;
    }

    private MemoryRecords intact(CleanableSegment segment, int position) {
        MemoryRecords records = MemoryRecords.readableRecords(buffer);
        int at = position;
        for (MutableRecordBatch batch : records.batches()) {
            RetentionFilter.ensureIntact(batch, segment, at);
            at += batch.sizeInBytes();
        }
        return records;
    }

    private int wholeBatches(CleanableSegment segment, int position) {
        int at = 0;
        while (buffer.limit() - at >= BatchCursor.LOG_OVERHEAD) {
            int length = buffer.getInt(at + BatchCursor.LENGTH_OFFSET);
            if (length < 0 || length > segment.size() - position - at - BatchCursor.LOG_OVERHEAD) {
                throw damaged(segment, position + at, "a batch claims " + length + " bytes of "
                    + (segment.size() - position - at - BatchCursor.LOG_OVERHEAD));
            }
            if (at + BatchCursor.LOG_OVERHEAD + length > buffer.limit()) {
                break;
            }
            at += BatchCursor.LOG_OVERHEAD + length;
        }
        return at;
    }

    private void grow(CleanableSegment segment, int position) {
        if (buffer.limit() < BatchCursor.LOG_OVERHEAD) {
            throw damaged(segment, position, "the file ends inside a batch header");
        }
        int needed = buffer.getInt(BatchCursor.LENGTH_OFFSET) + BatchCursor.LOG_OVERHEAD;
        buffer = ByteBuffer.allocate(needed);
    }

    private static CorruptRecordException damaged(CleanableSegment segment, int position, String what) {
        return new CorruptRecordException("Damaged log segment " + segment.name() + " at position " + position + ": " + what
            + ". Nothing was changed and the partition is not compacted until it is repaired. Inspect it with: kafka-dump-log"
            + " --deep-iteration --files " + segment.name());
    }
}
