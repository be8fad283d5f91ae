package org.milena.connector.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/** Transactional ids of one prefix, each with one transaction at a time. Thread-safe. */
final class TransactionalIds {

    /** An id rests for so long, rather than that its next transaction waits until the markers of the last are written. */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private record Resting(TransactionalId id, long since) {
    }

    private final String prefix;
    private final Deque<Resting> free = new ArrayDeque<>();
    private int count;

    TransactionalIds(String prefix) {
        this.prefix = prefix;
    }

    synchronized TransactionalId take() {
        Resting longest = free.peekFirst();
        if (longest != null && System.nanoTime() - longest.since >= REST_NANOS) {
            return free.removeFirst().id;
        }
        return new TransactionalId(prefix + count++);
    }

    /** Its transaction has ended; one of which nobody knows how is not given back. */
    synchronized void giveBack(TransactionalId id) {
        free.addLast(new Resting(id, System.nanoTime()));
    }
}
