package org.milena.broker.ejb;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.BrokerKeys;
import org.milena.broker.group.GroupConfig;

/** The group coordinator's part of the current configuration; made anew when that changes. Thread-safe. */
final class CurrentGroupConfig implements Supplier<GroupConfig> {

    private record Derived(BrokerConfig from, GroupConfig config) {
    }

    private final Supplier<BrokerConfig> broker;
    private volatile Derived derived;

    CurrentGroupConfig(Supplier<BrokerConfig> broker) {
        this.broker = broker;
        derived = derive(broker.get());
    }

    @Override
    public GroupConfig get() {
        BrokerConfig now = broker.get();
        Derived known = derived;
        if (known.from != now) {
            known = derive(now);
            derived = known;
        }
        return known.config;
    }

    private static Derived derive(BrokerConfig config) {
        Map<String, String> settings = new HashMap<>();
        for (String key : GroupConfig.CONFIG_DEF.names()) {
            String value = BrokerKeys.KEYS.contains(key) ? config.effective(key) : null;
            if (value != null) {
                settings.put(key, value);
            }
        }
        return new Derived(config, GroupConfig.of(settings));
    }
}
