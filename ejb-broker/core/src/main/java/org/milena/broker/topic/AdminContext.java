package org.milena.broker.topic;

import java.util.function.Supplier;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.log.LogManager;

/**
 * What topic administration works with.
 *
 * @param config the current configuration, dynamic values included
 */
public record AdminContext(Supplier<BrokerConfig> config, MetadataStore store, MetadataCache cache, LogManager logs,
                           PartitionLifecycle partitions) {

    MetadataImage image() {
        return cache.image();
    }
}
