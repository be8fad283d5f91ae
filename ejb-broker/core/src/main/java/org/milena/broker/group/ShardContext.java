package org.milena.broker.group;

import java.util.function.Supplier;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.coordinator.ShardTimer;
import org.milena.broker.time.BrokerClock;

/**
 * What the protocols of one shard share.
 *
 * @param config   the current settings; ask each time, they may change
 * @param metadata the current image; ask each time
 */
public record ShardContext(int partition, Supplier<GroupConfig> config, BrokerClock clock, ShardTimer timer,
                           Supplier<MetadataImage> metadata, Groups groups) {
}
