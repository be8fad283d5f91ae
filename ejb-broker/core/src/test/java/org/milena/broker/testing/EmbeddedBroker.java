package org.milena.broker.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ThreadFactory;
import org.milena.broker.Broker;
import org.milena.broker.BrokerEnvironment;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.log.Disk;
import org.milena.broker.log.NioDisk;
import org.milena.broker.time.BrokerClock;

/**
 * The whole broker in this JVM, on plain threads, a free port and metadata in memory: everything but the server around it.
 * Keep the store to start again on the same data.
 */
public final class EmbeddedBroker implements AutoCloseable {

    private final Broker broker;

    private EmbeddedBroker(Broker broker) {
        this.broker = broker;
    }

    public static EmbeddedBroker start(Path dataDir) {
        return start(dataDir, new InMemoryMetadataStore(), Map.of());
    }

    /** @param settings Kafka's keys; {@code listeners} is a free port of the loopback address unless given */
    public static EmbeddedBroker start(Path dataDir, MetadataStore store, Map<String, String> settings) {
        return start(dataDir, store, settings, new NioDisk());
    }

    /** @param disk under all log directories: one that stalls, fails or is full */
    public static EmbeddedBroker start(Path dataDir, MetadataStore store, Map<String, String> settings, Disk disk) {
        return start(dataDir, store, settings, Thread::new, BrokerClock.SYSTEM, disk);
    }

    /** On threads and at a time of the test's choosing. */
    public static EmbeddedBroker start(Path dataDir, MetadataStore store, Map<String, String> settings, ThreadFactory threads, BrokerClock clock) {
        return start(dataDir, store, settings, threads, clock, new NioDisk());
    }

    private static EmbeddedBroker start(Path dataDir, MetadataStore store, Map<String, String> settings, ThreadFactory threads, BrokerClock clock,
                                        Disk disk) {
        Map<String, String> all = new HashMap<>(Map.of("milena.data.dir", dataDir.toString(), "listeners", "PLAINTEXT://127.0.0.1:0",
                "group.initial.rebalance.delay.ms", "0", "offsets.topic.num.partitions", "5", "transaction.state.log.num.partitions", "5"));
        all.putAll(settings);
        Broker broker = new Broker(new BrokerEnvironment(BrokerConfig.of(all), threads, clock, store, disk));
        try {
            broker.openLogs();
            broker.lead();
            broker.coordinate();
            broker.coordinateTransactions();
            broker.keepHouse();
            broker.listen();
        } catch (IOException e) {
            broker.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException | Error e) {
            broker.close();
            throw e;
        }
        return new EmbeddedBroker(broker);
    }

    public Broker broker() {
        return broker;
    }

    public int port() {
        return broker.server().addresses().get(0).getPort();
    }

    public String bootstrap() {
        return "127.0.0.1:" + port();
    }

    /** Client properties with the bootstrap address and whatever else is given, as key, value, key, value. */
    public Properties properties(String... more) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap());
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        return properties;
    }

    @Override
    public void close() {
        broker.close();
    }
}
