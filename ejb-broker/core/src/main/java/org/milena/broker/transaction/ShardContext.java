package org.milena.broker.transaction;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.milena.broker.coordinator.Result;
import org.milena.broker.coordinator.ShardTimer;
import org.milena.broker.time.BrokerClock;

/**
 * What a shard is handed.
 *
 * @param coordinatorEpoch leader epoch of the shard's partition: markers carry it
 * @param config           the current settings; ask each time
 * @param again            runs an operation on the partition's shard, later; called from any thread
 * @param timedOut         a transaction that took too long, in the state in which it was found; somebody else has to end it, for
 *                         which a producer id may be needed
 * @param producerIdSeen   every producer id that the log holds
 * @param flushState       puts all records of the shard's partition on disk
 */
record ShardContext(int coordinatorEpoch, Supplier<TransactionConfig> config, BrokerClock clock, ShardTimer timer, TransactionMarkers markers,
                    Consumer<Function<TransactionCoordinatorShard, Result<Void>>> again, BiConsumer<String, TransactionMetadata> timedOut,
                    LongConsumer producerIdSeen, Supplier<CompletableFuture<Void>> flushState) {
}
