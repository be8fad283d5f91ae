package org.milena.broker.log.clean;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.milena.broker.log.LogConfig;

/**
 * What could be cleaned of one log now.
 *
 * @param firstDirty      first offset that was never cleaned
 * @param firstUncleanable base offset of the first segment that must not be touched
 * @param overdue         {@code max.compaction.lag.ms} has passed for some dirty record
 */
record CleaningPlan(CleanableLog log, long firstDirty, long firstUncleanable, long cleanBytes, long dirtyBytes, boolean overdue) {

    /** @param checkpoint first dirty offset as remembered, or null */
    static CleaningPlan of(CleanableLog log, Long checkpoint, long nowMs) throws IOException {
        long start = log.logStartOffset();
        // behind the log's end it was left by a log that has been truncated since: everything counts as dirty then
        boolean usable = checkpoint != null && checkpoint >= start && checkpoint <= log.logEndOffset();
        long firstDirty = usable ? checkpoint : start;
        List<? extends CleanableSegment> closed = log.closedSegments();
        long bound = Math.min(log.stableOffset(), log.activeSegmentBaseOffset());
        bound = Math.min(bound, firstYoungSegment(closed, firstDirty, log, nowMs));
        long firstUncleanable = log.activeSegmentBaseOffset();
        for (int i = closed.size() - 1; i >= 0 && end(closed, i, log) > bound; i--) {
            firstUncleanable = closed.get(i).baseOffset();
        }
        long clean = 0;
        long dirty = 0;
        for (int i = 0; i < closed.size() && closed.get(i).baseOffset() < firstUncleanable; i++) {
            if (end(closed, i, log) <= firstDirty) {
                clean += closed.get(i).size();
            } else {
                dirty += closed.get(i).size();
            }
        }
        return new CleaningPlan(log, firstDirty, firstUncleanable, clean, dirty, overdue(closed, firstDirty, firstUncleanable, log, nowMs));
    }

    private static long end(List<? extends CleanableSegment> closed, int index, CleanableLog log) {
        return index + 1 < closed.size() ? closed.get(index + 1).baseOffset() : log.activeSegmentBaseOffset();
    }

    /** {@code min.compaction.lag.ms}: a consumer that keeps up sees every value. */
    private static long firstYoungSegment(List<? extends CleanableSegment> closed, long firstDirty, CleanableLog log, long nowMs)
            throws IOException {
        long lag = Math.max(0, log.config().minCompactionLagMs());
        for (int i = 0; lag > 0 && i < closed.size(); i++) {
            if (end(closed, i, log) > firstDirty && closed.get(i).largestTimestamp() > nowMs - lag) {
                return closed.get(i).baseOffset();
            }
        }
        return Long.MAX_VALUE;
    }

    private static boolean overdue(List<? extends CleanableSegment> closed, long firstDirty, long firstUncleanable, CleanableLog log,
                                   long nowMs) throws IOException {
        long latest = nowMs - Math.max(0, log.config().maxCompactionLagMs());
        for (int i = 0; i < closed.size() && closed.get(i).baseOffset() < firstUncleanable; i++) {
            if (end(closed, i, log) > firstDirty) {
                long timestamp = closed.get(i).firstBatchTimestamp();
                if (timestamp > 0 && timestamp < latest) {
                    return true;
                }
            }
        }
        return false;
    }

    double dirtyRatio() {
        long total = cleanBytes + dirtyBytes;
        return total == 0 ? 0 : (double) dirtyBytes / total;
    }

    boolean due() {
        return dirtyBytes > 0 && (overdue || dirtyRatio() > log.config().minCleanableDirtyRatio());
    }

    /** Segments to read for keys: those with dirty offsets. */
    List<CleanableSegment> dirtySegments() {
        List<CleanableSegment> dirty = new ArrayList<>();
        List<CleanableSegment> all = segmentsBelow(firstUncleanable);
        for (int i = 0; i < all.size(); i++) {
            if (endOf(all, i) > firstDirty) {
                dirty.add(all.get(i));
            }
        }
        return dirty;
    }

    /** First offset behind the segment; for the last one the end of the round. */
    long endOf(List<CleanableSegment> segments, int index) {
        return index + 1 < segments.size() ? segments.get(index + 1).baseOffset() : firstUncleanable;
    }

    private List<CleanableSegment> segmentsBelow(long offset) {
        List<CleanableSegment> below = new ArrayList<>();
        for (CleanableSegment segment : log.closedSegments()) {
            if (segment.baseOffset() < Math.min(offset, firstUncleanable)) {
                below.add(segment);
            }
        }
        return below;
    }

    /** Segments below {@code end}, in runs that fit one segment file each: compaction must not leave ever smaller files. */
    List<List<CleanableSegment>> groups(long end) {
        LogConfig config = log.config();
        List<List<CleanableSegment>> groups = new ArrayList<>();
        List<CleanableSegment> segments = segmentsBelow(end);
        List<CleanableSegment> group = new ArrayList<>();
        long bytes = 0;
        for (int i = 0; i < segments.size(); i++) {
            CleanableSegment segment = segments.get(i);
            boolean fits = group.isEmpty() || bytes + segment.size() <= config.segmentBytes()
                && endOf(segments, i) - 1 - group.get(0).baseOffset() <= Integer.MAX_VALUE;
            if (!fits) {
                groups.add(group);
                group = new ArrayList<>();
                bytes = 0;
            }
            group.add(segment);
            bytes += segment.size();
        }
        if (!group.isEmpty()) {
            groups.add(group);
        }
        return groups;
    }
}
