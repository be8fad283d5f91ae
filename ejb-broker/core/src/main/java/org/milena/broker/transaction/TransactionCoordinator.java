package org.milena.broker.transaction;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.utils.Utils;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.coordinator.CoordinatorLog;
import org.milena.broker.coordinator.CoordinatorRuntime;
import org.milena.broker.coordinator.Result;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;
import org.milena.broker.transaction.HangingTransactions.Fate;
import org.milena.broker.transaction.HangingTransactions.Unconfirmed;

/**
 * The transaction coordinator of one broker (KIP-98, KIP-360, KIP-890). Methods may be called from any thread and never block;
 * futures always complete normally, with the error as part of the answer, on a coordinator's thread.
 */
public final class TransactionCoordinator implements TransactionAdmission {

    private final Supplier<TransactionConfig> config;
    private final Supplier<MetadataImage> metadata;
    private final TransactionMarkers markers;
    private final Consumer<ProducerIds.Callback> producerIds;
    private final CoordinatorRuntime<TransactionCoordinatorShard> runtime;
    private final TransactionQueries queries;
    private final BranchCoordinator branches;
    private final AtomicLong highestProducerId = new AtomicLong(-1);

    /**
     * @param config      the current settings; asked each time
     * @param durability  for prepared transactions
     * @param producerIds gives a new producer id
     * @param threads     where shards run; must not be threads that a disk can block
     */
    public TransactionCoordinator(Supplier<TransactionConfig> config, Supplier<MetadataImage> metadata, CoordinatorLog log,
                                  TransactionMarkers markers, TransactionDurability durability, Consumer<ProducerIds.Callback> producerIds,
                                  Executor threads, Timer timer, BrokerClock clock) {
        this.config = config;
        this.metadata = metadata;
        this.markers = markers;
        this.producerIds = producerIds;
        var settings = new CoordinatorRuntime.Settings(TransactionTopic.NAME, () -> TransactionConfig.WRITE_TIMEOUT_MS, () -> CompressionType.NONE);
        this.runtime = new CoordinatorRuntime<>(log, threads, timer, clock, settings, (partition, leaderEpoch, shardTimer) ->
                new TransactionCoordinatorShard(new ShardContext(leaderEpoch, config, clock, shardTimer, markers,
                        operation -> again(partition, operation), this::timeOut,
                        id -> highestProducerId.accumulateAndGet(id, Math::max), () -> durability.flushState(partition))));
        this.queries = new TransactionQueries(runtime, this::partitionFor, clock);
        this.branches = new BranchCoordinator(this, queries, durability);
    }

    // ---- life

    /** This broker leads a partition of {@code __transaction_state} since this epoch. */
    public void onElection(int partition, int leaderEpoch) {
        runtime.elected(partition, leaderEpoch);
    }

    /** It does no longer, since this epoch; -1: the partition is gone. */
    public void onResignation(int partition, int leaderEpoch) {
        runtime.resigned(partition, leaderEpoch);
    }

    /** Whoever waits gets NOT_COORDINATOR. The coordinator is of no use afterwards. */
    public void shutdown() {
        runtime.close();
    }

    /** The partition of {@code __transaction_state} that holds an id, as every Kafka client and broker computes it. */
    public int partitionFor(String transactionalId) {
        TopicImage topic = metadata.get().topic(TransactionTopic.NAME);
        return Utils.abs(transactionalId.hashCode()) % (topic == null ? config.get().topicPartitions() : topic.partitions().size());
    }

    /** The largest producer id found in {@code __transaction_state}, -1 when there is none (rules 7). */
    public long highestProducerId() {
        return highestProducerId.get();
    }

    // ---- producers

    public CompletableFuture<InitProducerIdResponseData> initProducerId(InitProducerIdRequestData request) {
        String id = request.transactionalId();
        Errors invalid = refused(request);
        if (invalid != Errors.NONE) {
            return CompletableFuture.completedFuture(initError(invalid));
        }
        if (id == null) {
            return freshProducerId().thenApply(fresh -> new InitProducerIdResponseData().setProducerId(fresh).setProducerEpoch((short) 0))
                    .exceptionally(e -> initError(error(e)));
        }
        return withFreshProducerId(fresh -> writeUnlessFull(id, shard -> shard.initialise(id, request.transactionTimeoutMs(),
                request.producerId(), request.producerEpoch(), fresh)))
                .thenApply(after -> after.state().isDecided() ? initError(Errors.CONCURRENT_TRANSACTIONS)
                        : new InitProducerIdResponseData().setProducerId(after.producerId()).setProducerEpoch(after.producerEpoch()))
                .exceptionally(e -> initError(error(e)));
    }

    private Errors refused(InitProducerIdRequestData request) {
        if ((request.producerId() == -1) != (request.producerEpoch() == -1)) {
            return Errors.INVALID_REQUEST;
        }
        if (request.transactionalId() == null) {
            return Errors.NONE;
        }
        if (request.transactionalId().isEmpty()) {
            return Errors.INVALID_REQUEST;
        }
        if (request.enable2Pc()) {
            return Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED; // KIP-939, as a Kafka where it is not enabled
        }
        if (request.keepPreparedTxn()) {
            return Errors.UNSUPPORTED_VERSION;
        }
        boolean inRange = request.transactionTimeoutMs() > 0 && request.transactionTimeoutMs() <= config.get().maxTimeoutMs();
        return inRange ? Errors.NONE : Errors.INVALID_TRANSACTION_TIMEOUT;
    }

    private static InitProducerIdResponseData initError(Errors error) {
        return new InitProducerIdResponseData().setErrorCode(error.code()).setProducerId(-1).setProducerEpoch((short) -1);
    }

    /** Never twice the same. Fails with an error that makes producers try again: they give up for good at any other. */
    private CompletableFuture<Long> freshProducerId() {
        CompletableFuture<Long> future = new CompletableFuture<>();
        producerIds.accept((id, error) -> {
            if (error == null) {
                future.complete(id);
            } else {
                future.completeExceptionally(Errors.COORDINATOR_LOAD_IN_PROGRESS.exception(error.getMessage()));
            }
        });
        return future;
    }

    /** Tries without a new producer id first: most operations need none. */
    <T> CompletableFuture<T> withFreshProducerId(LongFunction<CompletableFuture<T>> operation) {
        return operation.apply(TransactionMetadata.NO_PRODUCER_ID).thenCompose(answer -> answer != null
                ? CompletableFuture.completedFuture(answer) : freshProducerId().thenCompose(operation::apply));
    }

    // ---- transactions

    /**
     * AddPartitionsToTxn, and AddOffsetsToTxn with the group's partition of {@code __consumer_offsets}: all partitions or none.
     *
     * @param transactionVersion of the request: 0 for clients that add partitions by themselves
     */
    public CompletableFuture<Errors> addPartitions(String transactionalId, long producerId, short producerEpoch,
                                                   Collection<TopicPartition> partitions, short transactionVersion) {
        if (!isTransactionalId(transactionalId)) {
            return CompletableFuture.completedFuture(Errors.INVALID_REQUEST);
        }
        Set<TopicPartition> added = Set.copyOf(partitions);
        return writeUnlessFull(transactionalId, shard ->
                shard.addPartitions(transactionalId, producerId, producerEpoch, added, transactionVersion)).exceptionally(TransactionCoordinator::error);
    }

    @Override
    public CompletableFuture<Map<TopicPartition, Errors>> admit(String transactionalId, long producerId, short producerEpoch,
                                                                Collection<TopicPartition> partitions, boolean add) {
        if (!add) {
            return verify(transactionalId, producerId, producerEpoch, partitions);
        }
        CompletableFuture<Map<TopicPartition, Errors>> admitted = new CompletableFuture<>();
        Runnable attempt = () -> addPartitions(transactionalId, producerId, producerEpoch, partitions, TransactionMetadata.EPOCH_BUMP)
                .thenAccept(error -> admitted.complete(each(partitions, error)));
        if (!isTransactionalId(transactionalId)) {
            attempt.run();
            return admitted;
        }
        // With transaction version 2 the client begins the next transaction while the markers of the last one are written.
        write(transactionalId, shard -> Result.of(shard.awaitsEnd(transactionalId, attempt))).whenComplete((waits, error) -> {
            if (error != null || !waits) {
                attempt.run();
            }
        });
        return admitted;
    }

    /** Says of each partition whether the producer's current transaction holds it (AddPartitionsToTxn with VerifyOnly). */
    public CompletableFuture<Map<TopicPartition, Errors>> verify(String transactionalId, long producerId, short producerEpoch,
                                                                 Collection<TopicPartition> partitions) {
        if (!isTransactionalId(transactionalId)) {
            return CompletableFuture.completedFuture(each(partitions, Errors.INVALID_REQUEST));
        }
        Set<TopicPartition> asked = Set.copyOf(partitions);
        return runtime.read(partitionFor(transactionalId), List.of(transactionalId),
                        shard -> shard.verify(transactionalId, producerId, producerEpoch, asked))
                .exceptionally(e -> each(partitions, error(e)));
    }

    /** @param transactionVersion of the request: 2 when the answer is to carry the producer's next epoch */
    public CompletableFuture<EndTxnResponseData> endTransaction(EndTxnRequestData request, short transactionVersion) {
        String id = request.transactionalId();
        if (!isTransactionalId(id)) {
            return CompletableFuture.completedFuture(new EndTxnResponseData().setErrorCode(Errors.INVALID_REQUEST.code()));
        }
        return withFreshProducerId(fresh -> write(id, shard -> shard.end(id, request.producerId(), request.producerEpoch(),
                request.committed(), transactionVersion, fresh)))
                .thenApply(after -> new EndTxnResponseData().setProducerId(after.producerId()).setProducerEpoch(after.producerEpoch()))
                .exceptionally(e -> new EndTxnResponseData().setErrorCode(error(e).code()));
    }

    /**
     * Writes markers for a client, such as {@code kafka-transactions abort} that ends what was left behind; refused with
     * CONCURRENT_TRANSACTIONS where a transaction that a coordinator knows is under way (rules 15). With coordinator epoch
     * {@link BranchCoordinator#OPERATOR_EPOCH} it is an operator's decision on the prepared branch with this producer id and epoch, all of it.
     */
    public CompletableFuture<Map<TopicPartition, Errors>> writeMarkers(long producerId, short producerEpoch, int coordinatorEpoch,
                                                                       boolean commit, short transactionVersion,
                                                                       Collection<TopicPartition> partitions) {
        if (coordinatorEpoch == BranchCoordinator.OPERATOR_EPOCH) {
            return branches.completeHeuristically(producerId, producerEpoch, commit).thenApply(error -> each(partitions, error));
        }
        return queries.partitionsOf(producerId, statePartitions()).thenCompose(open -> {
            Map<TopicPartition, CompletableFuture<Errors>> results = new HashMap<>();
            for (TopicPartition partition : partitions) {
                results.put(partition, open.contains(partition) ? CompletableFuture.completedFuture(Errors.CONCURRENT_TRANSACTIONS)
                        : markers.write(partition, producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion, false)
                                .handle((done, e) -> e == null ? Errors.NONE : error(e)));
            }
            return CompletableFuture.allOf(results.values().toArray(CompletableFuture[]::new)).thenApply(done -> {
                Map<TopicPartition, Errors> errors = new HashMap<>();
                results.forEach((partition, result) -> errors.put(partition, result.join()));
                return errors;
            });
        }).exceptionally(e -> each(partitions, error(e)));
    }

    /** See {@link TransactionQueries#fates}. */
    CompletableFuture<Map<Unconfirmed, Fate>> fates(List<Unconfirmed> found) {
        return branches.overAll(partitions -> queries.fates(found, partitions));
    }

    /** Prepare and what follows from it. */
    public BranchCoordinator branches() {
        return branches;
    }

    /** How many partitions {@code __transaction_state} has; 0 before there is one. */
    int statePartitions() {
        TopicImage topic = metadata.get().topic(TransactionTopic.NAME);
        return topic == null ? 0 : topic.partitions().size();
    }

    /** Whatever became of it. */
    void closeBallot(String transactionalId, Object voter) {
        again(partitionFor(transactionalId), shard -> {
            shard.branches().close(voter);
            return Result.of(null);
        });
    }

    boolean isCoordinating() {
        return !runtime.partitions().isEmpty();
    }

    // ---- administration

    public CompletableFuture<List<DescribeTransactionsResponseData.TransactionState>> describe(List<String> transactionalIds) {
        return queries.describe(transactionalIds);
    }

    /** @throws org.apache.kafka.common.errors.InvalidRegularExpression the pattern of ids cannot be read */
    public CompletableFuture<ListTransactionsResponseData> list(ListTransactionsRequestData request) {
        return queries.list(request);
    }

    /** Shows every active shard to an observer, on the shard's thread; uncommitted state included. For metrics and tests. */
    CompletableFuture<Void> observe(Consumer<TransactionCoordinatorShard> observer) {
        return runtime.observe(observer);
    }

    // ---- helpers

    private void again(int partition, Function<TransactionCoordinatorShard, Result<Void>> operation) {
        runtime.write(partition, null, operation);
    }

    private void timeOut(String transactionalId, TransactionMetadata seen) {
        withFreshProducerId(fresh -> write(transactionalId, shard -> shard.timeOut(transactionalId, seen, fresh)));
    }

    /** What an operation came to. An error is an answer like any other: it waits until what it rests on is committed and confirmed. */
    private record Outcome<T>(T value, ApiException error) {
    }

    /** @return null when the operation needs a fresh producer id */
    <T> CompletableFuture<T> write(String transactionalId, Function<TransactionCoordinatorShard, Result<T>> operation) {
        return unwrap(runtime.write(partitionFor(transactionalId), transactionalId, wrap(operation)));
    }

    /** As {@link #write}, but refused while too much waits for the disk: for what begins something, not for what ends it. */
    private <T> CompletableFuture<T> writeUnlessFull(String transactionalId, Function<TransactionCoordinatorShard, Result<T>> operation) {
        return unwrap(runtime.writeUnlessFull(partitionFor(transactionalId), transactionalId, wrap(operation)));
    }

    private static <T> Function<TransactionCoordinatorShard, Result<Outcome<T>>> wrap(Function<TransactionCoordinatorShard, Result<T>> operation) {
        return shard -> {
            try {
                Result<T> result = operation.apply(shard);
                return result.answering(new Outcome<>(result.response(), null));
            } catch (ApiException e) {
                return Result.of(new Outcome<>(null, e));
            } catch (Transitions.ProducerIdNeeded e) {
                return Result.of(new Outcome<>(null, null));
            }
        };
    }

    private static <T> CompletableFuture<T> unwrap(CompletableFuture<Outcome<T>> future) {
        return future.thenCompose(outcome -> outcome.error() == null ? CompletableFuture.completedFuture(outcome.value())
                : CompletableFuture.failedFuture(outcome.error()));
    }

    private static Map<TopicPartition, Errors> each(Collection<TopicPartition> partitions, Errors error) {
        Map<TopicPartition, Errors> errors = new HashMap<>();
        partitions.forEach(partition -> errors.put(partition, error));
        return errors;
    }

    private static boolean isTransactionalId(String transactionalId) {
        return transactionalId != null && !transactionalId.isEmpty();
    }

    static Errors error(Throwable e) {
        Throwable cause = Errors.maybeUnwrapException(e);
        // Clients know MESSAGE_TOO_LARGE as something about their own records.
        return cause instanceof RecordTooLargeException ? Errors.UNKNOWN_SERVER_ERROR : Errors.forException(cause);
    }
}
