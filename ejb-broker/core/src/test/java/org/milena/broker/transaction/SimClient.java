package org.milena.broker.transaction;

import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** One request under way at a time; it or its answer may be lost or late, and then it is sent again. */
abstract class SimClient {

    private static final int PATIENCE_MS = 2_000;

    final SimCluster cluster;
    final Random random;
    /** Requests may arrive when their sender has long gone on. */
    private final boolean lateRequests;
    /** A request is under way; answers to earlier ones are ignored. */
    private boolean waiting;
    private int attempt;

    SimClient(SimCluster cluster, Random random, boolean lateRequests) {
        this.cluster = cluster;
        this.random = random;
        this.lateRequests = lateRequests;
    }

    boolean isWaiting() {
        return waiting;
    }

    /** Whatever is under way, its answer is of no interest. */
    void giveUp() {
        attempt++;
        waiting = false;
    }

    /** Sends a request whose answer, or even the request itself, may be lost or late; afterwards the client may repeat it. */
    <T> void call(Supplier<CompletableFuture<T>> request, Consumer<T> answered) {
        waiting = true;
        int mine = ++attempt;
        // A request of an older protocol that comes late looks like one of the next transaction: what KIP-890 is there for.
        int out = lateRequests ? delay() : random.nextInt(40);
        cluster.world.schedule(out, () -> request.get().thenAccept(answer -> cluster.world.schedule(delay(), () -> {
            if (mine == attempt) {
                waiting = false;
                answered.accept(answer);
            }
        })));
        cluster.world.schedule(PATIENCE_MS, () -> {
            if (mine == attempt) {
                attempt++;
                waiting = false;
            }
        });
    }

    /** Some take longer than anybody waits: they arrive when the client has gone on. */
    private int delay() {
        return cluster.faulty && random.nextInt(12) == 0 ? PATIENCE_MS + random.nextInt(3_000) : random.nextInt(40);
    }
}
