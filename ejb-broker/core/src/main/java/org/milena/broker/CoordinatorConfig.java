package org.milena.broker;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.BrokerKeys;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.transaction.TransactionConfig;

/** A coordinator's settings out of the broker's. Asked for at every request, parsed once for each broker configuration. */
final class CoordinatorConfig<T> implements Supplier<T> {

    private final Supplier<BrokerConfig> current;
    private final Function<BrokerConfig, T> parser;
    private volatile Parsed<T> parsed;

    private record Parsed<T>(BrokerConfig from, T config) {
    }

    private CoordinatorConfig(Supplier<BrokerConfig> current, Function<BrokerConfig, T> parser) {
        this.current = current;
        this.parser = parser;
    }

    static CoordinatorConfig<GroupConfig> ofGroups(Supplier<BrokerConfig> current) {
        return new CoordinatorConfig<>(current, CoordinatorConfig::groups);
    }

    static CoordinatorConfig<TransactionConfig> ofTransactions(Supplier<BrokerConfig> current) {
        return new CoordinatorConfig<>(current, CoordinatorConfig::transactions);
    }

    @Override
    public T get() {
        BrokerConfig broker = current.get();
        Parsed<T> known = parsed;
        if (known == null || known.from != broker) {
            known = new Parsed<>(broker, parser.apply(broker));
            parsed = known;
        }
        return known.config;
    }

    private static GroupConfig groups(BrokerConfig broker) {
        Map<String, String> values = new HashMap<>();
        for (String key : GroupConfig.CONFIG_DEF.names()) {
            if (BrokerKeys.KEYS.contains(key)) {
                values.put(key, broker.effective(key));
            }
        }
        return GroupConfig.of(values);
    }

    private static TransactionConfig transactions(BrokerConfig broker) {
        return new TransactionConfig(broker.intValue("transaction.state.log.num.partitions"), broker.intValue("transaction.max.timeout.ms"),
                broker.intValue("transactional.id.expiration.ms"),
                broker.intValue("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
                broker.intValue("transaction.remove.expired.transaction.cleanup.interval.ms"),
                broker.intValue("add.partitions.to.txn.retry.backoff.max.ms"));
    }
}
