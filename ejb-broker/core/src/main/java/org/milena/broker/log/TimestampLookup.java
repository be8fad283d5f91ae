package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.broker.log.PartitionLog.TimestampedOffset;

/** ListOffsets by time: finds the batch by the time indexes, the record by reading that batch. Without locks. */
final class TimestampLookup {

    private final NavigableMap<Long, LogSegment> segments;

    TimestampLookup(NavigableMap<Long, LogSegment> segments) {
        this.segments = segments;
    }

    /** The first record from {@code from} on and below {@code bound} whose timestamp is at least {@code timestamp}. */
    Optional<TimestampedOffset> atOrAfter(long timestamp, long from, long bound) throws IOException {
        for (Map.Entry<Long, LogSegment> entry : segments.entrySet()) {
            LogSegment segment = entry.getValue();
            Map.Entry<Long, LogSegment> next = segments.higherEntry(entry.getKey());
            boolean behind = next != null && next.getKey() <= from;
            if (behind || segment.maxTimestamp() < timestamp) {
                continue;
            }
            int relative = segment.times().valueAtFloor(timestamp - 1);
            long start = Math.max(from, segment.baseOffset() + Math.max(0, relative));
            Optional<TimestampedOffset> found = scan(segment, start, from, bound, timestamp);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private Optional<TimestampedOffset> scan(LogSegment segment, long start, long from, long bound, long timestamp) throws IOException {
        int position = segment.floorPosition(start);
        int size = segment.size();
        BatchPosition batch = segment.walkTo(position, start, size);
        while (batch != null && batch.baseOffset() < bound) {
            RecordBatch read = read(segment, batch);
            if (read.maxTimestamp() >= timestamp) {
                for (Record record : read) {
                    if (record.timestamp() >= timestamp && record.offset() >= from && record.offset() < bound) {
                        return Optional.of(found(record.timestamp(), record.offset(), read));
                    }
                }
            }
            batch = segment.walkTo(batch.position() + batch.size(), start, size);
        }
        return Optional.empty();
    }

    /** The first record with the largest timestamp in [from, bound). */
    Optional<TimestampedOffset> largest(long from, long bound) throws IOException {
        TimestampedOffset best = null;
        for (Map.Entry<Long, LogSegment> entry : segments.headMap(bound).entrySet()) {
            LogSegment segment = entry.getValue();
            Map.Entry<Long, LogSegment> next = segments.higherEntry(entry.getKey());
            boolean behind = next != null && next.getKey() <= from;
            long timestamp = segment.maxTimestamp();
            if (behind || timestamp < 0 || best != null && timestamp <= best.timestamp()) {
                continue;
            }
            long offset = segment.offsetOfMaxTimestamp();
            boolean within = offset >= from && offset < bound;
            TimestampedOffset here = within ? inBatch(segment, offset) : inRange(segment, from, bound);
            if (here != null && (best == null || here.timestamp() > best.timestamp())) {
                best = here;
            }
        }
        return Optional.ofNullable(best);
    }

    private TimestampedOffset inBatch(LogSegment segment, long offset) throws IOException {
        BatchPosition batch = segment.walkTo(segment.floorPosition(offset), offset, segment.size());
        return batch == null ? null : largestIn(read(segment, batch), 0, Long.MAX_VALUE);
    }

    /** The largest lies outside of what may be seen: look at every batch. */
    private TimestampedOffset inRange(LogSegment segment, long from, long bound) throws IOException {
        int size = segment.size();
        TimestampedOffset best = null;
        BatchPosition batch = segment.walkTo(segment.floorPosition(from), from, size);
        while (batch != null && batch.baseOffset() < bound) {
            TimestampedOffset here = largestIn(read(segment, batch), from, bound);
            if (here != null && (best == null || here.timestamp() > best.timestamp())) {
                best = here;
            }
            batch = segment.walkTo(batch.position() + batch.size(), from, size);
        }
        return best;
    }

    private static TimestampedOffset largestIn(RecordBatch batch, long from, long bound) {
        TimestampedOffset best = null;
        for (Record record : batch) {
            if (record.offset() >= from && record.offset() < bound && record.timestamp() >= 0
                    && (best == null || record.timestamp() > best.timestamp())) {
                best = found(record.timestamp(), record.offset(), batch);
            }
        }
        return best;
    }

    private static TimestampedOffset found(long timestamp, long offset, RecordBatch batch) {
        return new TimestampedOffset(timestamp, offset, batch.partitionLeaderEpoch());
    }

    private static RecordBatch read(LogSegment segment, BatchPosition batch) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(batch.size());
        Disk.Handle handle = segment.log().acquire();
        try {
            handle.read(bytes, batch.position());
        } finally {
            segment.log().release();
        }
        RecordBatch read = MemoryRecords.readableRecords(bytes.flip()).batches().iterator().next();
        if (!read.isValid()) {
            throw segment.damaged(batch.position(), "a batch of " + batch.size() + " bytes whose CRC does not match");
        }
        return read;
    }
}
