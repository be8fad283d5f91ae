package org.milena.broker;

import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.log.Disk;
import org.milena.broker.log.NioDisk;
import org.milena.broker.time.BrokerClock;

/**
 * What the outside gives a {@link Broker}: in a server its managed threads and its database, in a test plain ones.
 *
 * @param config  the static configuration
 * @param threads makes every thread of ours; the name is set by whoever asks for one
 * @param store   asked for when the partitions are led: the database may open while the logs do
 * @param disk    where the logs are; a test hands in one that stalls or fails
 */
public record BrokerEnvironment(BrokerConfig config, ThreadFactory threads, BrokerClock clock, Supplier<MetadataStore> store, Disk disk) {

    /** On the real disk. */
    public BrokerEnvironment(BrokerConfig config, ThreadFactory threads, BrokerClock clock, Supplier<MetadataStore> store) {
        this(config, threads, clock, store, new NioDisk());
    }

    /** A factory whose threads carry a name and a number. */
    ThreadFactory threads(String name) {
        return task -> {
            Thread thread = threads.newThread(task);
            thread.setName("milena-" + name);
            return thread;
        };
    }
}
