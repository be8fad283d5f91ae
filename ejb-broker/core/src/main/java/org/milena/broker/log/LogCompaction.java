package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.log.clean.AbortedTransaction;
import org.milena.broker.log.clean.CleanableLog;
import org.milena.broker.log.clean.CleanableSegment;
import org.milena.broker.log.clean.CleanedSegment;
import org.milena.broker.log.clean.SegmentSwap;

/** A log as compaction sees it. Made for one round; holds no state but the log. */
final class LogCompaction implements CleanableLog {

    private final SegmentedLog log;

    LogCompaction(SegmentedLog log) {
        this.log = log;
    }

    private record Source(LogSegment segment) implements CleanableSegment {

        @Override
        public long baseOffset() {
            return segment.baseOffset();
        }

        @Override
        public int size() {
            return segment.size();
        }

        @Override
        public long largestTimestamp() throws IOException {
            return segment.retentionTimestamp();
        }

        @Override
        public long firstBatchTimestamp() throws IOException {
            ByteBuffer header = ByteBuffer.allocate(BatchHeader.SIZE);
            if (segment.size() < BatchHeader.SIZE) {
                return -1;
            }
            read(header, 0);
            return BatchHeader.maxTimestamp(header, 0);
        }

        @Override
        public void read(ByteBuffer into, int position) throws IOException {
            Disk.Handle handle = segment.log().acquire();
            try {
                handle.read(into, position);
            } finally {
                segment.log().release();
            }
        }

        @Override
        public String name() {
            return segment.toString();
        }
    }

    @Override
    public TopicPartition topicPartition() {
        return log.topicPartition();
    }

    @Override
    public LogConfig config() {
        return log.config();
    }

    @Override
    public Path directory() {
        return log.path();
    }

    @Override
    public long logStartOffset() {
        return log.logStartOffset();
    }

    @Override
    public long logEndOffset() {
        return log.logEndOffset();
    }

    @Override
    public long stableOffset() {
        return log.stableOffset();
    }

    @Override
    public List<? extends CleanableSegment> closedSegments() {
        List<Source> all = new ArrayList<>();
        for (LogSegment segment : log.segments()) {
            all.add(new Source(segment));
        }
        return all.subList(0, all.size() - 1);
    }

    @Override
    public long activeSegmentBaseOffset() {
        long last = -1;
        for (LogSegment segment : log.segments()) {
            last = segment.baseOffset();
        }
        return last;
    }

    @Override
    public List<AbortedTransaction> abortedTransactions(long from, long to) throws IOException {
        List<AbortedTransactions.Entry> found = new ArrayList<>();
        for (LogSegment segment : log.segments()) {
            segment.aborted().collect(from, to, found);
        }
        return found.stream().map(e -> new AbortedTransaction(e.producerId(), e.firstOffset(), e.lastOffset(), e.lastStableOffset())).toList();
    }

    @Override
    public Map<Long, LastRecord> activeProducers() {
        return log.lastRecordsOfProducers();
    }

    /** Exchanges the files and opens the new ones; the log's maintenance lock is held. */
    static LogSegment swap(FileLogDirectory directory, Path path, List<LogSegment> sources, CleanedSegment compacted, long nowMs,
                           long deleteDelayMs) throws IOException {
        long base = compacted.baseOffset();
        long age = sources.get(sources.size() - 1).retentionTimestamp();
        SegmentSwap.prepare(directory.disk(), path, base);
        for (LogSegment source : sources) {
            source.discard(directory.trash(), nowMs + deleteDelayMs);
        }
        SegmentSwap.finish(directory.disk(), path, base);
        LogSegment segment = new LogSegment(directory.files(), path, base, false, nowMs);
        segment.restore(compacted.size(), compacted.largestTimestamp(), compacted.offsetOfLargest(), age, true);
        return segment;
    }

    @Override
    public boolean replace(List<? extends CleanableSegment> sources, CleanedSegment replacement) {
        return log.removals().replace(sources.stream().map(source -> ((Source) source).segment()).toList(), replacement);
    }

    @Override
    public boolean isOpen() {
        return log.isOpen();
    }
}
