package org.milena.broker.transaction;

import static org.milena.broker.transaction.TransactionMetadata.NO_PRODUCER_ID;

/**
 * What requests about XA branches make of a transactional id's state, as {@link Transitions} does for Kafka's requests: pure functions
 * of committed state.
 */
final class BranchTransitions {

    /**
     * @param to     the state that the answer needs; the state as it was: no record
     * @param answer null for a vote or one-phase commit that goes on: all records of the transaction are to be put on disk first
     */
    record Step(TransactionMetadata to, XaAnswer answer) {
    }

    private BranchTransitions() {
    }

    /** Is there something to vote on? Answers the request when there is not, or when the vote was given before. */
    static Step beginPrepare(TransactionMetadata current, BranchRequest request) {
        if (isOf(current, request)) {
            boolean undone = current.branch().outcome() == Branch.Outcome.ROLLED_BACK;
            return new Step(current, undone ? XaAnswer.ROLLED_BACK : XaAnswer.OK);
        }
        return new Step(current, isVotable(current, request) ? null : ended(current, request));
    }

    /** The vote is yes; everything is on disk. */
    static TransactionMetadata prepare(TransactionMetadata current, BranchRequest request, long freshProducerId, long nowMs) {
        return current.prepared(branch(current, request, nowMs, freshProducerId, null), nowMs);
    }

    /** May this branch be committed in one phase? Answers the request when its outcome is known already. */
    static Step beginOnePhase(TransactionMetadata current, BranchRequest request) {
        if (isOf(current, request)) {
            // Prepared: an ordinary commit does.
            return current.isInDoubt() ? new Step(current, XaAnswer.NOT_KNOWN) : new Step(current, XaAnswer.to(true, current.branch().outcome()));
        }
        return new Step(current, isVotable(current, request) ? null : ended(current, request));
    }

    static TransactionMetadata commitOnePhase(TransactionMetadata current, BranchRequest request, long freshProducerId, long nowMs) {
        return current.decided(branch(current, request, -1, freshProducerId, Branch.Outcome.COMMITTED), nowMs);
    }

    /** The transaction manager's decision, or with {@code heuristic} an operator's. */
    static Step decide(TransactionMetadata current, BranchRequest request, boolean commit, boolean heuristic, long freshProducerId, long nowMs) {
        if (isOf(current, request)) {
            Branch branch = current.branch();
            if (branch.isInDoubt()) {
                return new Step(current.decided(branch.ended(Branch.Outcome.of(commit, heuristic)), nowMs), XaAnswer.OK);
            }
            // Ended by its transaction manager: nothing waits for an operator, who must not be told that it was him.
            return new Step(current, heuristic && !branch.isHeuristic() ? XaAnswer.NOT_KNOWN : XaAnswer.to(commit, branch.outcome()));
        }
        if (commit || heuristic) {
            return new Step(current, XaAnswer.NOT_KNOWN);
        }
        // Not prepared: the epoch that grows refuses a vote that comes late (rules 17).
        boolean idle = current != null && current.state().isIdle() && !current.isBound() && isCurrent(current, request);
        if (idle || isOpen(current, request)) {
            return new Step(Transitions.fence(current, freshProducerId, nowMs), XaAnswer.OK);
        }
        return new Step(current, ended(current, request) == XaAnswer.ROLLED_BACK ? XaAnswer.OK : XaAnswer.NOT_KNOWN);
    }

    /** The transaction manager knows the outcome of an ended branch; or an operator forgets an operator's, of which it never asked. */
    static Step forget(TransactionMetadata current, BranchRequest request, boolean operator, long nowMs) {
        if (!isOf(current, request)) {
            return new Step(current, XaAnswer.NOT_KNOWN);
        }
        if (operator && current.branch().outcome() != null && !current.branch().isHeuristic()) {
            // The transaction manager may have to ask again.
            return new Step(current, XaAnswer.NOT_KNOWN);
        }
        // Until all markers are written the record must say whose they are.
        return current.state().isIdle() ? new Step(current.forgotten(nowMs), XaAnswer.OK) : new Step(current, XaAnswer.UNAVAILABLE);
    }

    private static Branch branch(TransactionMetadata current, BranchRequest request, long preparedTimeMs, long freshProducerId, Branch.Outcome outcome) {
        long next = current.isEpochExhausted() ? Transitions.needed(freshProducerId) : NO_PRODUCER_ID;
        return new Branch(request.xid(), request.resourceManager(), preparedTimeMs, current.producerId(), (short) (current.producerEpoch() + 1),
                next, outcome);
    }

    private static boolean isOf(TransactionMetadata current, BranchRequest request) {
        return current != null && current.branch() != null && current.branch().is(request.xid(), request.producerId(), request.producerEpoch());
    }

    private static boolean isCurrent(TransactionMetadata current, BranchRequest request) {
        return current.producerId() == request.producerId() && current.producerEpoch() == request.producerEpoch();
    }

    /** Under way, and nobody has voted. */
    private static boolean isOpen(TransactionMetadata current, BranchRequest request) {
        return current != null && current.state() == TransactionState.ONGOING && current.branch() == null && isCurrent(current, request);
    }

    /** The last epoch of all can only be aborted: there is none to decide in. */
    private static boolean isVotable(TransactionMetadata current, BranchRequest request) {
        return isOpen(current, request) && current.producerEpoch() < Short.MAX_VALUE;
    }

    /** What is certain of a transaction that is no longer under way, and of which no branch is remembered. */
    private static XaAnswer ended(TransactionMetadata current, BranchRequest request) {
        boolean aborted = current != null && (current.state() == TransactionState.PREPARE_ABORT || current.state() == TransactionState.COMPLETE_ABORT);
        if (!aborted || current.branch() != null) {
            return XaAnswer.NOT_KNOWN;
        }
        boolean next = current.producerId() == request.producerId() && current.producerEpoch() == request.producerEpoch() + 1;
        boolean overflown = current.previousProducerId() == request.producerId() && current.producerEpoch() == 0
                && request.producerEpoch() == Short.MAX_VALUE - 1;
        return next || overflown ? XaAnswer.ROLLED_BACK : XaAnswer.NOT_KNOWN;
    }
}
