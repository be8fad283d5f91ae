package org.milena.broker.network;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Bounds the memory of requests that are being received or worked on ({@code queued.max.request.bytes}).
 * A connection that finds none stops reading, and is called back when there is some: over-eager clients are slowed,
 * never bought with heap.
 *
 * <p>What has been read is counted, and only then a connection over the limit is stopped: the limit is exceeded by at most one
 * read of each connection. Where large requests have taken all of it and none of them is whole, they would wait for each other
 * for ever. So one at a time is favoured: it gets what it still needs, and hands the favour on when it has been worked on.
 */
final class RequestMemory {

    /** What one request, or one connection's partial request, has taken. Guarded by the memory. */
    static final class Lease {
        private int bytes;
        private boolean favoured;
    }

    private final long limit;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private volatile long used;
    private boolean favourGiven;

    RequestMemory(long limit) {
        this.limit = limit;
    }

    /** Takes bytes that have come already: nothing is left to refuse, but {@link #mayReadOn} feels it. */
    synchronized void charge(Lease lease, int bytes) {
        lease.bytes += bytes;
        used += bytes;
    }

    /** True when so much is taken that reads should be small. */
    boolean scarce() {
        return used > limit / 2;
    }

    /**
     * Asked by a connection before it reads more.
     *
     * @param partial the lease of the request that it has a part of, or null
     * @return false when it must not; then {@code retry} is called once, later, from any thread
     */
    boolean mayReadOn(Lease partial, Runnable retry) {
        if (used <= limit) {
            return true;
        }
        synchronized (this) {
            if (used <= limit || partial != null && favour(partial)) {
                return true;
            }
            waiting.add(retry);
            return false;
        }
    }

    private boolean favour(Lease lease) {
        if (favourGiven) {
            return lease.favoured;
        }
        favourGiven = true;
        lease.favoured = true;
        return true;
    }

    /** Gives everything back. Idempotent. */
    void release(Lease lease) {
        Runnable[] woken;
        synchronized (this) {
            used -= lease.bytes;
            lease.bytes = 0;
            if (lease.favoured) {
                lease.favoured = false;
                favourGiven = false;
            }
            if (waiting.isEmpty()) {
                return;
            }
            woken = waiting.toArray(Runnable[]::new);
            waiting.clear();
        }
        for (Runnable retry : woken) {
            retry.run();
        }
    }

    /** True while somebody waits. */
    synchronized boolean contended() {
        return !waiting.isEmpty();
    }

    long used() {
        return used;
    }
}
