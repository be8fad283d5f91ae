package org.milena.broker.log;

import java.io.IOException;
import java.util.Map;
import java.util.NavigableMap;

/** Finds ranges to read in a list of segments. Takes no lock but the tail cache's. */
final class SegmentSearch {

    private final NavigableMap<Long, LogSegment> segments;
    private final TailCache tail;

    SegmentSearch(NavigableMap<Long, LogSegment> segments, TailCache tail) {
        this.segments = segments;
        this.tail = tail;
    }

    /** {@code upperBound} lies at or below the log end, {@code offset} below it. */
    SegmentRead read(long offset, int maxBytes, long upperBound, long logEnd, boolean minOneBatch) throws IOException {
        Map.Entry<Long, LogSegment> entry = segments.floorEntry(offset);
        if (entry == null) {
            entry = segments.ceilingEntry(offset);
        }
        while (entry != null && entry.getKey() < upperBound) {
            Map.Entry<Long, LogSegment> next = segments.higherEntry(entry.getKey());
            BatchPosition start = first(entry.getValue(), offset, entry.getValue().size());
            if (start != null && start.size() > 0) {
                ensurePossible(entry.getValue(), start, offset, logEnd);
                return read(entry.getValue(), next, start, offset, maxBytes, upperBound, minOneBatch);
            }
            // Compaction took the segment's end.
            entry = next;
        }
        return new SegmentRead(offset);
    }

    /** Else a damaged header would let a consumer wait for ever for a batch that seems to reach above the bound. */
    private static void ensurePossible(LogSegment segment, BatchPosition batch, long offset, long logEnd) {
        if (batch.baseOffset() <= offset && batch.lastOffset() >= logEnd) {
            throw segment.damaged(batch.position(), "a batch claims offsets " + batch.baseOffset() + " to " + batch.lastOffset()
                    + ", but the log ends at " + logEnd);
        }
    }

    private SegmentRead read(LogSegment segment, Map.Entry<Long, LogSegment> next, BatchPosition start, long offset, int maxBytes,
                             long upperBound, boolean minOneBatch) throws IOException {
        int size = segment.size();
        if (start.lastOffset() >= upperBound || start.size() > maxBytes && !minOneBatch) {
            return new SegmentRead(offset);
        }
        boolean whole = next != null && next.getKey() <= upperBound;
        int limit = whole ? size : endBefore(segment, upperBound, size);
        int end = limit;
        if (limit - start.position() > maxBytes) {
            end = Math.max(start.position() + start.size(), boundary(segment, start.position(), start.position() + maxBytes, limit));
        }
        return new SegmentRead(segment.log(), start.position(), end - start.position(), start.baseOffset(), limit,
                whole ? next.getKey() : upperBound);
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
}
