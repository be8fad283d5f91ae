package org.milena.broker.config;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.record.TimestampType;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.log.LogConfig;

/** From configuration to {@link LogConfig}: topic over dynamic broker over static broker over default. */
public final class LogConfigs {

    private final BrokerConfig broker;
    private final Map<String, String> overrides;

    private LogConfigs(BrokerConfig broker, Map<String, String> overrides) {
        this.broker = broker;
        this.overrides = overrides;
    }

    /**
     * @param broker    with its dynamic values ({@link BrokerConfig#with(MetadataImage)})
     * @param overrides the topic's own settings; unknown keys among them are ignored (an adopted directory may bring some)
     * @param held      the topic's settings are unknown
     * @throws org.apache.kafka.common.config.ConfigException an override can't be read
     */
    public static LogConfig of(BrokerConfig broker, Map<String, String> overrides, boolean held) {
        return new LogConfigs(broker, overrides).build(held);
    }

    /** The configuration of a topic under an image. */
    public static LogConfig of(BrokerConfig broker, MetadataImage image, MetadataImage.TopicImage topic) {
        return of(broker.with(image), topic.configs(), topic.configsHeld());
    }

    /** The effective value of a topic key as text, converted to the topic key's unit. */
    static String effective(BrokerConfig broker, Map<String, String> overrides, ConfigKey key) {
        String own = overrides.get(key.name());
        if (own != null) {
            return own;
        }
        if (key.unit() == ConfigKey.Unit.MILLISECONDS) {
            return String.valueOf(broker.millis(key.synonyms(), Long.parseLong(key.defaultValue())));
        }
        BrokerConfig.Setting setting = broker.deciding(key.synonyms());
        return setting == null ? key.defaultValue() : setting.value();
    }

    private Object value(String name) {
        ConfigKey key = TopicKeys.KEYS.get(name);
        return key.parse(effective(broker, overrides, key));
    }

    private int integer(String name) {
        return ((Number) value(name)).intValue();
    }

    private long number(String name) {
        return ((Number) value(name)).longValue();
    }

    private LogConfig build(boolean held) {
        List<?> policy = (List<?>) value("cleanup.policy");
        return new LogConfig(
                integer("segment.bytes"), number("segment.ms"), number("segment.jitter.ms"), integer("segment.index.bytes"),
                integer("index.interval.bytes"), number("flush.messages"), number("flush.ms"),
                number("retention.bytes"), number("retention.ms"), number("file.delete.delay.ms"),
                policy.contains("delete"), policy.contains("compact"),
                number("delete.retention.ms"), number("min.compaction.lag.ms"), number("max.compaction.lag.ms"),
                ((Number) value("min.cleanable.dirty.ratio")).doubleValue(),
                integer("max.message.bytes"), integer("min.insync.replicas"),
                (String) value("compression.type"), integer("compression.gzip.level"), integer("compression.lz4.level"),
                integer("compression.zstd.level"),
                TimestampType.forName((String) value("message.timestamp.type")),
                number("message.timestamp.before.max.ms"), number("message.timestamp.after.max.ms"), held);
    }
}
