package org.milena.broker.network;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Bounds the memory of requests that are being received or worked on ({@code queued.max.request.bytes}).
 * A connection that finds none stops reading, and is called back when there is some: over-eager clients are slowed,
 * never bought with heap. One request always gets through, however large: else requests that each hold a part would wait for
 * each other.
 */
final class RequestMemory {

    private final long limit;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private long used;
    /** Who may go beyond the limit, until what is used is below it again. */
    private Object overdrawn;

    RequestMemory(long limit) {
        this.limit = limit;
    }

    /**
     * @param owner the one request that the bytes are for
     * @return true if the bytes are taken; else {@code retry} is called once, later, from any thread
     */
    synchronized boolean acquire(Object owner, int bytes, Runnable retry) {
        if (used + bytes > limit) {
            if (overdrawn != null && overdrawn != owner) {
                waiting.add(retry);
                return false;
            }
            overdrawn = owner;
        }
        used += bytes;
        return true;
    }

    void release(int bytes) {
        Runnable[] woken;
        synchronized (this) {
            used -= bytes;
            if (used <= limit) {
                overdrawn = null;
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

    synchronized long used() {
        return used;
    }
}
