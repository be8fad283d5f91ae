package org.milena.broker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.time.BrokerClock;

/**
 * Whether those threads still work without which nothing does, and which only a restart would bring back. Only threads that never
 * wait for a disk or a database belong here: one that stalls is no reason to restart.
 *
 * <p>Asking never waits: a question that is not answered yet ages until the next time. So it must be asked now and then;
 * housekeeping does. Any thread may ask.
 */
final class Pulse {

    /** Far above any pause of the virtual machine or its host that a broker survives. */
    static final long DEADLINE_MS = 30_000;

    private final BrokerClock clock;
    private final Map<String, LongSupplier> threads = new LinkedHashMap<>();

    Pulse(BrokerClock clock) {
        this.clock = clock;
    }

    /** @param thread one thread's: an executor with several would answer as long as any of them does */
    synchronized void watch(String name, Executor thread) {
        AtomicReference<Long> asked = new AtomicReference<>();
        watch(name, () -> ask(thread, asked));
    }

    /** @param waitNanos for how long it has not come back from what it does */
    synchronized void watch(String name, LongSupplier waitNanos) {
        threads.put(name, waitNanos);
    }

    private long ask(Executor thread, AtomicReference<Long> asked) {
        long now = clock.nanoTime();
        Long before = asked.get();
        if (before != null) {
            return now - before;
        }
        if (asked.compareAndSet(null, now)) {
            try {
                thread.execute(() -> asked.set(null));
            } catch (RejectedExecutionException stopping) {
                asked.set(null);
            }
        }
        return 0;
    }

    synchronized Check check() {
        long longest = 0;
        List<String> hung = new ArrayList<>();
        for (var thread : threads.entrySet()) {
            long waitMs = TimeUnit.NANOSECONDS.toMillis(thread.getValue().getAsLong());
            longest = Math.max(longest, waitMs);
            if (waitMs >= DEADLINE_MS) {
                hung.add(thread.getKey() + " has hung for " + waitMs + " ms");
            }
        }
        return hung.isEmpty() ? Check.up(Map.of("longest wait ms", String.valueOf(longest))) : Check.down(String.join("; ", hung));
    }
}
