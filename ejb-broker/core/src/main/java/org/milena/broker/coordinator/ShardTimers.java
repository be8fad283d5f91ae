package org.milena.broker.coordinator;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/**
 * The timers of one life of a shard. Pushing a deadline out, as every heartbeat does, only moves a number: the task
 * that is set already looks at it when it fires and goes back to sleep.
 *
 * <p>Time during which the log took no records does not count: a client whose answers our disk holds back can't send its next
 * heartbeat, so its session must not run out over that.
 */
final class ShardTimers implements ShardTimer {

    private static final class Entry {
        long deadlineMs;
        /** {@link #stalledMs} when the deadline was set. */
        long stalledMs;
        long firesAtMs;
        Supplier<Result<Void>> operation;
        Timer.Task task;

        void set(long deadline, long stalled, Supplier<Result<Void>> what) {
            deadlineMs = deadline;
            stalledMs = stalled;
            operation = what;
        }
    }

    private final Timer timer;
    private final BrokerClock clock;
    private final Executor executor;
    private final Consumer<Supplier<Result<Void>>> run;
    private final LongSupplier stalledMs;
    private final Map<String, Entry> entries = new HashMap<>();
    private boolean closed;

    /**
     * @param run       runs a due operation as a write of the shard; called on {@code executor}
     * @param stalledMs for how long, all in all, the log has held up the shard; never goes back
     */
    ShardTimers(Timer timer, BrokerClock clock, Executor executor, Consumer<Supplier<Result<Void>>> run, LongSupplier stalledMs) {
        this.timer = timer;
        this.clock = clock;
        this.executor = executor;
        this.run = run;
        this.stalledMs = stalledMs;
    }

    @Override
    public void schedule(String key, long delayMs, Supplier<Result<Void>> operation) {
        if (closed) {
            return;
        }
        long deadlineMs = nowMs() + Math.max(0, delayMs);
        Entry entry = entries.get(key);
        if (entry != null && entry.firesAtMs <= deadlineMs) {
            entry.set(deadlineMs, stalledMs.getAsLong(), operation);
            return;
        }
        if (entry != null) {
            entry.task.cancel();
        }
        entry = new Entry();
        entry.set(deadlineMs, stalledMs.getAsLong(), operation);
        entries.put(key, entry);
        arm(key, entry, deadlineMs);
    }

    @Override
    public void cancel(String key) {
        Entry entry = entries.remove(key);
        if (entry != null) {
            entry.task.cancel();
        }
    }

    @Override
    public boolean isScheduled(String key) {
        return entries.containsKey(key);
    }

    /** Cancels all; nothing fires from now on. */
    void close() {
        closed = true;
        entries.values().forEach(entry -> entry.task.cancel());
        entries.clear();
    }

    private void arm(String key, Entry entry, long atMs) {
        entry.firesAtMs = atMs;
        entry.task = timer.schedule(Math.max(0, atMs - nowMs()), () -> executor.execute(() -> fired(key, entry)));
    }

    private void fired(String key, Entry entry) {
        if (closed || entries.get(key) != entry) {
            return;
        }
        long dueMs = entry.deadlineMs + stalledMs.getAsLong() - entry.stalledMs;
        if (dueMs > nowMs()) {
            arm(key, entry, dueMs);
            return;
        }
        entries.remove(key);
        run.accept(entry.operation);
    }

    private long nowMs() {
        return clock.nanoTime() / 1_000_000;
    }
}
