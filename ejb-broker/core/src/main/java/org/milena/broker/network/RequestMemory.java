package org.milena.broker.network;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Bounds the memory of requests that are being received or worked on ({@code queued.max.request.bytes}).
 * A connection that finds none stops reading, and is called back when there is some: over-eager clients are slowed,
 * never bought with heap. Decision 12 says why it is done so.
 *
 * <ul>
 * <li>A request that comes in parts takes memory ahead of what it reads, in steps; when there is none it waits. The memory goes to
 * those that wait in the order in which their requests began. Nobody overtakes, so nobody starves.
 * <li>The oldest of them goes on beyond the limit, one at a time: requests that together hold all memory, none of them whole, would else wait
 * for each other for ever.
 * <li>Each connection has a little by right, whatever the others hold: heartbeats, fetches and metadata do not wait.
 * </ul>
 *
 * <p>Bound: the limit, one request, and for each connection the larger of what it has by right and one read. Any thread.
 */
final class RequestMemory {

    /**
     * The first step of a request that comes in parts, which later doubles: so much a client can take by a size that it only announces.
     * Also the most that a connection has by right: a few of the default {@code batch.size}.
     */
    static final int STEP = 64 * 1024;
    /** What a connection has by right at least: the read that shows what it wants. */
    private static final int LEAST_BY_RIGHT = ReceiveBuffers.SCARCE;
    /**
     * New requests begin while at most this fraction of the limit is taken; the rest is for those that have begun, the oldest first. Else a
     * crowd that begins at once would take all of it in first steps, and hardly one would get as far as its end, or as its stall.
     */
    private static final int PART_TO_BEGIN = 2;
    /** All connections together have this fraction of the limit by right, beside it: direct memory is three times the limit. */
    private static final int PART_BY_RIGHT = 4;

    /** What the requests of one connection hold together, and what it waits for. Guarded by the memory. */
    static final class Account {
        private int bytes;
        /** The request that comes in parts, with its place in the order of asking. */
        private Lease receiving;
        private long ticket;
        private int wanted;
        private Runnable granted;
        private boolean queued;
    }

    /** What one request holds. Guarded by the memory. */
    static final class Lease {
        private final Account account;
        private int bytes;
        /** Its bytes count towards the limit. Else the connection has them by right, or they have come and it waits. */
        private boolean counted;

        Lease(Account account) {
            this.account = account;
        }
    }

    private final long limit;
    private final TreeSet<Account> queue = new TreeSet<>(Comparator.comparingLong(account -> account.ticket));
    private volatile long used;
    private volatile long counted;
    private volatile int shortage;
    private Lease favoured;
    private int shortages;
    private long tickets;
    private int connections;

    RequestMemory(long limit) {
        this.limit = limit;
    }

    /** The account of a new connection. */
    synchronized Account open() {
        connections++;
        return new Account();
    }

    /** A connection is gone; requests of it may still be in work. */
    synchronized void close() {
        connections--;
    }

    /** Takes bytes that have come already: nothing is left to refuse. */
    synchronized void charge(Lease lease, int bytes) {
        count(lease);
        take(lease, bytes);
    }

    /**
     * Asked for a request before more of it is read.
     *
     * @param came  bytes of it that have come beyond what it holds; they are taken in any case
     * @param ahead bytes to come
     * @return false when it must wait; then {@code granted} is called once, later, from any thread, and it holds what it asked for
     */
    synchronized boolean ask(Lease lease, int came, int ahead, Runnable granted) {
        Account account = lease.account;
        take(lease, came);
        if (account.receiving != lease) {
            account.receiving = lease;
            account.ticket = ++tickets;
        }
        boolean next = queue.isEmpty() || queue.first().ticket > account.ticket;
        if (hasByRight(account, ahead) || favoured == lease || next && admits(account, ahead)) {
            take(lease, ahead);
            return true;
        }
        account.wanted = ahead;
        account.granted = granted;
        account.queued = true;
        queue.add(account);
        if (shortage == 0) {
            shortage = ++shortages;
        }
        return false;
    }

    /**
     * Asked by a connection that is between two requests.
     *
     * @return false when its own requests in work are too many for now; then {@code retry} is called once, later, from any thread
     */
    boolean mayReadOn(Account account, Runnable retry) {
        if (plenty()) {
            return true;
        }
        synchronized (this) {
            if (plenty() || hasByRight(account, 0)) {
                return true;
            }
            account.granted = retry; // not queued: the end of its own requests wakes it
            return false;
        }
    }

    private boolean plenty() {
        return shortage == 0 && counted <= limit;
    }

    private boolean hasByRight(Account account, int more) {
        long share = limit / PART_BY_RIGHT / Math.max(1, connections);
        return account.bytes + (long) more <= Math.max(LEAST_BY_RIGHT, Math.min(STEP, share));
    }

    /** Asked for the one that is next. */
    private boolean admits(Account account, int more) {
        Lease lease = account.receiving;
        boolean fits = lease.counted ? counted + more <= limit : counted + lease.bytes + more <= limit / PART_TO_BEGIN;
        if (!fits) {
            if (favoured != null) {
                return false;
            }
            favoured = lease;
        }
        count(lease);
        return true;
    }

    private void count(Lease lease) {
        if (!lease.counted) {
            lease.counted = true;
            counted += lease.bytes;
        }
    }

    private void take(Lease lease, int bytes) {
        lease.bytes += bytes;
        lease.account.bytes += bytes;
        used += bytes;
        if (lease.counted) {
            counted += bytes;
        }
    }

    /** Gives everything back; it waits no longer. Idempotent. */
    void release(Lease lease) {
        List<Runnable> woken;
        synchronized (this) {
            Account account = lease.account;
            take(lease, -lease.bytes);
            if (favoured == lease) {
                favoured = null;
            }
            if (account.receiving == lease) {
                account.receiving = null;
                if (account.queued) {
                    unqueue(account);
                }
            }
            if (account.granted == null && shortage == 0) {
                return;
            }
            woken = new ArrayList<>();
            if (account.granted != null && (hasByRight(account, account.wanted) || !account.queued && plenty())) {
                woken.add(grant(account));
            }
            while (!queue.isEmpty() && admits(queue.first(), queue.first().wanted)) {
                woken.add(grant(queue.first()));
            }
            if (shortage != 0 && queue.isEmpty()) {
                shortage = 0;
            }
        }
        woken.forEach(Runnable::run);
    }

    private Runnable grant(Account account) {
        Runnable granted = account.granted;
        if (account.queued) {
            take(account.receiving, account.wanted);
        }
        unqueue(account);
        return granted;
    }

    private void unqueue(Account account) {
        queue.remove(account);
        account.queued = false;
        account.wanted = 0;
        account.granted = null;
    }

    /** True when so much is taken that reads should be small. */
    boolean scarce() {
        return used > limit / 2;
    }

    /** The number of this shortage, or 0 while nobody waits for what others hold. */
    int shortage() {
        return shortage;
    }

    long used() {
        return used;
    }
}
