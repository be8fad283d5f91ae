package org.milena.broker.group;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/** Time, timer and threads that the test moves by hand: nothing happens but by {@link #run} and {@link #advance}. */
public final class SimWorld implements BrokerClock, Timer, Executor {

    private record Scheduled(long atMs, long order, Runnable action, boolean[] cancelled) implements Comparable<Scheduled> {
        @Override
        public int compareTo(Scheduled other) {
            return atMs != other.atMs ? Long.compare(atMs, other.atMs) : Long.compare(order, other.order);
        }
    }

    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final PriorityQueue<Scheduled> timers = new PriorityQueue<>();
    private long nowMs = 1_700_000_000_000L;
    private long order;

    @Override
    public long millis() {
        return nowMs;
    }

    @Override
    public long nanoTime() {
        return nowMs * 1_000_000;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Task schedule(long delayMs, Runnable action) {
        boolean[] cancelled = new boolean[1];
        timers.add(new Scheduled(nowMs + delayMs, order++, action, cancelled));
        return () -> cancelled[0] = true;
    }

    /** Runs all tasks that are ready, without moving the clock. */
    public void run() {
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
    }

    /** Moves the clock, firing what is due on the way. */
    public void advance(long ms) {
        long end = nowMs + ms;
        run();
        while (!timers.isEmpty() && timers.peek().atMs <= end) {
            Scheduled next = timers.poll();
            nowMs = Math.max(nowMs, next.atMs);
            if (!next.cancelled[0]) {
                next.action.run();
                run();
            }
        }
        nowMs = end;
        run();
    }

    /** The value of a future that must be complete by now. */
    public <T> T get(CompletableFuture<T> future) {
        run();
        if (!future.isDone()) {
            throw new AssertionError("Still waiting for an answer");
        }
        return future.join();
    }
}
