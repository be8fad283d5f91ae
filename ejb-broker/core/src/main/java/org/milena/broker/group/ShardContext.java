package org.milena.broker.group;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.coordinator.Result;
import org.milena.broker.coordinator.ShardTimer;
import org.milena.broker.time.BrokerClock;

/**
 * What the protocols of one shard share.
 *
 * @param config   the current settings; ask each time, they may change
 * @param metadata the current image; ask each time
 * @param again    runs an operation on the partition's shard, later; called from any thread
 * @param promised the producers of all transactions that are prepared or may be at any moment (rules 18); fails while that cannot be said
 */
public record ShardContext(int partition, Supplier<GroupConfig> config, BrokerClock clock, ShardTimer timer,
                           Supplier<MetadataImage> metadata, Groups groups,
                           Consumer<Function<GroupCoordinatorShard, Result<Void>>> again, Supplier<CompletableFuture<Set<Long>>> promised) {
}
