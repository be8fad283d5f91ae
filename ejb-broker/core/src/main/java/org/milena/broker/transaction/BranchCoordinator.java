package org.milena.broker.transaction;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.coordinator.Result;

/**
 * The branches of distributed transactions (XA): the durable prepare that Kafka does not have, and what follows from it. Methods may be
 * called from any thread and never block. Futures complete normally, on a coordinator's or flusher's thread: whatever is temporary is
 * {@link XaAnswer#UNAVAILABLE}. No answer leaves before all that it rests on is on disk, so that a transaction manager never
 * remembers what a power cut took from us.
 */
public final class BranchCoordinator {

    /** A coordinator epoch that no coordinator ever has: it tells an operator's decision from a marker ({@code kafka-transactions abort}). */
    public static final int OPERATOR_EPOCH = Integer.MAX_VALUE;

    private static final System.Logger LOG = System.getLogger(BranchCoordinator.class.getName());

    private final TransactionCoordinator coordinator;
    private final TransactionQueries queries;
    private final TransactionDurability durability;
    /** Topics that are being deleted, by how many requests: no vote is given on records in them. */
    private final Map<String, Integer> deleting = new ConcurrentHashMap<>();

    BranchCoordinator(TransactionCoordinator coordinator, TransactionQueries queries, TransactionDurability durability) {
        this.coordinator = coordinator;
        this.queries = queries;
        this.durability = durability;
    }

    /**
     * The vote. All sends of the branch have been answered. OK: the branch can be committed, whatever happens, and only its Xid or an
     * operator ends it. A transaction that began before the coordinator's state was last loaded is rolled back: nobody can say
     * whether all of it survived. So is one that lacks anything of what its client was acknowledged: a power cut has taken it, and perhaps
     * that the transaction had begun.
     */
    public CompletableFuture<XaAnswer> prepare(BranchRequest request, Set<BranchContent> acknowledged) {
        return answer(request, ballot(request, acknowledged, false));
    }

    /** Commits what was not prepared, as {@link #prepare} decides; asked again with the same Xid it tells the outcome. */
    public CompletableFuture<XaAnswer> commitInOnePhase(BranchRequest request, Set<BranchContent> acknowledged) {
        return answer(request, ballot(request, acknowledged, true));
    }

    /** The decision of the transaction manager; the same again is OK. */
    public CompletableFuture<XaAnswer> decide(BranchRequest request, boolean commit) {
        return answer(request, decided(request, commit, false));
    }

    /**
     * An operator's decision on a branch in doubt, which the transaction manager is told of until it {@link #forget}s it. OK or, where an
     * operator has ended it before, how; NOT_KNOWN where its transaction manager has.
     */
    public CompletableFuture<XaAnswer> completeHeuristically(BranchRequest request, boolean commit) {
        return answer(request, decided(request, commit, true)).thenApply(answer -> {
            if (answer == XaAnswer.OK) {
                LOG.log(Level.WARNING, "An operator {0} branch {1} of {2} (transactional id {3}) without its transaction manager",
                        commit ? "committed" : "rolled back", request.xid(), request.resourceManager(), request.transactionalId());
            }
            return answer;
        });
    }

    /**
     * The same for an operator who knows no Xid: {@code kafka-transactions describe} tells producer id and epoch.
     *
     * @return INVALID_TXN_STATE: no such branch waits for a decision; an error that can be retried: ask again
     */
    CompletableFuture<Errors> completeHeuristically(long producerId, short producerEpoch, boolean commit) {
        return recover(null).thenCompose(all -> all.stream().filter(each -> each.branch().isOf(producerId, producerEpoch)).findAny()
                .map(each -> completeHeuristically(each.request(), commit)).orElse(CompletableFuture.completedFuture(XaAnswer.NOT_KNOWN)))
                .thenApply(answer -> switch (answer) {
                    case OK -> Errors.NONE;
                    case HEURISTICALLY_COMMITTED -> commit ? Errors.NONE : Errors.INVALID_TXN_STATE;
                    case HEURISTICALLY_ROLLED_BACK -> commit ? Errors.INVALID_TXN_STATE : Errors.NONE;
                    case UNAVAILABLE -> Errors.COORDINATOR_NOT_AVAILABLE;
                    default -> Errors.INVALID_TXN_STATE;
                }).exceptionally(TransactionCoordinator::error);
    }

    /** The transaction manager knows the outcome of a branch that has ended. */
    public CompletableFuture<XaAnswer> forget(BranchRequest request) {
        return answer(request, coordinator.write(request.transactionalId(), shard -> shard.forget(request, false)));
    }

    /**
     * An operator forgets an operator's decision, in place of the transaction manager. NOT_KNOWN where the transaction manager has ended the branch:
     * it may have to ask again.
     */
    public CompletableFuture<XaAnswer> forgetHeuristically(BranchRequest request) {
        return answer(request, coordinator.write(request.transactionalId(), shard -> shard.forget(request, true))).thenApply(answer -> {
            if (answer == XaAnswer.OK) {
                LOG.log(Level.WARNING, "An operator forgot the outcome of branch {0} of {1} (transactional id {2}) without its transaction manager",
                        request.xid(), request.resourceManager(), request.transactionalId());
            }
            return answer;
        });
    }

    /**
     * The branches of a resource manager that are in doubt, or heuristically completed and not forgotten. Fails unless every
     * coordinator could say: a missed branch would be taken for a completed one (rules 16).
     *
     * @param resourceManager null: all, for operators
     */
    public CompletableFuture<List<RecoveredBranch>> recover(String resourceManager) {
        return overAll(partitions -> queries.branches(resourceManager, partitions).thenCompose(found -> CompletableFuture.allOf(
                IntStream.range(0, partitions).mapToObj(durability::flushState).toArray(CompletableFuture[]::new)).thenApply(done -> found)));
    }

    /** @param question of so many partitions of {@code __transaction_state} */
    <T> CompletableFuture<T> overAll(IntFunction<CompletableFuture<T>> question) {
        int partitions = coordinator.statePartitions();
        return partitions > 0 || !coordinator.isCoordinating() ? question.apply(partitions)
                : CompletableFuture.failedFuture(Errors.COORDINATOR_NOT_AVAILABLE.exception("The metadata does not show " + TransactionTopic.NAME));
    }

    /**
     * Deletes a topic, unless that would break a promise (rules 14): fails with a PolicyViolationException that names the branches in doubt
     * that have records in it. An operator may complete them first, which is remembered. Fails likewise while that is not known. No vote
     * is given on records in the topic meanwhile.
     *
     * @param deletion called, or not, on any thread
     */
    public <T> CompletableFuture<T> deleteTopic(String topic, Supplier<CompletableFuture<T>> deletion) {
        // In this order: a vote registers with its coordinator before it looks here. One of both sees the other.
        deleting.merge(topic, 1, Integer::sum);
        return checkDeletable(topic).thenCompose(yes -> deletion.get()).whenComplete((done, error) ->
                deleting.computeIfPresent(topic, (name, requests) -> requests == 1 ? null : requests - 1));
    }

    private CompletableFuture<Void> checkDeletable(String topic) {
        return overAll(queries::unfinished).thenAccept(found -> {
            List<String> holding = found.stream().filter(each -> each.branch().isInDoubt()).filter(each -> topic.equals(TransactionTopic.NAME)
                    || each.partitions().stream().anyMatch(partition -> partition.topic().equals(topic))).map(each -> each.branch().xid()
                    + " of " + each.branch().resourceManager() + " (transactional id " + each.transactionalId() + ")").sorted().toList();
            if (!holding.isEmpty()) {
                throw new PolicyViolationException("Topic " + topic + " holds records of prepared XA branches: " + String.join(", ", holding)
                        + ". Their transaction managers, or an operator, must complete them before the topic is deleted.");
            }
        });
    }

    /**
     * The producers whose branches are in doubt, or may be at any moment as a vote on them is under way, or are decided and not yet
     * carried out everywhere; fails unless every coordinator could say. A vote that begins later first asks the groups (rules 18).
     */
    public CompletableFuture<Set<Long>> promisedProducers() {
        return overAll(queries::unfinished).thenApply(found ->
                found.stream().map(each -> each.branch().producerId()).collect(Collectors.toSet()));
    }

    /** @param oldestMs when the oldest of them was prepared; or -1 */
    public record InDoubt(int branches, long oldestMs) {
    }

    /** What waits for a transaction manager at this moment, as far as coordinators are loaded; for metrics: never waits for the disk. */
    public CompletableFuture<InDoubt> inDoubt() {
        Queue<Long> prepared = new ConcurrentLinkedQueue<>();
        return coordinator.observe(shard -> shard.branches().waiting().stream().map(RecoveredBranch::branch).filter(Branch::isInDoubt)
                .forEach(branch -> prepared.add(branch.preparedTimeMs()))).thenApply(done ->
                new InDoubt(prepared.size(), prepared.stream().mapToLong(Long::longValue).min().orElse(-1)));
    }

    private CompletableFuture<XaAnswer> decided(BranchRequest request, boolean commit, boolean heuristic) {
        return coordinator.withFreshProducerId(fresh ->
                coordinator.write(request.transactionalId(), shard -> shard.decide(request, commit, heuristic, fresh)));
    }

    private CompletableFuture<XaAnswer> ballot(BranchRequest request, Set<BranchContent> acknowledged, boolean onePhase) {
        Object voter = new Object();
        return coordinator.write(request.transactionalId(), shard ->
                Result.of(shard.ballot(voter, request, onePhase))).thenCompose(ballot -> {
                    if (ballot.answer() != null) {
                        return CompletableFuture.completedFuture(ballot.answer());
                    }
                    return ballot.inherited() ? undo(request, ballot.seen(), "it began before the last start of its coordinator")
                            : secureAndVote(request, ballot.seen(), acknowledged, onePhase);
                }).whenComplete((answer, error) -> coordinator.closeBallot(request.transactionalId(), voter));
    }

    private CompletableFuture<XaAnswer> secureAndVote(BranchRequest request, TransactionMetadata seen, Set<BranchContent> acknowledged, boolean onePhase) {
        return secure(seen, acknowledged).handle((done, error) -> Errors.maybeUnwrapException(error)).thenCompose(error -> {
            if (error == null) {
                return coordinator.withFreshProducerId(fresh ->
                        coordinator.write(request.transactionalId(), shard -> shard.vote(request, seen, onePhase, fresh)));
            }
            if (error instanceof UnknownTopicOrPartitionException || error instanceof InvalidTxnStateException) {
                return undo(request, seen, error.getMessage());
            }
            return CompletableFuture.failedFuture(error);
        });
    }

    /**
     * That the transaction is open need not be on disk before: the vote says it again, and records that got there alone are ended by
     * {@link HangingTransactions}.
     */
    private CompletableFuture<Void> secure(TransactionMetadata seen, Set<BranchContent> acknowledged) {
        if (deleting.containsKey(TransactionTopic.NAME) || seen.partitions().stream().anyMatch(partition -> deleting.containsKey(partition.topic()))) {
            return CompletableFuture.failedFuture(Errors.CONCURRENT_TRANSACTIONS.exception("A topic of the transaction is just being deleted"));
        }
        Set<BranchContent> missing = ConcurrentHashMap.newKeySet();
        missing.addAll(acknowledged);
        return CompletableFuture.allOf(seen.partitions().stream().map(partition -> durability.secure(partition, seen.producerId(), seen.producerEpoch())
                .thenAccept(missing::removeAll)).toArray(CompletableFuture[]::new)).thenAccept(done -> {
                    if (!missing.isEmpty()) {
                        throw new InvalidTxnStateException("Its client was acknowledged what is gone, as after a power cut: "
                                + missing.stream().map(Object::toString).sorted().collect(Collectors.joining(", ")));
                    }
                });
    }

    private CompletableFuture<XaAnswer> undo(BranchRequest request, TransactionMetadata seen, String why) {
        LOG.log(Level.WARNING, "Branch {0} of {1} (transactional id {2}) cannot be committed and is rolled back: {3}", request.xid(),
                request.resourceManager(), request.transactionalId(), why);
        return coordinator.withFreshProducerId(fresh ->
                coordinator.write(request.transactionalId(), shard -> shard.undo(request, seen, fresh)));
    }

    /** Nothing is answered that a power cut can take back. */
    private CompletableFuture<XaAnswer> answer(BranchRequest request, CompletableFuture<XaAnswer> result) {
        return result.thenCompose(answer -> durability.flushState(coordinator.partitionFor(request.transactionalId())).thenApply(done -> answer))
                .exceptionally(e -> unavailable(request, Errors.maybeUnwrapException(e)));
    }

    private static XaAnswer unavailable(BranchRequest request, Throwable error) {
        Level level = error instanceof ApiException ? Level.DEBUG : Level.ERROR;
        LOG.log(level, "A request about branch " + request.xid() + " (transactional id " + request.transactionalId() + ") is to come again", error);
        return XaAnswer.UNAVAILABLE;
    }
}
