package org.milena.broker.topic;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.LogManager;

/**
 * What topic administration works with.
 *
 * @param config the current configuration, dynamic values included
 * @param serial runs one task at a time, in order; it may block on the database, and on no disk of the logs
 * @param disks for each log directory an executor that runs one task at a time, in order, and may block on that directory's disk
 * @param deletions lets topics be deleted, or not
 */
public record AdminContext(Supplier<BrokerConfig> config, MetadataStore store, MetadataCache cache, LogManager logs,
                           PartitionLifecycle partitions, Executor serial, Function<LogDirectory, Executor> disks,
                           DeletionGuard deletions) {

    /** Somebody may still need what a topic holds. */
    @FunctionalInterface
    public interface DeletionGuard {

        /** Runs the deletion of the topic of this name, on any thread, or fails with the reason why it must not be deleted now. */
        CompletableFuture<Void> unlessHeld(String topic, Supplier<CompletableFuture<Void>> deletion);
    }

    MetadataImage image() {
        return cache.image();
    }
}
