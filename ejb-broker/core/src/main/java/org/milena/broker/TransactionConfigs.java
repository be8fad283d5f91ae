package org.milena.broker;

import java.util.function.Supplier;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.transaction.TransactionConfig;

/** The transaction coordinator's settings out of the broker's. */
final class TransactionConfigs implements Supplier<TransactionConfig> {

    private final CurrentBrokerConfig current;
    private volatile Parsed parsed;

    private record Parsed(BrokerConfig from, TransactionConfig config) {
    }

    TransactionConfigs(CurrentBrokerConfig current) {
        this.current = current;
    }

    /** Asked for every request: parsed once for each broker configuration. */
    @Override
    public TransactionConfig get() {
        BrokerConfig broker = current.get();
        Parsed known = parsed;
        if (known == null || known.from != broker) {
            known = new Parsed(broker, new TransactionConfig(broker.intValue("transaction.state.log.num.partitions"),
                    broker.intValue("transaction.max.timeout.ms"), broker.intValue("transactional.id.expiration.ms"),
                    broker.intValue("transaction.abort.timed.out.transaction.cleanup.interval.ms"),
                    broker.intValue("transaction.remove.expired.transaction.cleanup.interval.ms"),
                    broker.intValue("add.partitions.to.txn.retry.backoff.max.ms")));
            parsed = known;
        }
        return known.config;
    }
}
