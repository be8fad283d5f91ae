package org.milena.broker.config;

import java.util.function.Supplier;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;

/**
 * The broker's configuration under the dynamic values of the newest metadata image. Whoever reads a value here each time it
 * is used acts on a change without a restart. Register it as the cache's first listener: those after it see the new values.
 */
public final class CurrentBrokerConfig implements Supplier<BrokerConfig>, MetadataCache.Listener {

    private volatile BrokerConfig current;

    public CurrentBrokerConfig(BrokerConfig statics) {
        current = statics;
    }

    @Override
    public BrokerConfig get() {
        return current;
    }

    @Override
    public void changed(MetadataImage before, MetadataImage after) {
        if (!before.brokerConfigs().equals(after.brokerConfigs())) {
            current = current.with(after);
        }
    }
}
