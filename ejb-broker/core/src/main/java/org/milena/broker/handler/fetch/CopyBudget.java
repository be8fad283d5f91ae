package org.milena.broker.handler.fetch;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.milena.broker.network.RequestContext;
import org.milena.broker.time.BrokerClock;

/**
 * Bounds the heap that copies for fetches hold, over all connections. A fetch that finds none left answers without those
 * partitions, or waits until somebody has read his answer. Whoever does not read while others wait is disconnected. Thread-safe.
 */
final class CopyBudget {

    private static final Logger LOG = System.getLogger(CopyBudget.class.getName());
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What one copy holds of the budget. */
    final class Share {
        private final RequestContext owner;
        private final Runnable retry;
        private int bytes;
        private volatile long progressNanos = clock.nanoTime();

        private Share(RequestContext owner, Runnable retry) {
            this.owner = owner;
            this.retry = retry;
        }

        /** The read turned out to have so many bytes. False when they are more than there is room for: nothing is held any more then. */
        boolean settle(int actual) {
            boolean fits;
            List<Runnable> woken;
            synchronized (CopyBudget.this) {
                fits = free(actual - bytes, used - bytes);
                if (fits) {
                    used += actual - bytes;
                    bytes = actual;
                } else {
                    give();
                    waiting.add(retry);
                }
                woken = fits ? takeWoken() : List.of();
            }
            woken.forEach(Runnable::run);
            return fits;
        }

        /** The client has taken some of it. */
        void progress() {
            progressNanos = clock.nanoTime();
        }

        private void give() {
            used -= bytes;
            bytes = 0;
            shares.remove(this);
        }

        /** Idempotent. */
        void release() {
            List<Runnable> woken;
            synchronized (CopyBudget.this) {
                give();
                woken = takeWoken();
            }
            woken.forEach(Runnable::run);
        }
    }

    private final long limit;
    private final int usual;
    private final BrokerClock clock;
    private final Set<Share> shares = new LinkedHashSet<>();
    private final Set<Runnable> waiting = new LinkedHashSet<>();
    private long used;
    private long lookedNanos;

    /** @param usual what a copy takes at most, normally: no more are woken than there is room for, so that they keep their order */
    CopyBudget(long limit, int usual, BrokerClock clock) {
        this.limit = limit;
        this.usual = usual;
        this.clock = clock;
        this.lookedNanos = clock.nanoTime();
    }

    /** One copy may always be held, however large: else a batch larger than all of the budget could never be read. */
    private boolean free(long more, long others) {
        return others == 0 || used + more <= limit;
    }

    /**
     * Null when there is no room; then {@code retry} is called once there may be some, from any thread, unless {@link #forget}
     * comes first.
     */
    Share take(RequestContext owner, int bytes, Runnable retry) {
        List<RequestContext> stalled;
        synchronized (this) {
            if (free(bytes, used)) {
                Share share = new Share(owner, retry);
                share.bytes = bytes;
                used += bytes;
                shares.add(share);
                return share;
            }
            waiting.add(retry);
            stalled = stalled();
        }
        for (RequestContext client : stalled) {
            LOG.log(Level.INFO, "Closing connection {0}: it does not read its answers, and others wait for the memory", client.connectionId());
            client.closeConnection();
        }
        return null;
    }

    /** Answers that nobody takes, at most once in a while. A connection whose client takes any of them is slow, not stalled. */
    private List<RequestContext> stalled() {
        long now = clock.nanoTime();
        if (now - lookedNanos < LOOK_NANOS) {
            return List.of();
        }
        lookedNanos = now;
        Map<String, Share> latest = new HashMap<>();
        for (Share share : shares) {
            latest.merge(share.owner.connectionId(), share, (a, b) -> a.progressNanos - b.progressNanos >= 0 ? a : b);
        }
        return latest.values().stream().filter(share -> now - share.progressNanos > STALLED_NANOS).map(share -> share.owner).toList();
    }

    /** Who waited does not any more. */
    void forget(Runnable retry) {
        List<Runnable> woken;
        synchronized (this) {
            waiting.remove(retry);
            woken = takeWoken(); // in its stead, if it had been woken
        }
        woken.forEach(Runnable::run);
    }

    private List<Runnable> takeWoken() {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<Runnable> woken = new ArrayList<>();
        var next = waiting.iterator();
        for (long room = limit - used; (room >= usual || used == 0 && woken.isEmpty()) && next.hasNext(); room -= usual) {
            woken.add(next.next());
            next.remove();
        }
        return woken;
    }

    synchronized long used() {
        return used;
    }
}
