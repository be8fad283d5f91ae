package org.milena.broker.coordinator;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/**
 * The timers of one life of a shard. Pushing a deadline out, as every heartbeat does, only moves a number: the task
 * that is set already looks at it when it fires and goes back to sleep.
 */
final class ShardTimers implements ShardTimer {

    private static final class Entry {
        long deadlineMs;
        long firesAtMs;
        Supplier<Result<Void>> operation;
        Timer.Task task;
    }

    private final Timer timer;
    private final BrokerClock clock;
    private final Executor executor;
    private final Consumer<Supplier<Result<Void>>> run;
    private final Map<String, Entry> entries = new HashMap<>();
    private boolean closed;

    /** @param run runs a due operation as a write of the shard; called on {@code executor} */
    ShardTimers(Timer timer, BrokerClock clock, Executor executor, Consumer<Supplier<Result<Void>>> run) {
        this.timer = timer;
        this.clock = clock;
        this.executor = executor;
        this.run = run;
    }

    @Override
    public void schedule(String key, long delayMs, Supplier<Result<Void>> operation) {
        if (closed) {
            return;
        }
        long deadlineMs = nowMs() + Math.max(0, delayMs);
        Entry entry = entries.get(key);
        if (entry != null && entry.firesAtMs <= deadlineMs) {
            entry.deadlineMs = deadlineMs;
            entry.operation = operation;
            return;
        }
        if (entry != null) {
            entry.task.cancel();
        }
        entry = new Entry();
        entry.deadlineMs = deadlineMs;
        entry.operation = operation;
        entries.put(key, entry);
        arm(key, entry);
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

    private void arm(String key, Entry entry) {
        entry.firesAtMs = entry.deadlineMs;
        entry.task = timer.schedule(Math.max(0, entry.deadlineMs - nowMs()), () -> executor.execute(() -> fired(key, entry)));
    }

    private void fired(String key, Entry entry) {
        if (closed || entries.get(key) != entry) {
            return;
        }
        if (entry.deadlineMs > nowMs()) {
            arm(key, entry);
            return;
        }
        entries.remove(key);
        run.accept(entry.operation);
    }

    private long nowMs() {
        return clock.nanoTime() / 1_000_000;
    }
}
