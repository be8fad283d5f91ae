package org.milena.broker.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidRequestException;

/** Whether the settings of a resource may stand together; errors in Kafka's words. */
public final class ConfigValidation {

    private ConfigValidation() {
    }

    /**
     * A topic's own settings, over the defaults of {@code broker}.
     *
     * @throws InvalidConfigurationException an unknown key, a wrong value, or two that contradict each other
     */
    public static void topic(Map<String, String> settings, BrokerConfig broker) {
        List<String> empty = settings.entrySet().stream().filter(e -> e.getValue() == null).map(Map.Entry::getKey).sorted().toList();
        if (!empty.isEmpty()) {
            throw new InvalidConfigurationException("Null value not supported for topic configs: " + String.join(",", empty));
        }
        values("topic", TopicKeys.KEYS, settings);
        long min = Long.parseLong(LogConfigs.effective(broker, settings, TopicKeys.KEYS.get("min.compaction.lag.ms")).trim());
        long max = Long.parseLong(LogConfigs.effective(broker, settings, TopicKeys.KEYS.get("max.compaction.lag.ms")).trim());
        if (min > max) {
            throw new InvalidConfigurationException("conflict topic config setting min.compaction.lag.ms (" + min
                    + ") > max.compaction.lag.ms (" + max + ")");
        }
    }

    /** A group's own settings, within the limits that the broker sets. */
    public static void group(Map<String, String> settings, BrokerConfig broker) {
        values("group", GroupKeys.KEYS, settings);
        within(settings, broker, GroupKeys.CONSUMER_SESSION_TIMEOUT_MS, "group.consumer.min.session.timeout.ms",
                "group.consumer.max.session.timeout.ms");
        within(settings, broker, GroupKeys.CONSUMER_HEARTBEAT_INTERVAL_MS, "group.consumer.min.heartbeat.interval.ms",
                "group.consumer.max.heartbeat.interval.ms");
        within(settings, broker, GroupKeys.CONSUMER_ASSIGNMENT_INTERVAL_MS, "group.consumer.min.assignment.interval.ms",
                "group.consumer.max.assignment.interval.ms");
    }

    private static void within(Map<String, String> settings, BrokerConfig broker, String key, String minimum, String maximum) {
        String text = settings.get(key);
        if (text == null) {
            return;
        }
        int value = Integer.parseInt(text.trim());
        if (value < broker.intValue(minimum)) {
            throw new InvalidConfigurationException(key + " must be greater than or equal to " + minimum);
        }
        if (value > broker.intValue(maximum)) {
            throw new InvalidConfigurationException(key + " must be less than or equal to " + maximum);
        }
    }

    /**
     * Dynamic settings of the broker, or of all brokers.
     *
     * @param name the broker's id, or "" for all
     * @throws InvalidRequestException a key that needs a restart, or a wrong value
     * @throws InvalidConfigurationException a key that does not act
     */
    public static void broker(String name, Map<String, String> settings, BrokerConfig current) {
        List<String> fixed = new ArrayList<>();
        for (String key : settings.keySet()) {
            ConfigKey definition = BrokerKeys.KEYS.get(key);
            if (definition == null) {
                throw new InvalidConfigurationException("Unknown broker config name: " + key);
            }
            if (!definition.actsWithoutRestart()) {
                fixed.add(key);
            }
        }
        if (!fixed.isEmpty()) {
            throw new InvalidRequestException("Cannot update these configs dynamically: " + fixed);
        }
        try {
            settings.forEach((key, value) -> BrokerKeys.KEYS.get(key).parse(value));
            Map<String, String> others = name.isEmpty() ? current.perBroker() : current.clusterWide();
            if (name.isEmpty()) {
                current.with(settings, others);
            } else {
                current.with(others, settings);
            }
        } catch (ConfigException e) {
            throw new InvalidRequestException(e.getMessage());
        }
    }

    private static void values(String what, ConfigKeys keys, Map<String, String> settings) {
        for (String name : settings.keySet()) {
            if (!keys.contains(name)) {
                throw new InvalidConfigurationException("Unknown " + what + " config name: " + name);
            }
        }
        try {
            settings.forEach((name, value) -> keys.get(name).parse(value));
        } catch (ConfigException e) {
            throw new InvalidConfigurationException(e.getMessage());
        }
    }
}
