package org.milena.connector.client;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The connections to one broker. A broker answers a connection's requests in their order, so one that waits for the disk, as each prepare and
 * each commit of a branch does, holds up all behind it: callers at the same time get connections of their own, up to {@value #MOST}. Thread-safe.
 */
final class BrokerConnections {

    static final int MOST = 16;

    /** Where a further connection is refused, the others have to do for so long. */
    private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Opens a connection. */
    interface Dial {
        BrokerConnection open(Deadline deadline) throws ClientException;
    }

    /** A connection, and the right to open it. */
    private static final class Lane {
        private final ReentrantLock opening = new ReentrantLock();
        private volatile BrokerConnection connection;

        private BrokerConnection open() {
            BrokerConnection known = connection;
            return known != null && known.isOpen() ? known : null;
        }
    }

    private final Endpoint endpoint;
    private final Dial dial;
    private final Lane[] lanes = new Lane[MOST];
    private volatile long refusedNanos = System.nanoTime() - REFUSED_NANOS;

    BrokerConnections(Endpoint endpoint, Dial dial) {
        this.endpoint = endpoint;
        this.dial = dial;
        Arrays.setAll(lanes, i -> new Lane());
    }

    /** The least busy of those that are open; or null. */
    BrokerConnection anyOpen() {
        BrokerConnection leastBusy = null;
        for (Lane lane : lanes) {
            BrokerConnection open = lane.open();
            if (open != null && (leastBusy == null || open.underWay() < leastBusy.underWay())) {
                leastBusy = open;
            }
        }
        return leastBusy;
    }

    /**
     * One on which nothing is under way, or a new one, or the least busy.
     *
     * @throws ClientException there is none, and none can be opened
     */
    BrokerConnection get(Deadline deadline) throws ClientException {
        BrokerConnection leastBusy = null;
        Lane unused = null;
        int favourite = (int) (Thread.currentThread().getId() % MOST); // so that threads seldom choose the same at the same moment
        for (int i = 0; i < MOST; i++) {
            Lane lane = lanes[(favourite + i) % MOST];
            BrokerConnection open = lane.open();
            if (open == null) {
                unused = unused == null ? lane : unused;
            } else if (open.underWay() == 0) {
                return open;
            } else if (leastBusy == null || open.underWay() < leastBusy.underWay()) {
                leastBusy = open;
            }
        }
        return leastBusy == null ? first(deadline) : unused == null ? leastBusy : further(unused, leastBusy, deadline);
    }

    /** All wait for the same one: it is not known yet that the broker can be reached at all. */
    private BrokerConnection first(Deadline deadline) throws ClientException {
        Lane lane = lanes[0];
        try {
            if (!lane.opening.tryLock(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                throw ClientException.unreachable(endpoint + " can't be reached: others wait for it already", null);
            }
        } catch (InterruptedException e) {
            throw ClientException.interrupted(e);
        }
        try {
            return opened(lane, deadline);
        } finally {
            lane.opening.unlock();
        }
    }

    private BrokerConnection further(Lane lane, BrokerConnection instead, Deadline deadline) {
        if (System.nanoTime() - refusedNanos < REFUSED_NANOS || !lane.opening.tryLock()) {
            return instead;
        }
        try {
            return opened(lane, deadline);
        } catch (ClientException e) {
            refusedNanos = System.nanoTime();
            return instead;
        } finally {
            lane.opening.unlock();
        }
    }

    private BrokerConnection opened(Lane lane, Deadline deadline) throws ClientException {
        BrokerConnection open = lane.open();
        if (open == null) {
            lane.connection = null; // nothing of the old one is kept while the new one is tried
            open = dial.open(deadline);
            lane.connection = open;
        }
        return open;
    }

    void close() {
        for (Lane lane : lanes) {
            BrokerConnection open = lane.connection;
            if (open != null) {
                open.close();
            }
        }
    }
}
