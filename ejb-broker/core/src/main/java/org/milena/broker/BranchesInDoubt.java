package org.milena.broker;

import java.util.concurrent.CompletableFuture;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.transaction.BranchCoordinator;

/** The branches in doubt for a scrape: what the coordinator last said, and a new question for the next scrape. Never waits. */
final class BranchesInDoubt {

    private final BranchCoordinator branches;
    private final BrokerClock clock;
    private CompletableFuture<Void> asked;
    private volatile BranchCoordinator.InDoubt last = new BranchCoordinator.InDoubt(0, -1);

    BranchesInDoubt(BranchCoordinator branches, BrokerClock clock) {
        this.branches = branches;
        this.clock = clock;
    }

    double count() {
        ask();
        return last.branches();
    }

    double oldestSeconds() {
        ask();
        long oldestMs = last.oldestMs();
        return oldestMs < 0 ? 0 : Math.max(0, clock.millis() - oldestMs) / 1_000.0;
    }

    private synchronized void ask() {
        if (asked == null || asked.isDone()) {
            asked = branches.inDoubt().thenAccept(found -> last = found);
        }
    }
}
