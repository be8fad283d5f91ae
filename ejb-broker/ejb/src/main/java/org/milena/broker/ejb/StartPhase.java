package org.milena.broker.ejb;

import java.lang.System.Logger.Level;
import org.milena.broker.api.BrokerStatus;

/** Measures a part of the start, and says in one line of the log why it failed: servers bury the cause in their own stack traces. */
final class StartPhase {

    private static final System.Logger LOG = System.getLogger("org.milena.broker");

    private StartPhase() {
    }

    /** @param undo gives back what was opened before {@code work} failed: the container calls no {@code @PreDestroy} then */
    static void run(String name, Runnable work, Runnable undo) {
        long begin = System.nanoTime();
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "Milena does not start: {0}", String.valueOf(e.getMessage()));
            undo.run();
            throw e;
        }
        BrokerStatus.current().phaseDone(name, (System.nanoTime() - begin) / 1_000_000);
    }
}
