package org.milena.broker.log;

import org.apache.kafka.common.record.TimestampType;

/**
 * The effective configuration of one partition's log, already merged from defaults, broker and topic.
 * Field names follow Kafka's topic configuration keys; times are milliseconds, sizes bytes, -1 means unlimited
 * where Kafka says so.
 *
 * @param held true while the topic's configuration is unknown (a directory adopted without its metadata):
 *             retention, compaction and DeleteRecords then leave the log alone
 * @param compressionType {@code producer}, {@code uncompressed}, {@code gzip}, {@code snappy}, {@code lz4} or {@code zstd}
 */
public record LogConfig(
        int segmentBytes, long segmentMs, long segmentJitterMs, int segmentIndexBytes, int indexIntervalBytes,
        long flushMessages, long flushMs,
        long retentionBytes, long retentionMs, long fileDeleteDelayMs,
        boolean cleanupDelete, boolean cleanupCompact,
        long deleteRetentionMs, long minCompactionLagMs, long maxCompactionLagMs, double minCleanableDirtyRatio,
        int maxMessageBytes, int minInsyncReplicas,
        String compressionType, int gzipLevel, int lz4Level, int zstdLevel,
        TimestampType timestampType, long timestampBeforeMaxMs, long timestampAfterMaxMs,
        boolean held) {

    /** The same with {@link #held()} set. */
    public LogConfig asHeld() {
        return new LogConfig(segmentBytes, segmentMs, segmentJitterMs, segmentIndexBytes, indexIntervalBytes, flushMessages, flushMs,
                retentionBytes, retentionMs, fileDeleteDelayMs, cleanupDelete, cleanupCompact, deleteRetentionMs, minCompactionLagMs,
                maxCompactionLagMs, minCleanableDirtyRatio, maxMessageBytes, minInsyncReplicas, compressionType, gzipLevel, lz4Level,
                zstdLevel, timestampType, timestampBeforeMaxMs, timestampAfterMaxMs, true);
    }
}
