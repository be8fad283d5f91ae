package org.milena.connector.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.apache.kafka.common.utils.Utils;

/**
 * Transactional ids of one prefix, each with one transaction at a time, all in one partition of {@code __transaction_state}: what is voted and
 * decided at the same time then shares one fsync, rather than that each costs one of its own. Thread-safe.
 */
final class TransactionalIds {

    /** An id rests for so long, rather than that its next transaction waits until the markers of the last are written. */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private record Resting(TransactionalId id, long since) {
    }

    /** Nothing says that hash codes of numbers reach every partition. */
    private static final int TRIES = 10_000;

    private final String prefix;
    private final Deque<Resting> free = new ArrayDeque<>();
    private int count;

    TransactionalIds(String prefix) {
        this.prefix = prefix;
    }

    /** @param statePartitions of {@code __transaction_state}, asked for a new id only; 0: not known, any will do */
    TransactionalId take(IntSupplier statePartitions) {
        TransactionalId rested = takeRested();
        return rested != null ? rested : make(statePartitions.getAsInt());
    }

    private synchronized TransactionalId takeRested() {
        Resting longest = free.peekFirst();
        return longest != null && System.nanoTime() - longest.since >= REST_NANOS ? free.removeFirst().id : null;
    }

    private synchronized TransactionalId make(int statePartitions) {
        String name = prefix + count++;
        for (int tries = 0; statePartitions > 0 && tries < TRIES && partition(name, statePartitions) != partition(prefix, statePartitions); tries++) {
            name = prefix + count++;
        }
        return new TransactionalId(name);
    }

    /** As every Kafka client and broker computes it. */
    private static int partition(String transactionalId, int partitions) {
        return Utils.abs(transactionalId.hashCode()) % partitions;
    }

    /** Its transaction has ended; one of which nobody knows how is not given back. */
    synchronized void giveBack(TransactionalId id) {
        free.addLast(new Resting(id, System.nanoTime()));
    }
}
