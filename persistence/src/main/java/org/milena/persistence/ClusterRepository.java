package org.milena.persistence;

import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import java.util.function.Supplier;

/** Cluster id, broker incarnations and producer ids, within the transaction of the entity manager. */
public record ClusterRepository(EntityManager entities) {

    /** The cluster's id; the first call ever stores {@code first}. */
    public String clusterId(Supplier<String> first) {
        Cluster stored = entities.find(Cluster.class, Cluster.ONLY);
        if (stored == null) {
            stored = new Cluster(first.get());
            entities.persist(stored);
        }
        return stored.getClusterId();
    }

    /** A number larger than that of any earlier start of any broker. */
    public long newIncarnation(int brokerId) {
        long incarnation = take("incarnation", 0, 1);
        Broker broker = entities.find(Broker.class, brokerId);
        if (broker == null) {
            entities.persist(new Broker(brokerId, incarnation));
        } else {
            broker.setIncarnation(incarnation);
        }
        return incarnation;
    }

    /** {@code count} producer ids in a row, never handed out before and all larger than {@code above}; returns the first. */
    public long takeProducerIds(long above, int count) {
        return take("producer-id", above, count);
    }

    /** The row is locked first, and its version checked all the same: two that check only have been seen, once, to commit both in H2. */
    private long take(String name, long above, int count) {
        Counter counter = entities.find(Counter.class, name, LockModeType.PESSIMISTIC_WRITE);
        if (counter == null) {
            counter = new Counter(name, 0);
            entities.persist(counter);
        }
        return counter.take(above, count);
    }
}
