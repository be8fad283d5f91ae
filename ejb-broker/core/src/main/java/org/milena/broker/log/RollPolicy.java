package org.milena.broker.log;

import org.apache.kafka.common.TopicPartition;

/** When the active segment has had enough. */
final class RollPolicy {

    private RollPolicy() {
    }

    static boolean shouldRoll(LogSegment segment, int bytes, long timestamp, long lastOffset, long nowMs, LogConfig config,
                              TopicPartition partition) {
        return segment.size() > config.segmentBytes() - bytes
                || segment.size() > 0 && waited(segment, timestamp, nowMs) > maxAgeMs(config) - jitter(segment, config, partition)
                || indexFull(segment, config)
                || !segment.canHold(bytes, lastOffset);
    }

    /** Without a new append: the age alone. */
    static boolean due(LogSegment segment, long nowMs, LogConfig config, TopicPartition partition) {
        return segment.size() > 0
                && waited(segment, nowMs, nowMs) > maxAgeMs(config) - jitter(segment, config, partition);
    }

    /** A compacted log must close what may not stay out of compaction any longer (KIP-354). */
    private static long maxAgeMs(LogConfig config) {
        return config.cleanupCompact() ? Math.min(config.segmentMs(), config.maxCompactionLagMs()) : config.segmentMs();
    }

    /** By the records' own time where they have one, so that replayed old data rolls as it did when it was new. */
    private static long waited(LogSegment segment, long timestamp, long nowMs) {
        long first = segment.firstTimestamp();
        return first >= 0 && timestamp >= 0 ? timestamp - first : nowMs - segment.createdMs();
    }

    private static boolean indexFull(LogSegment segment, LogConfig config) {
        int capacity = config.segmentIndexBytes();
        return segment.offsets().count() >= capacity / segment.offsets().entryBytes()
                || segment.times().count() >= capacity / segment.times().entryBytes() - 1;
    }

    /** Spreads the rolls of many partitions; the same for a segment at every call. */
    private static long jitter(LogSegment segment, LogConfig config, TopicPartition partition) {
        long range = Math.min(config.segmentJitterMs(), config.segmentMs());
        if (range <= 0) {
            return 0;
        }
        long mixed = (partition.hashCode() * 31L + segment.baseOffset()) * 0x9E3779B97F4A7C15L;
        return Math.floorMod(mixed >>> 16, range);
    }
}
