package org.milena.broker.log;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.milena.broker.log.clean.CleanedSegment;

/**
 * What is taken from a log while it lives: old segments by retention, records by DeleteRecords, the sources of a compaction. Shares the
 * log's two locks, see {@link SegmentedLog}.
 */
final class LogRemovals {

    private final SegmentedLog log;
    private final ConcurrentSkipListMap<Long, LogSegment> segments;
    private final Object maintenance;
    private final Object lock;

    LogRemovals(SegmentedLog log, ConcurrentSkipListMap<Long, LogSegment> segments, Object maintenance, Object lock) {
        this.log = log;
        this.segments = segments;
        this.maintenance = maintenance;
        this.lock = lock;
    }

    void advanceLogStart(long newStart) {
        synchronized (maintenance) {
            log.ensureOpen();
            if (log.config().held()) {
                throw new PolicyViolationException("The configuration of topic " + log.topicPartition().topic()
                        + " is unknown: its records are kept until it has been set");
            }
            if (newStart > log.highWatermark()) {
                throw new OffsetOutOfRangeException("Cannot delete records of " + log.topicPartition() + " before offset " + newStart
                        + ": its high watermark is " + log.highWatermark());
            }
            if (newStart > log.firstUnstableOffset()) {
                throw new OffsetOutOfRangeException("Cannot delete records of " + log.topicPartition() + " before offset " + newStart
                        + ": those from offset " + log.firstUnstableOffset() + " on belong to a transaction that is not decided");
            }
            if (newStart > log.logStartOffset()) {
                log.moveStart(newStart);
                log.directory().checkpoints().logStarts();
            }
        }
    }

    int enforceRetention(long nowMs, long upperBound) {
        synchronized (maintenance) {
            log.ensureOpen();
            LogConfig now = log.config();
            if (now.held()) {
                return 0;
            }
            try {
                List<LogSegment> due = Retention.due(segments, log, now, nowMs, Math.min(upperBound, log.stableOffset()));
                if (!due.isEmpty()) {
                    remove(due, nowMs);
                }
                return due.size();
            } catch (IOException e) {
                throw log.directory().fail("the deletion of old segments of " + log.topicPartition(), e);
            }
        }
    }

    /** Takes segments from the front of the log. Holds {@code maintenance}. */
    private void remove(List<LogSegment> due, long nowMs) throws IOException {
        synchronized (lock) {
            if (due.contains(log.active())) {
                log.roll(log.logEndOffset(), nowMs);
            }
            due.forEach(segment -> segments.remove(segment.baseOffset()));
            log.recountClosedBytes();
        }
        log.moveStart(Math.max(log.logStartOffset(), segments.firstKey()));
        log.flushes().frontRemoved(segments.firstKey());
        log.discard(due, nowMs);
        ProducerLoader.deleteSnapshotsBefore(segments.firstKey(), log.directory().disk(), log.path());
    }

    /**
     * Puts a compacted segment in place of its sources. Readers see the sources until it is there.
     *
     * @return false when a source is no longer part of the log; nothing has changed then
     */
    boolean replace(List<LogSegment> sources, CleanedSegment compacted) {
        synchronized (maintenance) {
            log.ensureOpen();
            if (sources.stream().anyMatch(source -> segments.get(source.baseOffset()) != source)) {
                return false;
            }
            try {
                LogSegment segment = LogCompaction.swap(log.directory(), log.path(), sources, compacted, log.nowMs(), log.config().fileDeleteDelayMs());
                synchronized (lock) {
                    segments.put(segment.baseOffset(), segment);
                    sources.subList(1, sources.size()).forEach(source -> segments.remove(source.baseOffset()));
                    log.recountClosedBytes();
                }
                log.flushes().replaced(segments.floorKey(log.flushes().flushFrom()));
                return true;
            } catch (IOException e) {
                throw log.directory().fail("the swap of compacted segments of " + log.topicPartition(), e);
            }
        }
    }
}
