package org.milena.broker.transaction;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.protocol.Errors;

/**
 * The transitions that are replayed but not committed: one excludes every other of its transactional id (rules 12). Only
 * that a transaction grows may be pending more than once: the records keep their order, and if one is lost all behind it are.
 */
final class PendingTransitions {

    private static final class Pending {
        private int records;
        private boolean growth = true;
    }

    private final Map<String, Pending> pending = new HashMap<>();
    private final Map<String, List<Runnable>> waiting = new HashMap<>();

    /** @throws org.apache.kafka.common.errors.ConcurrentTransactionsException something is pending */
    void exclude(String transactionalId) {
        if (pending.containsKey(transactionalId)) {
            throw Errors.CONCURRENT_TRANSACTIONS.exception();
        }
    }

    /** @throws org.apache.kafka.common.errors.ConcurrentTransactionsException something other than growth is pending */
    void excludeAllButGrowth(String transactionalId) {
        if (!allowsGrowth(transactionalId)) {
            throw Errors.CONCURRENT_TRANSACTIONS.exception();
        }
    }

    boolean contains(String transactionalId) {
        return pending.containsKey(transactionalId);
    }

    boolean allowsGrowth(String transactionalId) {
        Pending of = pending.get(transactionalId);
        return of == null || of.growth;
    }

    void replayed(String transactionalId, boolean growth) {
        Pending of = pending.computeIfAbsent(transactionalId, id -> new Pending());
        of.records++;
        of.growth &= growth;
    }

    void committed(String transactionalId) {
        Pending of = pending.get(transactionalId);
        if (--of.records == 0) {
            pending.remove(transactionalId);
        }
    }

    /** Runs {@code action} at the next {@link #release} of the id. */
    void await(String transactionalId, Runnable action) {
        waiting.computeIfAbsent(transactionalId, id -> new ArrayList<>()).add(action);
    }

    boolean isAwaited(String transactionalId) {
        return waiting.containsKey(transactionalId);
    }

    void release(String transactionalId) {
        List<Runnable> actions = waiting.remove(transactionalId);
        if (actions != null) {
            actions.forEach(Runnable::run);
        }
    }

    void releaseAll() {
        List.copyOf(waiting.keySet()).forEach(this::release);
    }
}
