package org.milena.broker;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.milena.broker.time.BrokerClock;

/** A pool of a fixed size that knows for how long its threads have been at what they do: one that hangs is not hidden by the others. */
final class WatchedPool extends ThreadPoolExecutor {

    private static final long IDLE = Long.MIN_VALUE;

    private final BrokerClock clock;
    private final Map<Thread, AtomicLong> since = new ConcurrentHashMap<>();

    WatchedPool(int threads, ThreadFactory factory, BrokerClock clock) {
        super(threads, threads, 0, TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), factory);
        this.clock = clock;
    }

    @Override
    protected void beforeExecute(Thread thread, Runnable task) {
        AtomicLong mine = since.get(thread);
        if (mine == null) {
            mine = since.computeIfAbsent(thread, t -> new AtomicLong());
        }
        mine.setRelease(clock.nanoTime());
    }

    @Override
    protected void afterExecute(Runnable task, Throwable error) {
        Thread thread = Thread.currentThread();
        since.get(thread).setRelease(IDLE);
        if (error != null) { // it ends, and another takes its place
            since.remove(thread);
        }
    }

    /** Of the thread that has been at its task for the longest; 0 when all are idle. */
    long longestTaskNanos() {
        long now = clock.nanoTime();
        long longest = 0;
        for (AtomicLong begin : since.values()) {
            long value = begin.getAcquire();
            longest = value == IDLE ? longest : Math.max(longest, now - value);
        }
        return longest;
    }
}
