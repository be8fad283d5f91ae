package org.milena.broker.time;

/** The time as the broker sees it; handed in, so that a simulation can hold it. */
public interface BrokerClock {

    BrokerClock SYSTEM = new BrokerClock() {
        @Override public long millis() {
            return System.currentTimeMillis();
        }

        @Override public long nanoTime() {
            return System.nanoTime();
        }
    };

    /** Wall clock, milliseconds since the epoch: what goes into records and on disk. */
    long millis();

    /** Monotonic, nanoseconds: for deadlines and durations only. */
    long nanoTime();
}
