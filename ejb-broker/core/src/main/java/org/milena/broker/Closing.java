package org.milena.broker;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Deque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** Stopping things so that one that fails does not keep the next from being stopped. */
final class Closing {

    private static final Logger LOG = System.getLogger(Closing.class.getName());

    private Closing() {
    }

    /** Closes and forgets all, the last one started first. */
    static void all(Deque<AutoCloseable> started) {
        AutoCloseable next;
        while ((next = started.poll()) != null) {
            try {
                next.close();
            } catch (Exception | LinkageError e) { // the server may have begun to take our classes away
                LOG.log(Level.WARNING, "Stopping " + next.getClass().getSimpleName() + " failed", e);
            }
        }
    }

    /** Lets what runs finish, for a while; then interrupts it. */
    static void stop(ExecutorService executor, String name) throws InterruptedException {
        executor.shutdown();
        if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
            LOG.log(Level.WARNING, "The {0} threads are still busy and are interrupted", name);
            executor.shutdownNow();
            executor.awaitTermination(10, TimeUnit.SECONDS);
        }
    }
}
