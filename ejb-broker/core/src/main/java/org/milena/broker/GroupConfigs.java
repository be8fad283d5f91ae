package org.milena.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.BrokerKeys;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.group.GroupConfig;

/** The group coordinator's settings out of the broker's. */
final class GroupConfigs implements Supplier<GroupConfig> {

    private final CurrentBrokerConfig current;
    private volatile Parsed parsed;

    private record Parsed(BrokerConfig from, GroupConfig config) {
    }

    GroupConfigs(CurrentBrokerConfig current) {
        this.current = current;
    }

    /** Asked for every request: parsed once for each broker configuration. */
    @Override
    public GroupConfig get() {
        BrokerConfig broker = current.get();
        Parsed known = parsed;
        if (known == null || known.from != broker) {
            known = new Parsed(broker, parse(broker));
            parsed = known;
        }
        return known.config;
    }

    private static GroupConfig parse(BrokerConfig broker) {
        Map<String, String> values = new HashMap<>();
        for (String key : GroupConfig.CONFIG_DEF.names()) {
            if (BrokerKeys.KEYS.contains(key)) {
                values.put(key, broker.effective(key));
            }
        }
        return GroupConfig.of(values);
    }
}
