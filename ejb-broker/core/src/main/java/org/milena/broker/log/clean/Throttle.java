package org.milena.broker.log.clean;

import java.util.function.LongSupplier;

/** Keeps a reader and writer below a rate by making it wait. Not thread-safe. */
final class Throttle {
    private final double bytesPerMs;
    private final LongSupplier clockMs;
    private final LogCleaner.Sleeper sleeper;
    /** When the bytes so far would be through at the allowed rate. */
    private double dueMs;

    Throttle(double bytesPerSecond, LongSupplier clockMs, LogCleaner.Sleeper sleeper) {
        this.bytesPerMs = bytesPerSecond / 1000;
        this.clockMs = clockMs;
        this.sleeper = sleeper;
    }

    void account(long bytes) throws InterruptedException {
        long now = clockMs.getAsLong();
        dueMs = Math.max(dueMs, now) + bytes / bytesPerMs;
        long ahead = (long) (dueMs - now);
        if (ahead > 0) {
            sleeper.sleep(ahead);
        }
    }
}
