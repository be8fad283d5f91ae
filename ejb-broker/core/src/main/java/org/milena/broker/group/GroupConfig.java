package org.milena.broker.group;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.Range.atLeast;
import static org.apache.kafka.common.config.ConfigDef.Range.between;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LIST;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.CaseInsensitiveValidString;
import org.apache.kafka.common.config.ConfigDef.ValidList;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.record.internal.CompressionType;

/**
 * The group coordinator's settings. Keys and defaults are Kafka's; times are milliseconds unless a name says otherwise.
 */
public record GroupConfig(Classic classic, Consumer consumer, Offsets offsets) {

    /** {@code group.min.session.timeout.ms} and its kind. */
    public record Classic(int minSessionTimeoutMs, int maxSessionTimeoutMs, int initialRebalanceDelayMs, int maxSize) {
        /** How long a member may take from its first join to the end of that rebalance; not configurable, as in Kafka. */
        public static final int NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000;
    }

    /** {@code group.consumer.*}. Session timeout and heartbeat interval are the defaults of a group's own settings. */
    public record Consumer(int sessionTimeoutMs, int minSessionTimeoutMs, int maxSessionTimeoutMs,
                           int heartbeatIntervalMs, int minHeartbeatIntervalMs, int maxHeartbeatIntervalMs,
                           int maxSize, List<String> assignors, MigrationPolicy migrationPolicy,
                           int regexRefreshIntervalMs, int assignmentIntervalMs) {
    }

    /** {@code group.consumer.migration.policy}. */
    public enum MigrationPolicy {
        BIDIRECTIONAL(true, true), UPGRADE(true, false), DOWNGRADE(false, true), DISABLED(false, false);

        private final boolean upgrade;
        private final boolean downgrade;

        MigrationPolicy(boolean upgrade, boolean downgrade) {
            this.upgrade = upgrade;
            this.downgrade = downgrade;
        }

        public boolean allowsUpgrade() {
            return upgrade;
        }

        public boolean allowsDowngrade() {
            return downgrade;
        }
    }

    /** {@code offsets.*} and {@code offset.*}. */
    public record Offsets(int topicPartitions, short topicReplicationFactor, int topicSegmentBytes, CompressionType topicCompression,
                          int metadataMaxBytes, int retentionMinutes, long retentionCheckIntervalMs, int commitTimeoutMs) {
        public long retentionMs() {
            return retentionMinutes * 60_000L;
        }
    }

    public static final ConfigDef CONFIG_DEF = define();

    public static final GroupConfig DEFAULTS = of(Map.of());

    /** @throws ConfigException a value is wrong; the message names key, value and what is allowed */
    public static GroupConfig of(Map<String, ?> settings) {
        AbstractConfig c = new AbstractConfig(CONFIG_DEF, settings, false);
        GroupConfig config = new GroupConfig(
                new Classic(c.getInt("group.min.session.timeout.ms"), c.getInt("group.max.session.timeout.ms"),
                        c.getInt("group.initial.rebalance.delay.ms"), c.getInt("group.max.size")),
                consumer(c), offsets(c));
        config.validate();
        return config;
    }

    private static Consumer consumer(AbstractConfig c) {
        return new Consumer(c.getInt("group.consumer.session.timeout.ms"),
                c.getInt("group.consumer.min.session.timeout.ms"), c.getInt("group.consumer.max.session.timeout.ms"),
                c.getInt("group.consumer.heartbeat.interval.ms"),
                c.getInt("group.consumer.min.heartbeat.interval.ms"), c.getInt("group.consumer.max.heartbeat.interval.ms"),
                c.getInt("group.consumer.max.size"), List.copyOf(c.getList("group.consumer.assignors")),
                MigrationPolicy.valueOf(c.getString("group.consumer.migration.policy").toUpperCase(java.util.Locale.ROOT)),
                c.getInt("group.consumer.regex.refresh.interval.ms"), c.getInt("group.consumer.assignment.interval.ms"));
    }

    private static Offsets offsets(AbstractConfig c) {
        return new Offsets(c.getInt("offsets.topic.num.partitions"), c.getShort("offsets.topic.replication.factor"),
                c.getInt("offsets.topic.segment.bytes"), CompressionType.forId(c.getInt("offsets.topic.compression.codec")),
                c.getInt("offset.metadata.max.bytes"), c.getInt("offsets.retention.minutes"),
                c.getLong("offsets.retention.check.interval.ms"), c.getInt("offsets.commit.timeout.ms"));
    }

    private static ConfigDef define() {
        int max = Integer.MAX_VALUE;
        return new ConfigDef()
                .define("group.min.session.timeout.ms", INT, 6_000, atLeast(1), MEDIUM, "The smallest session timeout a classic member may ask for.")
                .define("group.max.session.timeout.ms", INT, 1_800_000, atLeast(1), MEDIUM, "The largest session timeout a classic member may ask for.")
                .define("group.initial.rebalance.delay.ms", INT, 3_000, atLeast(0), MEDIUM, "How long an empty classic group waits for more members before its first rebalance.")
                .define("group.max.size", INT, max, atLeast(1), MEDIUM, "How many members a classic group may have.")
                .define("group.consumer.session.timeout.ms", INT, 45_000, atLeast(1), MEDIUM, "How long a member of a consumer group may stay silent.")
                .define("group.consumer.min.session.timeout.ms", INT, 45_000, atLeast(1), MEDIUM, "The smallest session timeout a consumer group may be set to.")
                .define("group.consumer.max.session.timeout.ms", INT, 60_000, atLeast(1), MEDIUM, "The largest session timeout a consumer group may be set to.")
                .define("group.consumer.heartbeat.interval.ms", INT, 5_000, atLeast(1), MEDIUM, "How often a member of a consumer group sends a heartbeat.")
                .define("group.consumer.min.heartbeat.interval.ms", INT, 5_000, atLeast(1), MEDIUM, "The smallest heartbeat interval a consumer group may be set to.")
                .define("group.consumer.max.heartbeat.interval.ms", INT, 15_000, atLeast(1), MEDIUM, "The largest heartbeat interval a consumer group may be set to.")
                .define("group.consumer.max.size", INT, max, atLeast(1), MEDIUM, "How many members a consumer group may have.")
                .define("group.consumer.assignors", LIST, List.of("uniform", "range"), ValidList.in(false, "uniform", "range"), MEDIUM, "The server-side assignors, the default first.")
                .define("group.consumer.migration.policy", STRING, "bidirectional", CaseInsensitiveValidString.in("bidirectional", "upgrade", "downgrade", "disabled"), MEDIUM, "Which changes between the classic and the consumer protocol are made online.")
                .define("group.consumer.regex.refresh.interval.ms", INT, 600_000, atLeast(10_000), MEDIUM, "How often subscribed regular expressions are resolved again.")
                .define("group.consumer.assignment.interval.ms", INT, 1_000, atLeast(0), MEDIUM, "The least time between two assignments of a consumer group.")
                .define("offsets.topic.num.partitions", INT, 50, atLeast(1), HIGH, "Partitions of __consumer_offsets; not to be changed once it exists.")
                .define("offsets.topic.replication.factor", ConfigDef.Type.SHORT, (short) 3, atLeast(1), HIGH, "Replicas of __consumer_offsets.")
                .define("offsets.topic.segment.bytes", INT, 104_857_600, atLeast(1), HIGH, "Segment size of __consumer_offsets.")
                .define("offsets.topic.compression.codec", INT, 0, between(0, 4), HIGH, "Compression of __consumer_offsets: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.")
                .define("offset.metadata.max.bytes", INT, 4_096, atLeast(0), HIGH, "The longest metadata a committed offset may carry.")
                .define("offsets.retention.minutes", INT, 10_080, atLeast(1), HIGH, "How long offsets live after their group has become empty, or after their commit when there is no group.")
                .define("offsets.retention.check.interval.ms", LONG, 600_000L, atLeast(1), HIGH, "How often expired offsets are looked for.")
                .define("offsets.commit.timeout.ms", INT, 5_000, atLeast(1), HIGH, "How long a commit waits for its records before the client is told to try again.");
    }

    private void validate() {
        atMost("group.min.session.timeout.ms", classic.minSessionTimeoutMs, "group.max.session.timeout.ms", classic.maxSessionTimeoutMs);
        atMost("group.consumer.min.session.timeout.ms", consumer.minSessionTimeoutMs, "group.consumer.session.timeout.ms", consumer.sessionTimeoutMs);
        atMost("group.consumer.session.timeout.ms", consumer.sessionTimeoutMs, "group.consumer.max.session.timeout.ms", consumer.maxSessionTimeoutMs);
        atMost("group.consumer.min.heartbeat.interval.ms", consumer.minHeartbeatIntervalMs, "group.consumer.heartbeat.interval.ms", consumer.heartbeatIntervalMs);
        atMost("group.consumer.heartbeat.interval.ms", consumer.heartbeatIntervalMs, "group.consumer.max.heartbeat.interval.ms", consumer.maxHeartbeatIntervalMs);
        if (consumer.heartbeatIntervalMs >= consumer.sessionTimeoutMs) {
            throw new ConfigException("group.consumer.heartbeat.interval.ms", consumer.heartbeatIntervalMs,
                    "must be less than group.consumer.session.timeout.ms (" + consumer.sessionTimeoutMs + ")");
        }
    }

    private static void atMost(String key, int value, String otherKey, int other) {
        if (value > other) {
            throw new ConfigException(key, value, "must not be greater than " + otherKey + " (" + other + ")");
        }
    }
}
