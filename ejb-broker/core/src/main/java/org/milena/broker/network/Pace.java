package org.milena.broker.network;

import java.util.concurrent.TimeUnit;

/**
 * Whether a client sends the request, for which it holds memory, as fast as can be asked of it while others wait for that memory. A client
 * that only looks slow because we did not read is for the caller to tell. Not thread-safe.
 */
final class Pace {

    /**
     * Long enough for a few retransmissions; short enough that several rounds of stalled requests are cut within the 30 s for which a
     * client waits for its answer ({@code request.timeout.ms}).
     */
    static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(5);
    /**
     * In each period. Half of what sixteen small reads bring, which is one turn of an event loop, and half of a usual socket buffer: a loop
     * that was busy all the time finds it waiting. A client that is slower needs minutes for its megabyte.
     */
    static final int LEAST_BYTES = 32 * 1024;

    private Object request;
    private int shortage;
    private long since;
    private int had;

    /**
     * True when less than {@link #LEAST_BYTES} came in a whole period.
     *
     * @param current the request that is being received
     * @param lack    the shortage of memory: with each, periods begin anew, because nobody is asked to hurry while there is enough
     * @param bytes   received of the request so far
     */
    boolean tooSlow(Object current, int lack, int bytes, long nowNanos) {
        if (current == request && lack == shortage && bytes - had < LEAST_BYTES) {
            return nowNanos - since >= PERIOD_NANOS;
        }
        request = current;
        shortage = lack;
        had = bytes;
        since = nowNanos;
        return false;
    }

    /** The client was not read: its period begins anew. */
    void forget() {
        request = null;
    }
}
