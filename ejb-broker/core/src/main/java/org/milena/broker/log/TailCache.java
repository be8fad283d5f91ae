package org.milena.broker.log;

/**
 * Positions of the last appended batches of the active segment, so that consumers at the tail and the high watermark just behind
 * it cost no disk read. Its monitor is held for a few array accesses only, never over I/O.
 */
final class TailCache {

    private static final int BATCHES = 128;

    /** Made with the first append: most of very many partitions are idle. */
    private long[] first;
    private long[] last;
    private int[] position;
    private long segment = -1;
    private int end;
    /** Batches ever added for this segment; entry {@code i} is at {@code i % BATCHES}. */
    private long added;

    synchronized void reset(long segmentBaseOffset) {
        segment = segmentBaseOffset;
        added = 0;
        end = 0;
    }

    synchronized void add(long baseOffset, long lastOffset, int at, int size) {
        if (first == null) {
            first = new long[BATCHES];
            last = new long[BATCHES];
            position = new int[BATCHES];
        }
        int slot = (int) (added++ % BATCHES);
        first[slot] = baseOffset;
        last[slot] = lastOffset;
        position[slot] = at;
        end = at + size;
    }

    /**
     * The first batch whose last offset is &gt;= {@code offset}; beyond the newest, the end of the segment (size 0);
     * null when the cache does not reach back that far or is about another segment.
     */
    synchronized BatchPosition find(long segmentBaseOffset, long offset) {
        if (segmentBaseOffset != segment || added == 0) {
            return null;
        }
        long oldest = Math.max(0, added - BATCHES);
        if (offset < first[(int) (oldest % BATCHES)]) {
            return null;
        }
        long low = oldest;
        long high = added;
        while (low < high) {
            long middle = (low + high) >>> 1;
            if (last[(int) (middle % BATCHES)] >= offset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if (low == added) {
            return new BatchPosition(end, 0, -1, -1);
        }
        int slot = (int) (low % BATCHES);
        int next = low + 1 == added ? end : position[(int) ((low + 1) % BATCHES)];
        return new BatchPosition(position[slot], next - position[slot], first[slot], last[slot]);
    }
}
