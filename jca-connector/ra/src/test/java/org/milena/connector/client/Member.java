package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.milena.broker.testing.EmbeddedBroker;

/** A member of a group on a thread of its own; what it is assigned is kept, what is revoked given back at once unless told otherwise. */
final class Member implements GroupConsumer.Listener, AutoCloseable {

    final Map<String, PartitionFeed> feeds = new ConcurrentHashMap<>();
    final List<PartitionFeed> lost = new ArrayList<>();
    final GroupConsumer consumer;
    volatile boolean keepRevoked;
    volatile boolean silent;
    private final Cluster cluster;
    private final Cluster fetching;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile boolean vanish;

    Member(EmbeddedBroker broker, Way way, ConsumerConfig config) {
        this(way.to(broker), config);
    }

    Member(Dialer dialer, ConsumerConfig config) {
        ClientConfig client = new ClientConfig("member", 30_000, 10_000, 10, 300_000, 1_000_000);
        cluster = new Cluster(dialer, client);
        fetching = new Cluster(dialer, client);
        consumer = new GroupConsumer(cluster, fetching, config, this);
        thread = new Thread(this::run, "member");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        while (!stopped) {
            if (silent) {
                Thread.onSpinWait();
            } else {
                consumer.poll(100);
            }
        }
        if (!vanish) {
            consumer.leave(5_000);
        }
    }

    @Override
    public void assigned(PartitionFeed feed) {
        feeds.put(feed.toString(), feed);
    }

    @Override
    public void revoked(PartitionFeed feed) {
        if (!keepRevoked) {
            feeds.remove(feed.toString(), feed);
            feed.release();
        }
    }

    @Override
    public void lost(PartitionFeed feed) {
        feeds.remove(feed.toString(), feed);
        lost.add(feed);
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    Collection<String> awaitPartitions(int count) {
        await(() -> feeds.size() == count);
        return new TreeMap<>(feeds).keySet();
    }

    PartitionFeed feed(String partition) {
        await(() -> feeds.containsKey(partition));
        return feeds.get(partition);
    }

    /** So many records, in their order. */
    List<ConsumedRecord> take(String partition, int count) throws Exception {
        PartitionFeed feed = feed(partition);
        List<ConsumedRecord> taken = new ArrayList<>();
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (taken.size() < count) {
            taken.addAll(feed.take(count - taken.size()));
            assertThat(System.nanoTime()).as("%s of %s records", taken.size(), count).isLessThan(deadline);
        }
        return taken;
    }

    /** Without leaving the group. */
    void vanish() throws InterruptedException {
        vanish = true;
        close();
    }

    @Override
    public void close() throws InterruptedException {
        stopped = true;
        consumer.wakeup();
        thread.join();
        cluster.close();
        fetching.close();
    }
}
