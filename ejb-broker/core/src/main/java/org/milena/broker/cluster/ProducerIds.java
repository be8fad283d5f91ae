package org.milena.broker.cluster;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Hands out producer ids, never one twice (rules 7): from a block that the metadata store made durable before the first id of
 * it is used, above every id that any log or snapshot has seen.
 */
public final class ProducerIds {

    private static final System.Logger LOG = System.getLogger(ProducerIds.class.getName());
    private static final int BLOCK = 1000;

    /** Called once; {@code error} is null when there is an id. */
    public interface Callback {
        void accept(long id, Throwable error);
    }

    private final MetadataStore store;
    private final Executor storeExecutor;
    private final LongSupplier highestSeen;
    private final Queue<Callback> waiting = new ArrayDeque<>();
    private long next;
    private long end;
    private boolean fetching;
    /** The last fetch failed, which has been said. Guarded by {@link #fetching}. */
    private boolean failing;

    /**
     * @param storeExecutor runs the store's blocking calls
     * @param highestSeen   the largest producer id found in the logs, -1 when there is none
     */
    public ProducerIds(MetadataStore store, Executor storeExecutor, LongSupplier highestSeen) {
        this.store = store;
        this.storeExecutor = storeExecutor;
        this.highestSeen = highestSeen;
    }

    /** Never blocks; the callback comes at once while the block lasts, else from the store's executor. */
    public void next(Callback callback) {
        long id;
        synchronized (this) {
            if (next == end) {
                waiting.add(callback);
                if (!fetching) {
                    fetching = true;
                    storeExecutor.execute(this::fetchBlock);
                }
                return;
            }
            id = next++;
        }
        callback.accept(id, null);
    }

    private void fetchBlock() {
        long first = -1;
        Throwable error = null;
        try {
            first = store.allocateProducerIds(highestSeen.getAsLong(), BLOCK);
        } catch (RuntimeException | Error e) { // whatever it is, producers wait
            error = e;
            if (!failing) {
                LOG.log(System.Logger.Level.WARNING, "No more producer ids: producers are told to try again until the metadata store gives some", e);
            }
        }
        failing = error != null;
        Queue<Callback> answered;
        synchronized (this) {
            fetching = false;
            if (error == null) {
                next = first;
                end = first + BLOCK;
            }
            answered = new ArrayDeque<>(waiting);
            waiting.clear();
        }
        for (Callback callback : answered) {
            if (error != null) {
                callback.accept(-1, error);
            } else {
                next(callback);
            }
        }
    }
}
