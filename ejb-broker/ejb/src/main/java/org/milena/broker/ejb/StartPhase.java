package org.milena.broker.ejb;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.stream.Collectors;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Phase;

/** Measures a part of the start, and says in one line of the log why it failed: servers bury the cause in their own stack traces. */
final class StartPhase {

    private static final System.Logger LOG = System.getLogger("org.milena.broker");

    private StartPhase() {
    }

    /**
     * @param undo gives back what {@code work} opened, when it fails or another phase does: the container calls no {@code @PreDestroy} of a
     *             bean that failed, and a server may leave the others as they are until somebody undeploys. May be called twice
     */
    static void run(Parts parts, String name, Runnable work, Runnable undo) {
        long begin = System.currentTimeMillis();
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "Milena does not start: {0}", String.valueOf(e.getMessage()));
            undo.run();
            parts.fail();
            throw e;
        }
        parts.started(undo);
        BrokerStatus.current().phaseDone(new Phase(name, begin, System.currentTimeMillis()));
    }

    /**
     * The whole start in a line: from when to when each phase went, in milliseconds since the first began. What no phase covers is the
     * server's: it makes and links the beans.
     */
    static String summary(List<Phase> phases) {
        if (phases.isEmpty()) {
            return "";
        }
        long begin = phases.get(0).beginMs();
        long end = phases.stream().mapToLong(Phase::endMs).max().getAsLong();
        return (end - begin) + " ms (" + phases.stream().map(p -> p.name() + " " + (p.beginMs() - begin) + "-" + (p.endMs() - begin))
            .collect(Collectors.joining(", ")) + ")";
    }
}
