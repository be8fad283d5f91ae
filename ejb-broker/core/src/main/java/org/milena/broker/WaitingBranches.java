package org.milena.broker;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.api.TransactionCoordination.BranchAnswer;
import org.milena.broker.api.TransactionsUnavailableException;
import org.milena.broker.api.WaitingBranch;
import org.milena.broker.transaction.Branch;
import org.milena.broker.transaction.BranchCoordinator;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.RecoveredBranch;
import org.milena.broker.transaction.XaAnswer;

/** What operators ask of XA branches from inside the server: the coordinator's answers, waited for, in words without Kafka's types. Thread-safe. */
public final class WaitingBranches {

    private static final long PATIENCE_MS = 10_000;

    private final BranchCoordinator branches;

    WaitingBranches(BranchCoordinator branches) {
        this.branches = branches;
    }

    /** Of all resource managers, the oldest first. */
    public List<WaitingBranch> list() throws TransactionsUnavailableException {
        return await(branches.recover(null), "Which XA branches wait").stream().map(WaitingBranches::shown)
                .sorted(Comparator.comparing(WaitingBranch::preparedAt)).toList();
    }

    /** An operator's decision. */
    public BranchAnswer complete(WaitingBranch branch, boolean commit) throws TransactionsUnavailableException {
        return answer(branches.completeHeuristically(request(branch), commit), branch);
    }

    public BranchAnswer forget(WaitingBranch branch) throws TransactionsUnavailableException {
        return answer(branches.forgetHeuristically(request(branch)), branch);
    }

    private static WaitingBranch shown(RecoveredBranch found) {
        BranchRequest name = found.request();
        Branch branch = found.branch();
        WaitingBranch.State state = branch.isInDoubt() ? WaitingBranch.State.IN_DOUBT
                : branch.outcome().isCommit() ? WaitingBranch.State.COMMITTED : WaitingBranch.State.ROLLED_BACK;
        return new WaitingBranch(name.xid().toString(), name.resourceManager(), name.transactionalId(), name.producerId(), name.producerEpoch(),
                Instant.ofEpochMilli(branch.preparedTimeMs()), state, found.partitions().stream()
                .sorted(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition)).map(TopicPartition::toString).toList());
    }

    private static BranchRequest request(WaitingBranch branch) {
        return new BranchRequest(branch.transactionalId(), branch.producerId(), branch.producerEpoch(), BranchId.parse(branch.xid()),
                branch.resourceManager());
    }

    private static BranchAnswer answer(CompletableFuture<XaAnswer> answer, WaitingBranch branch) throws TransactionsUnavailableException {
        String what = "What becomes of XA branch " + branch.xid();
        return switch (await(answer, what)) {
            case OK -> BranchAnswer.DONE;
            case HEURISTICALLY_COMMITTED -> BranchAnswer.COMMITTED_BEFORE;
            case HEURISTICALLY_ROLLED_BACK -> BranchAnswer.ROLLED_BACK_BEFORE;
            case UNAVAILABLE -> throw new TransactionsUnavailableException(what + " can't be said now", null);
            default -> BranchAnswer.NOT_WAITING;
        };
    }

    private static <T> T await(CompletableFuture<T> answer, String what) throws TransactionsUnavailableException {
        try {
            return answer.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new TransactionsUnavailableException(what + " can't be said now: " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new TransactionsUnavailableException(what + " can't be said within " + PATIENCE_MS + " ms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TransactionsUnavailableException(what + " was not waited for", e);
        }
    }
}
