package org.milena.broker.coordinator;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.record.internal.CompressionType;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/**
 * Runs the shards of one kind of coordinator: one per partition of its internal topic, each by one thread at a time. No
 * method blocks; futures complete on a shard's thread.
 */
public final class CoordinatorRuntime<S extends CoordinatorShard> implements AutoCloseable {

    /** Makes an empty shard, to be loaded from the log. Called once per life of a shard; it keeps the timer. */
    @FunctionalInterface
    public interface ShardFactory<S> {
        S create(int partition, int leaderEpoch, ShardTimer timer);
    }

    /**
     * @param topic          the internal topic, for messages
     * @param writeTimeoutMs how long an answer waits for its records; afterwards the client is told to try again
     */
    public record Settings(String topic, IntSupplier writeTimeoutMs, Supplier<CompressionType> compression) {
    }

    private final CoordinatorLog log;
    private final Executor threads;
    private final Timer timer;
    private final BrokerClock clock;
    private final ShardFactory<S> factory;
    private final Settings settings;
    private final Map<Integer, ShardRunner<S>> runners = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param threads where shards run; must not be a thread that a disk can block */
    public CoordinatorRuntime(CoordinatorLog log, Executor threads, Timer timer, BrokerClock clock, Settings settings,
                              ShardFactory<S> factory) {
        this.log = log;
        this.threads = threads;
        this.timer = timer;
        this.clock = clock;
        this.settings = settings;
        this.factory = factory;
    }

    /** This broker leads the partition in this epoch: load it and serve. */
    public void elected(int partition, int leaderEpoch) {
        if (!closed) {
            ShardRunner<S> runner = runners.computeIfAbsent(partition, this::runner);
            runner.executor().execute(() -> runner.elected(leaderEpoch));
        }
    }

    /** Somebody else leads since this epoch (or -1: the partition is gone). */
    public void resigned(int partition, int leaderEpoch) {
        ShardRunner<S> runner = runners.get(partition);
        if (runner != null) {
            runner.executor().execute(() -> runner.resigned(leaderEpoch));
        }
    }

    /**
     * Runs an operation that may change state.
     *
     * @param scope what an answer without records is about, see {@link CoordinatorRecord#scope}; null: it depends on nothing durable
     */
    public <T> CompletableFuture<T> write(int partition, Object scope, Function<S, Result<T>> operation) {
        return write(partition, scope, false, operation);
    }

    /** Like {@link #write}, but refused with COORDINATOR_NOT_AVAILABLE while too much waits for the disk. */
    public <T> CompletableFuture<T> writeUnlessFull(int partition, Object scope, Function<S, Result<T>> operation) {
        return write(partition, scope, true, operation);
    }

    private <T> CompletableFuture<T> write(int partition, Object scope, boolean sheddable, Function<S, Result<T>> operation) {
        ShardRunner<S> runner = runners.get(partition);
        if (runner == null) {
            return notOurs(partition);
        }
        CompletableFuture<T> future = new CompletableFuture<>();
        runner.executor().execute(() -> runner.write(scope, sheddable, operation, future));
        return future;
    }

    /**
     * Called before the transaction coordinator is asked whether a producer's records may be written (KIP-890).
     *
     * @return for {@link #writeTransactional}; null when the transaction is open here already and there is nothing to ask
     * @throws org.apache.kafka.common.errors.ApiException the producer is fenced, or this broker does not coordinate the partition
     */
    public TransactionGuard expectTransaction(int partition, long producerId, short producerEpoch, boolean epochRises) {
        return log.expectTransaction(partition, producerId, producerEpoch, epochRises);
    }

    /** Like {@link #writeUnlessFull}; the records count once the producer's transaction is committed. */
    public <T> CompletableFuture<T> writeTransactional(int partition, Object scope, Producer producer, Function<S, Result<T>> operation) {
        ShardRunner<S> runner = runners.get(partition);
        if (runner == null) {
            return notOurs(partition);
        }
        CompletableFuture<T> future = new CompletableFuture<>();
        runner.executor().execute(() -> runner.writeTransactional(scope, producer, operation, future));
        return future;
    }

    /**
     * Ends a producer's transaction; the same end again is harmless.
     *
     * @param flushed complete only when the marker is on disk
     * @return completed once the marker is committed and the shard has replayed it
     */
    public CompletableFuture<Void> endTransaction(int partition, TransactionEnd end, boolean flushed) {
        ShardRunner<S> runner = runners.get(partition);
        if (runner == null) {
            return notOurs(partition);
        }
        CompletableFuture<Void> future = new CompletableFuture<>();
        runner.executor().execute(() -> runner.endTransaction(end, flushed, future));
        return future;
    }

    /**
     * Answers from the state, once all records it depends on are committed and the epoch is confirmed.
     *
     * @param scopes what the answer is about; null: everything
     */
    public <T> CompletableFuture<T> read(int partition, List<?> scopes, Function<S, T> operation) {
        ShardRunner<S> runner = runners.get(partition);
        if (runner == null) {
            return notOurs(partition);
        }
        CompletableFuture<T> future = new CompletableFuture<>();
        runner.executor().execute(() -> runner.read(scopes, operation, future));
        return future;
    }

    /** Shows every active shard to the observer, on the shard's thread, uncommitted state included; never waits for the disk. */
    public CompletableFuture<Void> observe(Consumer<S> observer) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        runners.values().forEach(runner -> all.add(CompletableFuture.runAsync(() -> runner.observe(observer), runner.executor())));
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    /** Runs an operation in every active shard; where there is none, nothing happens. */
    public void forEach(Function<S, Result<Void>> operation) {
        runners.values().forEach(runner -> runner.executor().execute(() ->
                runner.write(null, false, operation, new CompletableFuture<>())));
    }

    public List<Integer> partitions() {
        return List.copyOf(runners.keySet());
    }

    /** Resigns everywhere: whoever waits gets NOT_COORDINATOR. */
    @Override
    public void close() {
        closed = true;
        runners.keySet().forEach(partition -> resigned(partition, -1));
    }

    private ShardRunner<S> runner(int partition) {
        return new ShardRunner<>(partition, new SerialExecutor(threads), log, timer, clock, factory, settings);
    }

    private <T> CompletableFuture<T> notOurs(int partition) {
        return CompletableFuture.failedFuture(new NotCoordinatorException("This broker does not coordinate " + settings.topic() + "-" + partition));
    }
}
