package org.milena.broker.api;

import java.util.List;

/** Kafka's transactions, and the branches of XA transactions among them, as other parts of the application see them. */
public interface TransactionCoordination {

    /** The partition of {@code __transaction_state} that holds a transactional id. */
    int partitionFor(String transactionalId);

    /**
     * The XA branches of all resource managers that wait for their transaction manager: in doubt, or completed by an operator and not forgotten. The
     * oldest first. Waits for the disk.
     *
     * @throws TransactionsUnavailableException not every coordinator can say
     */
    List<WaitingBranch> waitingBranches() throws TransactionsUnavailableException;

    /**
     * Ends a branch that is in doubt without its transaction manager: a heuristic decision, which can't be undone. The transaction manager is answered
     * XA_HEURCOM or XA_HEURRB until it forgets the branch; whether the other resources of the transaction ended alike nobody here knows. Waits for
     * the disk.
     *
     * @param branch of {@link #waitingBranches}
     * @throws TransactionsUnavailableException the decision may have been taken, or not: ask again
     */
    BranchAnswer completeBranch(WaitingBranch branch, boolean commit) throws TransactionsUnavailableException;

    /**
     * Takes away the memory of an operator's decision, which the transaction manager, if it lived, would do. One that comes back later is told
     * that there is no such branch, and believes that all went as it decided. Waits for the disk.
     *
     * @param branch of {@link #waitingBranches}
     * @throws TransactionsUnavailableException also while the branch is in doubt, or the decision is not carried out everywhere
     */
    BranchAnswer forgetBranch(WaitingBranch branch) throws TransactionsUnavailableException;

    /** What came of an operator's wish. */
    enum BranchAnswer {
        DONE,
        /** By an operator, before. */
        COMMITTED_BEFORE, ROLLED_BACK_BEFORE,
        /** No such branch waits any more: its transaction manager has ended it. Nothing was done. */
        NOT_WAITING
    }
}
