package org.milena.broker.transaction;

import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.coordinator.Result;
import org.milena.broker.coordinator.ShardTimer;

/**
 * Has the markers of decided transactions written, again and again until each is, and says when all of a transaction are. Lives
 * as long as the shard's state: the next life writes the markers again, and hears nothing of these. Runs on the shard's thread.
 */
final class MarkerWriter {

    private static final System.Logger LOG = System.getLogger(MarkerWriter.class.getName());
    private static final long FIRST_RETRY_MS = 50;
    private static final long LAST_RETRY_MS = 5_000;

    private final TransactionMarkers markers;
    private final int coordinatorEpoch;
    private final ShardTimer timer;
    private final Consumer<Supplier<Result<Void>>> onShardThread;
    private final Function<String, Result<Void>> completed;
    private final Supplier<CompletableFuture<Void>> flushState;
    private final Map<String, Set<TopicPartition>> outstanding = new HashMap<>();

    /**
     * @param onShardThread called from any thread; runs an operation while the shard's life lasts, and drops it afterwards
     * @param completed     all markers of this transactional id are written
     * @param flushState    puts all decisions on disk
     */
    MarkerWriter(TransactionMarkers markers, int coordinatorEpoch, ShardTimer timer, Consumer<Supplier<Result<Void>>> onShardThread,
                 Function<String, Result<Void>> completed, Supplier<CompletableFuture<Void>> flushState) {
        this.markers = markers;
        this.coordinatorEpoch = coordinatorEpoch;
        this.timer = timer;
        this.onShardThread = onShardThread;
        this.completed = completed;
        this.flushState = flushState;
    }

    /**
     * @param decided committed to the log: nothing may follow from a decision that can still be lost. That on an XA branch is put on
     *                disk first: a power cut must not take it back while its markers stay (rules 13)
     */
    void start(String transactionalId, TransactionMetadata decided) {
        outstanding.put(transactionalId, new HashSet<>(decided.partitions()));
        if (decided.branch() == null) {
            writeAll(transactionalId, decided);
        } else {
            flush(transactionalId, decided, FIRST_RETRY_MS);
        }
    }

    private void flush(String transactionalId, TransactionMetadata decided, long retryMs) {
        flushState.get().whenComplete((done, error) -> onShardThread.accept(() -> {
            if (error == null) {
                writeAll(transactionalId, decided);
                return Result.of(null);
            }
            LOG.log(Level.WARNING, "The decision on branch " + decided.branch().xid() + " of transactional id " + transactionalId
                    + " is not known to be on disk; tried again in " + retryMs + " ms, no marker is written before", error);
            timer.schedule("decision of " + transactionalId, retryMs, () -> {
                flush(transactionalId, decided, Math.min(2 * retryMs, LAST_RETRY_MS));
                return Result.of(null);
            });
            return Result.of(null);
        }));
    }

    private void writeAll(String transactionalId, TransactionMetadata decided) {
        if (decided.partitions().isEmpty()) {
            onShardThread.accept(() -> finished(transactionalId));
        }
        decided.partitions().forEach(partition -> write(transactionalId, decided, partition, FIRST_RETRY_MS));
    }

    /** The partitions whose markers are not written yet. */
    Set<TopicPartition> outstanding(String transactionalId) {
        return outstanding.getOrDefault(transactionalId, Set.of());
    }

    private void write(String transactionalId, TransactionMetadata decided, TopicPartition partition, long retryMs) {
        CompletableFuture<Void> written;
        try {
            written = markers.write(partition, decided.producerId(), decided.producerEpoch(), coordinatorEpoch, decided.isCommit(),
                    decided.clientTransactionVersion(), decided.branch() != null);
        } catch (RuntimeException e) {
            written = CompletableFuture.failedFuture(e);
        }
        written.whenComplete((done, error) -> onShardThread.accept(() ->
                written(transactionalId, decided, partition, Errors.maybeUnwrapException(error), retryMs)));
    }

    private Result<Void> written(String transactionalId, TransactionMetadata decided, TopicPartition partition, Throwable error, long retryMs) {
        if (error == null || error instanceof UnknownTopicOrPartitionException || error instanceof InvalidProducerEpochException) {
            Set<TopicPartition> left = outstanding.get(transactionalId);
            left.remove(partition);
            return left.isEmpty() ? finished(transactionalId) : Result.of(null);
        }
        if (error instanceof TransactionCoordinatorFencedException) {
            LOG.log(Level.WARNING, "The marker of transactional id {0} for {1} is left to a newer coordinator than that of epoch {2}: {3}",
                    transactionalId, partition, coordinatorEpoch, error.getMessage());
            return Result.of(null);
        }
        if (retryMs == FIRST_RETRY_MS) {
            LOG.log(Level.WARNING, "The marker of transactional id " + transactionalId + " (producer " + decided.producerId() + ", epoch "
                    + decided.producerEpoch() + ") for " + partition + " could not be written; it is tried until it is", error);
        }
        timer.schedule("marker of " + transactionalId + " for " + partition, retryMs, () -> {
            write(transactionalId, decided, partition, Math.min(2 * retryMs, LAST_RETRY_MS));
            return Result.of(null);
        });
        return Result.of(null);
    }

    private Result<Void> finished(String transactionalId) {
        outstanding.remove(transactionalId);
        return completed.apply(transactionalId);
    }
}
