package org.milena.broker.time;

/** Runs things later. Handed in: the rooms that are plain Java start no threads of their own. */
public interface Timer {

    /** A task that has been scheduled. {@link #cancel} is idempotent and may race with the run. */
    interface Task {
        void cancel();
    }

    /**
     * Runs {@code action} once, {@code delayMs} milliseconds from now, on a thread of the timer's choosing.
     * The action must not block: it hands work over to the executor that owns it.
     */
    Task schedule(long delayMs, Runnable action);
}
