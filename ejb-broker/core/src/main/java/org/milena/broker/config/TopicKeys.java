package org.milena.broker.config;

import static org.milena.broker.config.ConfigKey.Unit.BYTES;
import static org.milena.broker.config.ConfigKey.Unit.COUNT;
import static org.milena.broker.config.ConfigKey.Unit.MILLISECONDS;

import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.TopicConfig;
import org.milena.broker.config.ConfigKey.Scope;

/** The keys of a topic. Each one's default is a broker key ({@link ConfigKey#synonyms}), whose own default is the same. */
public final class TopicKeys {

    public static final ConfigKeys KEYS = new ConfigKeys();

    static {
        segments();
        flushing();
        retention();
        compaction();
        messages();
    }

    private TopicKeys() {
    }

    private static ConfigKeys.Definition key(String name, Type type, String broker) {
        return KEYS.key(name, type, BrokerKeys.KEYS.get(broker).defaultValue(), Scope.TOPIC)
                .check(BrokerKeys.KEYS.get(broker).validator()).in(BrokerKeys.KEYS.get(broker).unit()).or(broker);
    }

    private static ConfigKeys.Definition millis(String name, String defaultValue, String... broker) {
        return KEYS.key(name, Type.LONG, defaultValue, Scope.TOPIC).in(MILLISECONDS).or(broker);
    }

    private static void segments() {
        key(TopicConfig.SEGMENT_BYTES_CONFIG, Type.INT, "log.segment.bytes").add(TopicConfig.SEGMENT_BYTES_DOC);
        millis(TopicConfig.SEGMENT_MS_CONFIG, "604800000", "log.roll.ms", "log.roll.hours").atLeast(1).add(TopicConfig.SEGMENT_MS_DOC);
        millis(TopicConfig.SEGMENT_JITTER_MS_CONFIG, "0", "log.roll.jitter.ms", "log.roll.jitter.hours").atLeast(0)
                .add(TopicConfig.SEGMENT_JITTER_MS_DOC);
        key(TopicConfig.SEGMENT_INDEX_BYTES_CONFIG, Type.INT, "log.index.size.max.bytes")
                .add("The size of the index that maps offsets to file positions; a full one rolls its segment. It grows as it is written.");
        key(TopicConfig.INDEX_INTERVAL_BYTES_CONFIG, Type.INT, "log.index.interval.bytes").add(TopicConfig.INDEX_INTERVAL_BYTES_DOC);
        key(TopicConfig.FILE_DELETE_DELAY_MS_CONFIG, Type.LONG, "log.segment.delete.delay.ms").add(TopicConfig.FILE_DELETE_DELAY_MS_DOC);
    }

    private static void flushing() {
        key(TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG, Type.LONG, "log.flush.interval.messages").in(COUNT)
                .add(TopicConfig.FLUSH_MESSAGES_INTERVAL_DOC);
        millis(TopicConfig.FLUSH_MS_CONFIG, String.valueOf(Long.MAX_VALUE), "log.flush.interval.ms").atLeast(0)
                .add(TopicConfig.FLUSH_MS_DOC);
    }

    private static void retention() {
        key(TopicConfig.RETENTION_BYTES_CONFIG, Type.LONG, "log.retention.bytes").in(BYTES).add(TopicConfig.RETENTION_BYTES_DOC);
        millis(TopicConfig.RETENTION_MS_CONFIG, "604800000", "log.retention.ms", "log.retention.minutes", "log.retention.hours")
                .atLeast(-1).add(TopicConfig.RETENTION_MS_DOC);
        key(TopicConfig.CLEANUP_POLICY_CONFIG, Type.LIST, "log.cleanup.policy").add(TopicConfig.CLEANUP_POLICY_DOC);
    }

    private static void compaction() {
        key(TopicConfig.DELETE_RETENTION_MS_CONFIG, Type.LONG, "log.cleaner.delete.retention.ms").add(TopicConfig.DELETE_RETENTION_MS_DOC);
        key(TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG, Type.LONG, "log.cleaner.min.compaction.lag.ms")
                .add(TopicConfig.MIN_COMPACTION_LAG_MS_DOC);
        key(TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG, Type.LONG, "log.cleaner.max.compaction.lag.ms")
                .add(TopicConfig.MAX_COMPACTION_LAG_MS_DOC);
        key(TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, Type.DOUBLE, "log.cleaner.min.cleanable.ratio")
                .add(TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_DOC);
    }

    private static void messages() {
        key(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Type.INT, "message.max.bytes").add(TopicConfig.MAX_MESSAGE_BYTES_DOC);
        key(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Type.INT, "min.insync.replicas")
                .add(TopicConfig.MIN_IN_SYNC_REPLICAS_DOC.replaceFirst("<p>Note that when the Eligible Leader Replicas feature.*", ""));
        key(TopicConfig.COMPRESSION_TYPE_CONFIG, Type.STRING, "compression.type").add(TopicConfig.COMPRESSION_TYPE_DOC);
        key(TopicConfig.COMPRESSION_GZIP_LEVEL_CONFIG, Type.INT, "compression.gzip.level").add(TopicConfig.COMPRESSION_GZIP_LEVEL_DOC);
        key(TopicConfig.COMPRESSION_LZ4_LEVEL_CONFIG, Type.INT, "compression.lz4.level").add(TopicConfig.COMPRESSION_LZ4_LEVEL_DOC);
        key(TopicConfig.COMPRESSION_ZSTD_LEVEL_CONFIG, Type.INT, "compression.zstd.level").add(TopicConfig.COMPRESSION_ZSTD_LEVEL_DOC);
        key(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, Type.STRING, "log.message.timestamp.type")
                .add(TopicConfig.MESSAGE_TIMESTAMP_TYPE_DOC);
        key(TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG, Type.LONG, "log.message.timestamp.before.max.ms")
                .add(TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_DOC);
        key(TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG, Type.LONG, "log.message.timestamp.after.max.ms")
                .add(TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_DOC);
    }
}
