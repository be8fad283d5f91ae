package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.milena.broker.log.LogConfig;

class LogConfigsTest {

    private static final BrokerConfig DEFAULTS = BrokerConfig.of(Map.of());

    @Test
    void defaultsAreKafkas() {
        assertThat(LogConfigs.of(DEFAULTS, Map.of(), false)).isEqualTo(new LogConfig(1 << 30, 604_800_000L, 0, 10_485_760, 4096,
                Long.MAX_VALUE, Long.MAX_VALUE, -1, 604_800_000L, 60_000, true, false, 86_400_000L, 0, Long.MAX_VALUE, 0.5,
                1_048_588, 1, "producer", -1, 9, 3, TimestampType.CREATE_TIME, Long.MAX_VALUE, 3_600_000L, false));
    }

    @Test
    void everyTopicKeyReachesTheLog() {
        Map<String, String> overrides = Map.ofEntries(Map.entry("segment.bytes", "2000000"), Map.entry("segment.ms", "1"),
                Map.entry("segment.jitter.ms", "2"), Map.entry("segment.index.bytes", "3000"), Map.entry("index.interval.bytes", "4"),
                Map.entry("flush.messages", "5"), Map.entry("flush.ms", "6"), Map.entry("retention.bytes", "7"),
                Map.entry("retention.ms", "8"), Map.entry("file.delete.delay.ms", "9"), Map.entry("cleanup.policy", "compact"),
                Map.entry("delete.retention.ms", "10"), Map.entry("min.compaction.lag.ms", "11"), Map.entry("max.compaction.lag.ms", "12"),
                Map.entry("min.cleanable.dirty.ratio", "0.25"), Map.entry("max.message.bytes", "13"), Map.entry("min.insync.replicas", "2"),
                Map.entry("compression.type", "zstd"), Map.entry("compression.gzip.level", "1"), Map.entry("compression.lz4.level", "2"),
                Map.entry("compression.zstd.level", "-7"), Map.entry("message.timestamp.type", "LogAppendTime"),
                Map.entry("message.timestamp.before.max.ms", "14"), Map.entry("message.timestamp.after.max.ms", "15"));
        assertThat(overrides.keySet()).as("this test names every topic key").isEqualTo(TopicKeys.KEYS.all().keySet());
        assertThat(LogConfigs.of(DEFAULTS, overrides, true)).isEqualTo(new LogConfig(2_000_000, 1, 2, 3000, 4, 5, 6, 7, 8, 9,
                false, true, 10, 11, 12, 0.25, 13, 2, "zstd", 1, 2, -7, TimestampType.LOG_APPEND_TIME, 14, 15, true));
    }

    @Test
    void hoursAndMinutesBecomeMilliseconds() {
        assertThat(LogConfigs.of(BrokerConfig.of(Map.of("log.retention.hours", "2", "log.roll.hours", "3", "log.roll.jitter.hours", "1")),
                Map.of(), false)).satisfies(config -> {
                    assertThat(config.retentionMs()).isEqualTo(7_200_000);
                    assertThat(config.segmentMs()).isEqualTo(10_800_000);
                    assertThat(config.segmentJitterMs()).isEqualTo(3_600_000);
                });
        assertThat(LogConfigs.of(BrokerConfig.of(Map.of("log.retention.hours", "2", "log.retention.minutes", "5")), Map.of(), false)
                .retentionMs()).isEqualTo(300_000);
        assertThat(LogConfigs.of(BrokerConfig.of(Map.of("log.retention.minutes", "5", "log.retention.ms", "-1")), Map.of(), false)
                .retentionMs()).isEqualTo(-1);
        assertThat(LogConfigs.of(BrokerConfig.of(Map.of("log.retention.hours", "-1")), Map.of(), false).retentionMs()).isEqualTo(-1);
    }

    @Test
    void topicWinsOverDynamicBrokerOverStaticBroker() {
        BrokerConfig config = BrokerConfig.of(Map.of("log.retention.hours", "1")).with(Map.of("log.retention.ms", "5000"), Map.of());
        assertThat(LogConfigs.of(config, Map.of(), false).retentionMs()).isEqualTo(5000);
        assertThat(LogConfigs.of(config.with(Map.of("log.retention.ms", "5000"), Map.of("log.retention.ms", "6000")), Map.of(), false)
                .retentionMs()).isEqualTo(6000);
        assertThat(LogConfigs.of(config, Map.of("retention.ms", "7000"), false).retentionMs()).isEqualTo(7000);
    }

    @Test
    void bothPoliciesAndNone() {
        LogConfig both = LogConfigs.of(DEFAULTS, Map.of("cleanup.policy", "compact,delete"), false);
        assertThat(both.cleanupCompact() && both.cleanupDelete()).isTrue();
        LogConfig none = LogConfigs.of(DEFAULTS, Map.of("cleanup.policy", ""), false);
        assertThat(none.cleanupCompact() || none.cleanupDelete()).isFalse();
    }
}
