package org.milena.broker.log;

import java.io.IOException;
import org.apache.kafka.common.TopicPartition;

/**
 * The durable half of a log: what is known to be on disk, and what brings more of it there. Shares the log's two locks, see
 * {@link SegmentedLog}.
 */
final class LogFlushes {

    private final SegmentedLog log;
    private final TopicPartition partition;
    private final FileLogDirectory directory;
    private final ProducerStates producers;
    private final Object maintenance;
    private final Object lock;
    private volatile long recoveryPoint;
    private volatile long lastFlushMs;
    /** Base offset of the first segment that {@link #flush} has not finished with. Guarded by {@code maintenance}. */
    private long flushFrom;
    /** Guarded by {@code lock}. */
    private long lastSnapshotOffset;
    /** Log end and size of the active segment at the last {@link #mark}. Guarded by {@code maintenance}. */
    private long lastMark = -1;
    private long markedSize;

    LogFlushes(SegmentedLog log, FileLogDirectory directory, ProducerStates producers, Object maintenance, Object lock,
               long lastSnapshotOffset, long recoveryPoint, long flushFrom, long nowMs) {
        this.log = log;
        this.partition = log.topicPartition();
        this.directory = directory;
        this.producers = producers;
        this.maintenance = maintenance;
        this.lock = lock;
        this.lastSnapshotOffset = lastSnapshotOffset;
        this.recoveryPoint = recoveryPoint;
        this.flushFrom = flushFrom;
        this.lastFlushMs = nowMs;
    }

    long recoveryPoint() {
        return recoveryPoint;
    }

    void flush() {
        synchronized (maintenance) {
            log.ensureOpen();
            long end = log.logEndOffset();
            LogSegment last = log.active();
            try {
                for (LogSegment segment : log.segmentsFrom(flushFrom)) {
                    boolean sealed = segment.baseOffset() < last.baseOffset();
                    segment.flush(sealed);
                    flushFrom = segment.baseOffset();
                    if (segment == last) {
                        break;
                    }
                }
            } catch (IOException e) {
                throw directory.fail("a flush of " + partition, e);
            }
            recoveryPoint = Math.max(recoveryPoint, end);
            lastFlushMs = log.nowMs();
        }
    }

    /**
     * Lets a start after a crash begin here instead of at the beginning of the active segment, which may be gigabytes away: brings
     * the log to disk and keeps its indexes and producers beside it. Does nothing until a sixteenth of a segment has been appended
     * since, so that it costs less than the rolls do.
     */
    void mark() {
        synchronized (maintenance) {
            long marked = lastMark >= log.active().baseOffset() ? markedSize : 0;
            if (log.closed() || log.active().size() - marked < log.config().segmentBytes() / 16) {
                return;
            }
            LogSegment segment;
            byte[] snapshot;
            long end;
            synchronized (lock) {
                segment = log.active();
                end = log.logEndOffset();
                markedSize = segment.size();
                snapshot = producers.snapshot();
            }
            try {
                segment.mark();
                directory.disk().replace(ProducerSnapshots.file(log.path(), end), snapshot, false);
                if (lastMark >= 0 && lastMark < end && !log.hasSegment(lastMark)) {
                    directory.disk().delete(ProducerSnapshots.file(log.path(), lastMark));
                }
            } catch (IOException e) {
                throw directory.fail("marking the recovery point of " + partition, e);
            }
            lastMark = end;
            flush();
        }
    }

    boolean due(long nowMs) {
        return recoveryPoint < log.logEndOffset() && nowMs - lastFlushMs >= log.config().flushMs();
    }

    /** Keeps the producers as of {@code offset}, the log end. Holds {@code lock}. */
    void writeSnapshot(long offset) throws IOException {
        if (offset > lastSnapshotOffset) {
            directory.disk().replace(ProducerSnapshots.file(log.path(), offset), producers.snapshot(), false);
            lastSnapshotOffset = offset;
        }
    }

    // ---- the log's segments changed; {@code maintenance} is held

    void frontRemoved(long firstBaseOffset) {
        flushFrom = Math.max(flushFrom, firstBaseOffset);
    }

    void replaced(long baseOffsetAtFlush) {
        flushFrom = baseOffsetAtFlush;
    }

    long flushFrom() {
        return flushFrom;
    }

    /** Before a truncation: nothing above is known to be on disk any more. */
    void truncating(long offset) {
        recoveryPoint = Math.min(recoveryPoint, offset);
    }

    void truncated(long offset, long activeBaseOffset) {
        flushFrom = Math.min(flushFrom, activeBaseOffset);
        lastSnapshotOffset = Math.min(lastSnapshotOffset, offset);
        lastMark = -1;
    }
}
