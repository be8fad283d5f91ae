package org.milena.broker.transaction;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.Record;
import org.milena.broker.coordinator.CoordinatorRecord;
import org.milena.broker.coordinator.CoordinatorShard;
import org.milena.broker.coordinator.Result;

/**
 * The transactional ids of one partition of {@code __transaction_state}. A request becomes a new {@link TransactionMetadata} by
 * {@link Transitions}, and a record; markers follow a decision once it is committed, the end of a transaction once they are written.
 */
final class TransactionCoordinatorShard implements CoordinatorShard {

    private static final System.Logger LOG = System.getLogger(TransactionCoordinatorShard.class.getName());
    private static final String TIMEOUTS = "timeouts";
    private static final String EXPIRY = "expiry";
    /** One round of expiry changes at most this many ids, so that nobody waits long behind it. */
    private static final int EXPIRY_RECORDS = 1_000;

    private final ShardContext context;
    private final Map<String, TransactionMetadata> transactions = new HashMap<>();
    private final PendingTransitions pending = new PendingTransitions();
    private final MarkerWriter markers;
    /** Open transactions that this life of the shard did not see begin. */
    private final Set<String> inherited = new HashSet<>();
    private final ShardBranches branches = new ShardBranches();

    TransactionCoordinatorShard(ShardContext context) {
        this.context = context;
        this.markers = new MarkerWriter(context.markers(), context.coordinatorEpoch(), context.timer(),
                operation -> context.again().accept(shard -> shard == this ? operation.get() : Result.of(null)), this::complete,
                context.flushState());
    }

    // ---- durable state

    @Override
    public void replay(CoordinatorRecord record) {
        TransactionRecord change = (TransactionRecord) record;
        if (change.value() == null || change.value().state() != TransactionState.ONGOING) {
            inherited.remove(change.transactionalId());
        }
        if (change.value() == null) {
            transactions.remove(change.transactionalId());
        } else {
            transactions.put(change.transactionalId(), change.value());
        }
        branches.replayed(change.transactionalId(), change.value());
    }

    @Override
    public void load(Record record, long producerId) {
        String transactionalId = record.hasKey() ? TransactionLogCodec.decodeKey(record.key()) : null;
        if (transactionalId == null) {
            return;
        }
        TransactionMetadata value = record.hasValue() ? TransactionLogCodec.decodeValue(transactionalId, record.value()) : null;
        if (value != null) {
            context.producerIdSeen().accept(Math.max(value.producerId(), value.nextProducerId()));
            if (value.branch() != null) {
                context.producerIdSeen().accept(value.branch().nextProducerId());
            }
        }
        replay(new TransactionRecord(transactionalId, value));
    }

    /** The coordinator's own records belong to no transaction. */
    @Override
    public void endTransaction(long producerId, boolean commit) {
    }

    /** What was decided before is carried out now. */
    @Override
    public void loaded() {
        transactions.forEach((id, transaction) -> {
            if (transaction.state().isDecided()) {
                markers.start(id, transaction);
            } else if (transaction.state() == TransactionState.ONGOING && !transaction.isInDoubt()) {
                inherited.add(id);
            }
        });
        schedule(TIMEOUTS, context.config().get().timeoutCheckIntervalMs());
        schedule(EXPIRY, context.config().get().expirationCheckIntervalMs());
    }

    /** Who waits for a transaction to end comes again, and is told where to go. */
    @Override
    public void unloaded(ApiException error) {
        pending.releaseAll();
    }

    private <T> Result<T> change(String transactionalId, TransactionMetadata to, T answer) {
        TransactionMetadata before = transactions.get(transactionalId);
        if (to == before) {
            return Result.of(answer);
        }
        boolean growth = to.state() == TransactionState.ONGOING && to.branch() == null;
        return Result.of(answer, List.of(new TransactionRecord(transactionalId, to)))
                .whenReplayed(() -> pending.replayed(transactionalId, growth))
                .whenCommitted(() -> committed(transactionalId, to));
    }

    private void committed(String transactionalId, TransactionMetadata to) {
        pending.committed(transactionalId);
        if (to.state().isDecided()) {
            markers.start(transactionalId, to);
        } else {
            pending.release(transactionalId);
        }
    }

    // ---- requests; each throws the error it is answered with

    /** @return the state that came of it; decided: the open transaction is aborted, and the client is to come again */
    Result<TransactionMetadata> initialise(String transactionalId, int timeoutMs, long expectedId, short expectedEpoch, long freshProducerId) {
        pending.exclude(transactionalId);
        TransactionMetadata to = Transitions.initialise(transactions.get(transactionalId), timeoutMs, expectedId, expectedEpoch,
                freshProducerId, now());
        return change(transactionalId, to, to);
    }

    Result<Errors> addPartitions(String transactionalId, long producerId, short epoch, Set<TopicPartition> partitions, short version) {
        pending.excludeAllButGrowth(transactionalId);
        return change(transactionalId, Transitions.addPartitions(transactions.get(transactionalId), producerId, epoch, partitions, version,
                now()), Errors.NONE);
    }

    /**
     * Runs {@code action} once the id's last transaction has ended, or soon anyway; not, when it has ended already.
     *
     * @return whether it will run
     */
    boolean awaitsEnd(String transactionalId, Runnable action) {
        TransactionMetadata transaction = transactions.get(transactionalId);
        boolean ending = transaction != null && (transaction.state().isDecided() || !pending.allowsGrowth(transactionalId));
        if (ending) {
            if (!pending.isAwaited(transactionalId)) {
                context.timer().schedule("wait for " + transactionalId, context.config().get().admissionWaitMs(), () -> {
                    pending.release(transactionalId);
                    return Result.of(null);
                });
            }
            pending.await(transactionalId, action);
        }
        return ending;
    }

    /** The answer rests on what may not be committed yet: it must wait for it. */
    Map<TopicPartition, Errors> verify(String transactionalId, long producerId, short epoch, Set<TopicPartition> partitions) {
        TransactionMetadata transaction = transactions.get(transactionalId);
        Errors error = Transitions.verify(transaction, producerId, epoch);
        Map<TopicPartition, Errors> answer = new HashMap<>();
        for (TopicPartition partition : partitions) {
            answer.put(partition, error != Errors.NONE ? error
                    : transaction.partitions().contains(partition) ? Errors.NONE : Errors.TRANSACTION_ABORTABLE);
        }
        return answer;
    }

    /** @return the state in which the client goes on: with transaction version 2, under another epoch or even producer id */
    Result<TransactionMetadata> end(String transactionalId, long producerId, short epoch, boolean commit, short version, long freshProducerId) {
        pending.exclude(transactionalId);
        TransactionMetadata to = Transitions.end(transactions.get(transactionalId), producerId, epoch, commit, version, freshProducerId, now());
        return change(transactionalId, to, to.state().isDecided() ? to.completed(now()) : to);
    }

    // ---- XA branches

    ShardBranches branches() {
        return branches;
    }

    /**
     * @param voter    see {@link ShardBranches#open}
     * @param onePhase the request is to commit at once
     */
    ShardBranches.Ballot ballot(Object voter, BranchRequest request, boolean onePhase) {
        pending.exclude(request.transactionalId());
        TransactionMetadata current = transactions.get(request.transactionalId());
        BranchTransitions.Step step = onePhase ? BranchTransitions.beginOnePhase(current, request) : BranchTransitions.beginPrepare(current, request);
        return branches.open(voter, new ShardBranches.Ballot(request, current, step.answer(), inherited.contains(request.transactionalId())));
    }

    /** Everything of {@code seen} is on disk. If the transaction is another by now, the client is to come again. */
    Result<XaAnswer> vote(BranchRequest request, TransactionMetadata seen, boolean onePhase, long freshProducerId) {
        unchanged(request.transactionalId(), seen);
        TransactionMetadata to = onePhase ? BranchTransitions.commitOnePhase(seen, request, freshProducerId, now())
                : BranchTransitions.prepare(seen, request, freshProducerId, now());
        return change(request.transactionalId(), to, XaAnswer.OK);
    }

    /** What {@code seen} wrote is not all there: it can only be rolled back. */
    Result<XaAnswer> undo(BranchRequest request, TransactionMetadata seen, long freshProducerId) {
        unchanged(request.transactionalId(), seen);
        return change(request.transactionalId(), Transitions.fence(seen, freshProducerId, now()), XaAnswer.ROLLED_BACK);
    }

    private void unchanged(String transactionalId, TransactionMetadata seen) {
        pending.exclude(transactionalId);
        if (transactions.get(transactionalId) != seen) {
            throw Errors.CONCURRENT_TRANSACTIONS.exception();
        }
    }

    /** @param heuristic by an operator */
    Result<XaAnswer> decide(BranchRequest request, boolean commit, boolean heuristic, long freshProducerId) {
        pending.exclude(request.transactionalId());
        BranchTransitions.Step step = BranchTransitions.decide(transactions.get(request.transactionalId()), request, commit, heuristic,
                freshProducerId, now());
        return change(request.transactionalId(), step.to(), step.answer());
    }

    /** @param operator only what an operator has decided */
    Result<XaAnswer> forget(BranchRequest request, boolean operator) {
        pending.exclude(request.transactionalId());
        BranchTransitions.Step step = BranchTransitions.forget(transactions.get(request.transactionalId()), request, operator, now());
        return change(request.transactionalId(), step.to(), step.answer());
    }

    private Result<Void> complete(String transactionalId) {
        return change(transactionalId, transactions.get(transactionalId).completed(now()), null);
    }

    // ---- time

    private void schedule(String timer, long delayMs) {
        context.timer().schedule(timer, delayMs, timer.equals(TIMEOUTS) ? this::findTimedOut : this::expire);
    }

    private Result<Void> findTimedOut() {
        schedule(TIMEOUTS, context.config().get().timeoutCheckIntervalMs());
        long now = now();
        transactions.forEach((id, transaction) -> {
            if (transaction.isTimedOut(now) && !pending.contains(id)) {
                context.timedOut().accept(id, transaction);
            }
        });
        branches.reportLongInDoubt(now);
        return Result.of(null);
    }

    /** @param seen the state that was found too old; if it is another by now, nothing happens, and the answer is false */
    Result<Boolean> timeOut(String transactionalId, TransactionMetadata seen, long freshProducerId) {
        if (pending.contains(transactionalId) || transactions.get(transactionalId) != seen) {
            return Result.of(false);
        }
        TransactionMetadata to = Transitions.fence(seen, freshProducerId, now());
        LOG.log(Level.INFO, "The transaction of {0} (producer {1}, epoch {2}) is aborted: it took more than {3} ms", transactionalId,
                String.valueOf(seen.producerId()), seen.producerEpoch(), String.valueOf(seen.timeoutMs()));
        return change(transactionalId, to, true);
    }

    private Result<Void> expire() {
        long now = now();
        List<TransactionRecord> tombstones = new ArrayList<>();
        for (Map.Entry<String, TransactionMetadata> entry : transactions.entrySet()) {
            if (tombstones.size() == EXPIRY_RECORDS) {
                break;
            }
            if (entry.getValue().isExpired(now, context.config().get().idExpirationMs()) && !pending.contains(entry.getKey())) {
                tombstones.add(new TransactionRecord(entry.getKey(), null));
            }
        }
        schedule(EXPIRY, tombstones.size() == EXPIRY_RECORDS ? 0 : context.config().get().expirationCheckIntervalMs());
        return Result.<Void>of(null, tombstones).inParts()
                .whenReplayed(() -> tombstones.forEach(record -> pending.replayed(record.transactionalId(), false)))
                .whenCommitted(() -> tombstones.forEach(record -> {
                    pending.committed(record.transactionalId());
                    pending.release(record.transactionalId());
                }));
    }

    private long now() {
        return context.clock().millis();
    }

    // ---- questions

    /** Null when the id is not known. */
    TransactionMetadata transaction(String transactionalId) {
        return transactions.get(transactionalId);
    }

    void forEach(BiConsumer<String, TransactionMetadata> visitor) {
        transactions.forEach(visitor);
    }

    /** Of the current transaction; once it is decided, those that have no marker yet. */
    Set<TopicPartition> openPartitions(String transactionalId) {
        TransactionMetadata transaction = transactions.get(transactionalId);
        return transaction.state().isDecided() && !pending.contains(transactionalId) ? markers.outstanding(transactionalId)
                : transaction.partitions();
    }

    /** All partitions in which transactions of a producer are under way. */
    Set<TopicPartition> partitionsOf(long producerId) {
        Set<TopicPartition> partitions = new HashSet<>();
        transactions.values().stream().filter(t -> t.producerId() == producerId).forEach(t -> partitions.addAll(t.partitions()));
        return partitions;
    }
}
