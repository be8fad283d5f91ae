package org.milena.broker.log;

import java.io.IOException;
import java.util.Map;
import java.util.NavigableMap;
import org.apache.kafka.common.errors.CorruptRecordException;

/** Finds ranges to read in a list of segments. Takes no lock but the tail cache's. */
final class LogReader {

    private final NavigableMap<Long, LogSegment> segments;
    private final TailCache tail;

    LogReader(NavigableMap<Long, LogSegment> segments, TailCache tail) {
        this.segments = segments;
        this.tail = tail;
    }

    /** {@code upperBound} lies at or below the log end, {@code offset} below it. */
    SegmentRead read(long offset, int maxBytes, long upperBound, boolean minOneBatch) throws IOException {
        Map.Entry<Long, LogSegment> entry = segments.floorEntry(offset);
        if (entry == null) {
            entry = segments.ceilingEntry(offset);
        }
        while (entry != null && entry.getKey() < upperBound) {
            Map.Entry<Long, LogSegment> next = segments.higherEntry(entry.getKey());
            SegmentRead found = read(entry.getValue(), next, offset, maxBytes, upperBound, minOneBatch);
            if (found != null) {
                return found;
            }
            entry = next;
        }
        return new SegmentRead(offset);
    }

    /** Null when the segment holds nothing at or after {@code offset}: compaction took its end. */
    private SegmentRead read(LogSegment segment, Map.Entry<Long, LogSegment> next, long offset, int maxBytes, long upperBound,
                             boolean minOneBatch) throws IOException {
        int size = segment.size();
        BatchPosition start = first(segment, offset, size);
        if (start == null || start.size() == 0) {
            return null;
        }
        if (start.lastOffset() >= upperBound || start.size() > maxBytes && !minOneBatch) {
            return new SegmentRead(offset);
        }
        boolean whole = next != null && next.getKey() <= upperBound;
        int limit = whole ? size : endBefore(segment, upperBound, size);
        int end = limit;
        if (limit - start.position() > maxBytes) {
            end = Math.max(start.position() + start.size(), boundary(segment, start.position(), start.position() + maxBytes, limit));
        }
        return new SegmentRead(segment.log(), start.position(), end - start.position(), start.baseOffset());
    }

    private BatchPosition first(LogSegment segment, long offset, int size) throws IOException {
        BatchPosition cached = tail.find(segment.baseOffset(), offset);
        return cached != null ? cached : segment.walkTo(segment.floorPosition(offset), offset, size);
    }

    /** Position of the first batch that reaches {@code upperBound}. */
    private int endBefore(LogSegment segment, long upperBound, int size) throws IOException {
        BatchPosition first = first(segment, upperBound, size);
        return first == null ? size : first.position();
    }

    private static int boundary(LogSegment segment, int from, int target, int limit) throws IOException {
        int indexed = segment.offsets().floorValue(target);
        return segment.lastBoundary(Math.max(from, indexed), target, limit);
    }

    /** The batch that holds or follows {@code offset}, or null at the end of the log. */
    Located locate(long offset) throws IOException, CorruptRecordException {
        Map.Entry<Long, LogSegment> entry = segments.floorEntry(offset);
        while (entry != null) {
            LogSegment segment = entry.getValue();
            BatchPosition found = segment.walkTo(segment.floorPosition(offset), offset, segment.size());
            if (found != null) {
                return new Located(segment, found);
            }
            entry = segments.higherEntry(entry.getKey());
        }
        return null;
    }

    record Located(LogSegment segment, BatchPosition batch) {
    }
}
