package org.milena.connector.client;

import java.util.concurrent.TimeUnit;

/** A moment until which a caller waits. */
final class Deadline {

    private final long at;
    private final long millis;

    private Deadline(long at, long millis) {
        this.at = at;
        this.millis = millis;
    }

    static Deadline after(long millis) {
        return new Deadline(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), millis);
    }

    /** This one, or an earlier one after so many milliseconds. */
    Deadline within(long atMostMillis) {
        return remainingNanos() <= TimeUnit.MILLISECONDS.toNanos(atMostMillis) ? this : after(atMostMillis);
    }

    long remainingNanos() {
        return Math.max(0, at - System.nanoTime());
    }

    boolean over() {
        return remainingNanos() == 0;
    }

    /** How long it was when it began, for messages. */
    long millis() {
        return millis;
    }

    /**
     * Waits before the next attempt, never beyond the deadline.
     *
     * @throws ClientException the thread was interrupted
     */
    void pause(long pauseMillis) throws ClientException {
        try {
            TimeUnit.NANOSECONDS.sleep(Math.min(remainingNanos(), TimeUnit.MILLISECONDS.toNanos(pauseMillis)));
        } catch (InterruptedException e) {
            throw ClientException.interrupted(e);
        }
    }
}
