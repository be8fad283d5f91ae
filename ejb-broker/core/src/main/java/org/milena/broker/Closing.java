package org.milena.broker;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
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
        stop(List.of(executor), name);
    }

    /** All of them in the time of one. */
    static void stop(Collection<ExecutorService> executors, String name) throws InterruptedException {
        executors.forEach(ExecutorService::shutdown);
        if (!ended(executors)) {
            LOG.log(Level.WARNING, "The {0} threads are still busy and are interrupted", name);
            executors.forEach(ExecutorService::shutdownNow);
            ended(executors);
        }
    }

    private static boolean ended(Collection<ExecutorService> executors) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        boolean all = true;
        for (ExecutorService executor : executors) {
            all &= executor.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
        return all;
    }
}
