package org.milena.broker.config;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigException;

/** What must hold between keys; each key's own limits are in its definition. */
final class BrokerConfigRules {

    private BrokerConfigRules() {
    }

    static void check(BrokerConfig config) {
        identity(config);
        listeners(config);
        order(config, "group.min.session.timeout.ms", "group.max.session.timeout.ms");
        order(config, "group.consumer.min.session.timeout.ms", "group.consumer.session.timeout.ms");
        order(config, "group.consumer.session.timeout.ms", "group.consumer.max.session.timeout.ms");
        order(config, "group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms");
        order(config, "group.consumer.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms");
        order(config, "group.consumer.min.assignment.interval.ms", "group.consumer.assignment.interval.ms");
        order(config, "group.consumer.assignment.interval.ms", "group.consumer.max.assignment.interval.ms");
        if (config.intValue("group.consumer.heartbeat.interval.ms") >= config.intValue("group.consumer.session.timeout.ms")) {
            throw new ConfigException("group.consumer.heartbeat.interval.ms", config.effective("group.consumer.heartbeat.interval.ms"),
                    "It must be less than group.consumer.session.timeout.ms, which is "
                            + config.effective("group.consumer.session.timeout.ms"));
        }
        order(config, "log.cleaner.min.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms");
    }

    private static void identity(BrokerConfig config) {
        if (config.intValue("broker.id") != config.intValue("node.id")) {
            throw new ConfigException("broker.id", config.effective("broker.id"),
                    "It must equal node.id, which is " + config.effective("node.id") + "; node.id alone is enough");
        }
        config.dataDir();
        if (config.logDirs().isEmpty()) {
            throw new ConfigException("log.dirs", "", "At least one log directory is needed");
        }
    }

    private static void listeners(BrokerConfig config) {
        var names = config.listeners().stream().map(Endpoint::name).collect(Collectors.toSet());
        if (config.list("advertised.listeners").isEmpty()) {
            return;
        }
        List<Endpoint> advertised = Endpoint.parse("advertised.listeners", config.list("advertised.listeners"));
        for (Endpoint endpoint : advertised) {
            if (endpoint.host().equals("0.0.0.0") || endpoint.host().equals("::")) {
                throw new ConfigException("advertised.listeners", endpoint,
                        "advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.");
            }
            if (!names.contains(endpoint.name())) {
                throw new ConfigException("advertised.listeners", endpoint, "listeners has no listener of that name: it has " + names);
            }
        }
    }

    private static void order(BrokerConfig config, String smaller, String larger) {
        if (config.longValue(smaller) > config.longValue(larger)) {
            throw new ConfigException(smaller, config.effective(smaller),
                    "It must not be larger than " + larger + ", which is " + config.effective(larger));
        }
    }
}
