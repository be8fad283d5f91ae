package org.milena.broker.transaction;

/**
 * What makes a transaction the branch of a distributed one (XA): whose it is, what was kept back for its decision when it was
 * prepared, and what became of it. Part of {@link TransactionMetadata} from prepare (or a decision without one) until it is forgotten
 * or its transactional id begins another transaction. Immutable.
 *
 * @param resourceManager what {@code recover} asks by; stable across the client's restarts (rules 17)
 * @param preparedTimeMs  when the transaction manager was promised that it can be committed; -1: never, it was decided without
 * @param producerId      of the branch's records and markers
 * @param decisionEpoch   of the markers; the records have the epoch before
 * @param nextProducerId  the producer id after the decision, when the branch uses up the last epoch; or -1
 * @param outcome         null while it is prepared
 */
public record Branch(BranchId xid, String resourceManager, long preparedTimeMs, long producerId, short decisionEpoch,
                     long nextProducerId, Outcome outcome) {

    /** How a branch ended, and by whom; with the numbers of the record. */
    public enum Outcome {
        COMMITTED(1, true, false), ROLLED_BACK(2, false, false),
        /** By an operator, without the transaction manager. */
        HEURISTICALLY_COMMITTED(3, true, true), HEURISTICALLY_ROLLED_BACK(4, false, true);

        private final byte id;
        private final boolean commit;
        private final boolean heuristic;

        Outcome(int id, boolean commit, boolean heuristic) {
            this.id = (byte) id;
            this.commit = commit;
            this.heuristic = heuristic;
        }

        byte id() {
            return id;
        }

        public boolean isCommit() {
            return commit;
        }

        public boolean isHeuristic() {
            return heuristic;
        }

        static Outcome of(boolean commit, boolean heuristic) {
            return heuristic ? commit ? HEURISTICALLY_COMMITTED : HEURISTICALLY_ROLLED_BACK : commit ? COMMITTED : ROLLED_BACK;
        }

        /** @throws IllegalArgumentException no branch ends so */
        static Outcome inLog(byte id) {
            if (id < 1 || id > values().length) {
                throw new IllegalArgumentException("No branch ends with outcome " + id);
            }
            return values()[id - 1];
        }
    }

    Branch ended(Outcome how) {
        return new Branch(xid, resourceManager, preparedTimeMs, producerId, decisionEpoch, nextProducerId, how);
    }

    /** Promised to be committed, and not decided. */
    public boolean isInDoubt() {
        return outcome == null;
    }

    /** An operator ended it; the transaction manager has not said yet that it knows. */
    public boolean isHeuristic() {
        return outcome != null && outcome.isHeuristic();
    }

    /** Nobody but the transaction manager, or an operator, may go on with the transactional id. */
    boolean isBinding() {
        return isInDoubt() || isHeuristic();
    }

    boolean is(BranchId otherXid, long otherProducerId, short epoch) {
        return xid.equals(otherXid) && isOf(otherProducerId, epoch);
    }

    /** @param epoch of the branch's records */
    boolean isOf(long otherProducerId, short epoch) {
        return producerId == otherProducerId && decisionEpoch == epoch + 1;
    }
}
