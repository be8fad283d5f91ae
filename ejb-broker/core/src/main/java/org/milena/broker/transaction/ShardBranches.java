package org.milena.broker.transaction;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The branches of one shard that wait for a transaction manager, and those that are being voted on. Lives as long as the shard's state;
 * runs on the shard's thread.
 */
final class ShardBranches {

    private static final System.Logger LOG = System.getLogger(ShardBranches.class.getName());
    /** A transaction manager that is up decides, or recovers, long before. */
    static final long LONG_IN_DOUBT_MS = 600_000;

    /** What a vote or a one-phase commit is about: {@code seen} is to be put on disk, unless there is an answer already. */
    record Ballot(BranchRequest request, TransactionMetadata seen, XaAnswer answer, boolean inherited) {

        boolean isOpen() {
            return answer == null && !inherited;
        }

        private RecoveredBranch branch() {
            return new RecoveredBranch(request.transactionalId(), new Branch(request.xid(), request.resourceManager(), -1, seen.producerId(),
                    (short) (seen.producerEpoch() + 1), TransactionMetadata.NO_PRODUCER_ID, null), seen.partitions());
        }
    }

    private final Map<String, RecoveredBranch> waiting = new TreeMap<>();
    /** In doubt, or decided and not carried out everywhere. */
    private final Map<String, RecoveredBranch> unfinished = new TreeMap<>();
    private final Map<Object, Ballot> ballots = new LinkedHashMap<>();
    /** Transactional ids of branches in doubt that the log has named. */
    private final Set<String> reported = new HashSet<>();

    /** @param value null: the id is not known any more */
    void replayed(String transactionalId, TransactionMetadata value) {
        waiting.remove(transactionalId);
        unfinished.remove(transactionalId);
        if (value == null || !value.isInDoubt()) {
            reported.remove(transactionalId);
        }
        if (value == null || value.branch() == null) {
            return;
        }
        RecoveredBranch branch = new RecoveredBranch(transactionalId, value.branch(), value.partitions());
        if (value.isBound()) {
            waiting.put(transactionalId, branch);
        }
        if (value.isInDoubt() || value.state().isDecided()) {
            unfinished.put(transactionalId, branch);
        }
    }

    /**
     * From now on the branch may become prepared at any moment, until the ballot is closed.
     *
     * @param voter stands for one request; whoever asks closes the ballot even if there is no answer
     */
    Ballot open(Object voter, Ballot ballot) {
        if (ballot.isOpen()) {
            ballots.put(voter, ballot);
        }
        return ballot;
    }

    void close(Object voter) {
        ballots.remove(voter);
    }

    /** In doubt, or heuristically completed and not forgotten. */
    List<RecoveredBranch> waiting() {
        return List.copyOf(waiting.values());
    }

    /** Just being voted on, in doubt, or decided and not carried out everywhere. */
    List<RecoveredBranch> unfinished() {
        List<RecoveredBranch> all = new ArrayList<>(unfinished.values());
        ballots.values().forEach(ballot -> all.add(ballot.branch()));
        return all;
    }

    /** Names each branch once that has been in doubt for long, and what an operator can do who knows that its transaction manager is gone. */
    void reportLongInDoubt(long nowMs) {
        waiting.forEach((id, each) -> {
            Branch branch = each.branch();
            if (branch.isInDoubt() && nowMs - branch.preparedTimeMs() >= LONG_IN_DOUBT_MS && reported.add(id)) {
                LOG.log(Level.WARNING, "XA branch {0} of {1} (transactional id {2}, producer {3}, epoch {4}) has been in doubt for {5} s and holds back "
                        + "{6}: its transaction manager has to recover. If that is gone for good, milena-transactions commit or rollback --xid {0} "
                        + "ends it; or kafka-transactions abort with this producer id and epoch, one of these partitions and coordinator epoch {7} "
                        + "rolls it back", branch.xid(), branch.resourceManager(), id, String.valueOf(branch.producerId()), branch.decisionEpoch() - 1,
                        String.valueOf((nowMs - branch.preparedTimeMs()) / 1_000), each.partitions(), String.valueOf(BranchCoordinator.OPERATOR_EPOCH));
            }
        });
    }
}
