package org.milena.broker.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource;

/** Settings as DescribeConfigs shows them: value, where it comes from, and what would stand in for it. */
public final class ConfigDescriber {

    /** @param value as text, null when unset or sensitive */
    public record Entry(ConfigKey key, String value, ConfigSource source, List<Synonym> synonyms) {
    }

    public record Synonym(String name, String value, ConfigSource source) {
    }

    private ConfigDescriber() {
    }

    /** All keys of a topic, sorted by name. */
    public static List<Entry> topic(BrokerConfig broker, Map<String, String> overrides) {
        List<Entry> result = new ArrayList<>();
        for (ConfigKey key : TopicKeys.KEYS.all().values()) {
            result.add(entry(key, LogConfigs.effective(broker, overrides, key), overrides, ConfigSource.TOPIC_CONFIG, broker));
        }
        return result;
    }

    /** All keys of a consumer group. */
    public static List<Entry> group(BrokerConfig broker, Map<String, String> overrides) {
        List<Entry> result = new ArrayList<>();
        for (ConfigKey key : GroupKeys.KEYS.all().values()) {
            String value = overrides.getOrDefault(key.name(), broker.effective(key.synonyms().get(0)));
            result.add(entry(key, value, overrides, ConfigSource.GROUP_CONFIG, broker));
        }
        return result;
    }

    private static Entry entry(ConfigKey key, String value, Map<String, String> overrides, ConfigSource own, BrokerConfig broker) {
        List<Synonym> synonyms = new ArrayList<>();
        if (overrides.containsKey(key.name())) {
            synonyms.add(new Synonym(key.name(), value, own));
        }
        synonyms.addAll(synonyms(broker, key.synonyms()));
        return entry(key, value, synonyms);
    }

    private static Entry entry(ConfigKey key, String value, List<Synonym> synonyms) {
        ConfigSource source = synonyms.isEmpty() ? ConfigSource.DEFAULT_CONFIG : synonyms.get(0).source();
        return new Entry(key, key.sensitive() ? null : value, source, synonyms);
    }

    /** As Kafka: what comes before the first setting of the family's first key is not shown. */
    private static List<Synonym> synonyms(BrokerConfig broker, List<String> family) {
        List<Synonym> result = new ArrayList<>();
        for (BrokerConfig.Setting setting : broker.settings(family)) {
            if (!result.isEmpty() || setting.name().equals(family.get(0))) {
                result.add(new Synonym(setting.name(), BrokerKeys.KEYS.get(setting.name()).sensitive() ? null : setting.value(),
                        source(setting.source())));
            }
        }
        return result;
    }

    /** All keys of a broker. */
    public static List<Entry> broker(BrokerConfig broker) {
        List<Entry> result = new ArrayList<>();
        for (ConfigKey key : BrokerKeys.KEYS.all().values()) {
            result.add(entry(key, broker.effective(key.name()), synonyms(broker, family(key))));
        }
        return result;
    }

    /** The dynamic values that all brokers share: only what is set. */
    public static List<Entry> clusterDefault(BrokerConfig broker) {
        List<Entry> result = new ArrayList<>();
        for (ConfigKey key : BrokerKeys.KEYS.all().values()) {
            String value = broker.clusterWide().get(key.name());
            if (value != null) {
                result.add(entry(key, value, List.of(new Synonym(key.name(), value, ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG))));
            }
        }
        return result;
    }

    /** The key first, then those of its family that stand in for it. */
    private static List<String> family(ConfigKey key) {
        List<String> family = new ArrayList<>();
        family.add(key.name());
        int at = key.synonyms().indexOf(key.name());
        family.addAll(key.synonyms().subList(at + 1, key.synonyms().size()));
        return family;
    }

    private static ConfigSource source(BrokerConfig.Source source) {
        return switch (source) {
            case DYNAMIC_BROKER -> ConfigSource.DYNAMIC_BROKER_CONFIG;
            case DYNAMIC_DEFAULT_BROKER -> ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG;
            case STATIC_BROKER -> ConfigSource.STATIC_BROKER_CONFIG;
            case DEFAULT -> ConfigSource.DEFAULT_CONFIG;
        };
    }
}
