package org.milena.broker.coordinator;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/**
 * One partition's coordinator through its lives: elected, loading, active, resigned. Every method whose name doesn't
 * end in {@code Async} runs on {@link #executor}.
 */
final class ShardRunner<S extends CoordinatorShard> {

    private static final System.Logger LOG = System.getLogger(ShardRunner.class.getName());
    private static final long FIRST_RETRY_MS = 100;
    private static final long LAST_RETRY_MS = 30_000;

    private enum Phase { NOT_OURS, LOADING, ACTIVE }

    private final int partition;
    private final String name;
    private final Executor executor;
    private final CoordinatorLog log;
    private final Timer timer;
    private final BrokerClock clock;
    private final CoordinatorRuntime.ShardFactory<S> factory;
    private final CoordinatorRuntime.Settings settings;

    private Phase phase = Phase.NOT_OURS;
    private int leaderEpoch = -1;
    /** Counts lives: callbacks of an earlier one are ignored. */
    private long life;
    private long retryMs = FIRST_RETRY_MS;
    private S shard;
    private ShardTimers timers;
    private WriteQueue writes;

    ShardRunner(int partition, Executor executor, CoordinatorLog log, Timer timer, BrokerClock clock,
                CoordinatorRuntime.ShardFactory<S> factory, CoordinatorRuntime.Settings settings) {
        this.partition = partition;
        this.name = settings.topic() + "-" + partition;
        this.executor = executor;
        this.log = log;
        this.timer = timer;
        this.clock = clock;
        this.factory = factory;
        this.settings = settings;
    }

    Executor executor() {
        return executor;
    }

    // ---- leadership

    void elected(int epoch) {
        if (epoch < leaderEpoch || (epoch == leaderEpoch && phase != Phase.NOT_OURS)) {
            return;
        }
        drop(new NotCoordinatorException("Coordinator " + name + " starts again in leader epoch " + epoch));
        leaderEpoch = epoch;
        retryMs = FIRST_RETRY_MS;
        load();
    }

    /** {@code epoch} is that of the new leadership, or -1 to resign from any. */
    void resigned(int epoch) {
        if (epoch >= 0 && epoch < leaderEpoch) {
            return;
        }
        if (phase != Phase.NOT_OURS) {
            LOG.log(Level.INFO, "Coordinator {0} resigns from leader epoch {1}", name, leaderEpoch);
        }
        phase = Phase.NOT_OURS;
        drop(new NotCoordinatorException("This broker no longer coordinates " + name));
    }

    private void load() {
        phase = Phase.LOADING;
        long thisLife = ++life;
        long startMs = nowMs();
        ShardTimers newTimers = new ShardTimers(timer, clock, executor, this::runTimer);
        S newShard = factory.create(partition, leaderEpoch, newTimers);
        timers = newTimers;
        LogReplay replay = new LogReplay(newShard, name);
        log.load(partition, leaderEpoch, replay, error -> executor.execute(() -> loaded(thisLife, newShard, error, replay, startMs)));
    }

    private void loaded(long thisLife, S newShard, Throwable error, LogReplay replay, long startMs) {
        if (thisLife != life) {
            return;
        }
        if (error != null) {
            LOG.log(Level.ERROR, "Coordinator " + name + " could not be loaded; the log is left as it is, next attempt in "
                    + retryMs + " ms", error);
            timers.close();
            retry();
            return;
        }
        shard = newShard;
        writes = new WriteQueue(partition, leaderEpoch, executor, log, settings, timer, clock, this::appendFailed,
                end -> newShard.endTransaction(end.producerId(), end.commit()));
        phase = Phase.ACTIVE;
        retryMs = FIRST_RETRY_MS;
        shard.loaded();
        LOG.log(Level.INFO, "Coordinator {0} is active in leader epoch {1}: {2} records read in {3} ms", name, leaderEpoch,
                replay.records(), nowMs() - startMs);
    }

    private void retry() {
        long thisLife = ++life;
        timer.schedule(retryMs, () -> executor.execute(() -> {
            if (thisLife == life && phase == Phase.LOADING) {
                load();
            }
        }));
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }

    /** The outcome of an append is failure or unknown: what is replayed may not be in the log, so the log decides. */
    private void appendFailed(Throwable error) {
        if (phase != Phase.ACTIVE) {
            return;
        }
        LOG.log(Level.WARNING, "Coordinator " + name + " could not append; it drops its state and loads it again", error);
        phase = Phase.LOADING;
        drop(new NotCoordinatorException("Coordinator " + name + " is loading again after a failed append"));
        retry();
    }

    private void drop(ApiException error) {
        life++;
        if (timers != null) {
            timers.close();
            timers = null;
        }
        if (writes != null) {
            writes.close(error);
            writes = null;
        }
        if (shard != null) {
            S old = shard;
            shard = null;
            old.unloaded(error);
        }
    }

    // ---- operations

    <T> void write(Object scope, boolean sheddable, Function<S, Result<T>> operation, CompletableFuture<T> future) {
        if (ready(future)) {
            write(scope, sheddable, null, operation, future);
        }
    }

    private <T> void write(Object scope, boolean sheddable, Producer producer, Function<S, Result<T>> operation, CompletableFuture<T> future) {
        if (sheddable && writes.isFull()) {
            future.completeExceptionally(new CoordinatorNotAvailableException(
                    "Coordinator " + name + " has " + writes.backlogBytes() + " bytes waiting for the disk; try again later"));
            return;
        }
        Result<T> result;
        try {
            result = operation.apply(shard);
        } catch (ApiException e) {
            future.completeExceptionally(e);
            return;
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "An operation of coordinator " + name + " failed unexpectedly", e);
            future.completeExceptionally(new UnknownServerException(e));
            return;
        }
        apply(scope, result, producer, future);
    }

    /** Records that count once the producer's transaction is committed. */
    <T> void writeTransactional(Object scope, Producer producer, Function<S, Result<T>> operation, CompletableFuture<T> future) {
        if (!ready(future)) {
            return;
        }
        try {
            if (writes.isEnding(producer.id())) {
                throw new CoordinatorLoadInProgressException("The last transaction of producer " + producer.id() + " in " + name + " is just ending");
            }
            // Nobody else writes there: what passes now will not be refused when it is appended, after its replay.
            log.checkTransaction(partition, producer.id(), producer.epoch(), producer.guard());
        } catch (ApiException e) {
            future.completeExceptionally(e);
            return;
        }
        write(scope, true, producer, operation, future);
    }

    void endTransaction(TransactionEnd end, boolean flushed, CompletableFuture<Void> future) {
        if (ready(future)) {
            writes.end(end, flushed, future);
        }
    }

    private <T> void apply(Object scope, Result<T> result, Producer producer, CompletableFuture<T> future) {
        if (result.records().isEmpty()) {
            run(result.replayed());
            answer(scope == null ? List.of() : List.of(scope), result.response(), result.committed(), future);
            return;
        }
        List<PendingWrite> encoded;
        try {
            encoded = writes.encode(result, producer);
        } catch (ApiException e) {
            if (result.rejected() != null) {
                result.rejected().accept(e);
            }
            future.completeExceptionally(e);
            return;
        }
        try {
            for (CoordinatorRecord record : result.records()) {
                replay(record, producer);
            }
            run(result.replayed());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Coordinator " + name + " could not replay a record of its own", e);
            future.completeExceptionally(new UnknownServerException(e));
            appendFailed(e);
            return;
        }
        writes.add(encoded, result.committed(), future, result.response());
    }

    private void replay(CoordinatorRecord record, Producer producer) {
        if (producer == null) {
            shard.replay(record);
        } else {
            shard.replay(record, producer.id());
        }
    }

    <T> void read(List<?> scopes, Function<S, T> operation, CompletableFuture<T> future) {
        if (!ready(future)) {
            return;
        }
        T value;
        try {
            value = operation.apply(shard);
        } catch (ApiException e) {
            future.completeExceptionally(e);
            return;
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "A query of coordinator " + name + " failed unexpectedly", e);
            future.completeExceptionally(new UnknownServerException(e));
            return;
        }
        answer(scopes, value, null, future);
    }

    /** For observers: sees the state as it is, committed or not; does nothing where no state is. */
    void observe(java.util.function.Consumer<S> observer) {
        if (phase == Phase.ACTIVE) {
            observer.accept(shard);
        }
    }

    private <T> void answer(List<?> scopes, T value, Runnable committed, CompletableFuture<T> future) {
        if (writes.awaits(scopes, value, committed, future)) {
            return;
        }
        if (!log.confirms(partition, leaderEpoch)) {
            future.completeExceptionally(new NotCoordinatorException("Leader epoch " + leaderEpoch + " of " + name + " is not confirmed"));
            return;
        }
        run(committed);
        future.complete(value);
    }

    private boolean ready(CompletableFuture<?> future) {
        if (phase == Phase.ACTIVE) {
            return true;
        }
        future.completeExceptionally(phase == Phase.LOADING
                ? new CoordinatorLoadInProgressException("Coordinator " + name + " is loading")
                : new NotCoordinatorException("This broker does not coordinate " + name));
        return false;
    }

    private void runTimer(Supplier<Result<Void>> operation) {
        if (phase == Phase.ACTIVE) {
            write(null, false, s -> operation.get(), new CompletableFuture<Void>());
        }
    }

    private static void run(Runnable action) {
        if (action != null) {
            action.run();
        }
    }

    private long nowMs() {
        return clock.nanoTime() / 1_000_000;
    }
}
