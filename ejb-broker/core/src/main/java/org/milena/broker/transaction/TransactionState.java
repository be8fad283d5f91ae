package org.milena.broker.transaction;

import java.util.Set;

/** The states of a transactional id, with Kafka's numbers and names. */
public enum TransactionState {
    EMPTY(0, "Empty"), ONGOING(1, "Ongoing"), PREPARE_COMMIT(2, "PrepareCommit"), PREPARE_ABORT(3, "PrepareAbort"),
    COMPLETE_COMMIT(4, "CompleteCommit"), COMPLETE_ABORT(5, "CompleteAbort"),
    /** Never in the log: an expired id has a tombstone. */
    DEAD(6, "Dead"),
    /** Never in the log: fencing the producer of an open transaction is one step here, to {@link #PREPARE_ABORT}. */
    PREPARE_EPOCH_FENCE(7, "PrepareEpochFence");

    private static final TransactionState[] BY_ID = values();

    private final byte id;
    private final String stateName;

    TransactionState(int id, String stateName) {
        this.id = (byte) id;
        this.stateName = stateName;
    }

    public byte id() {
        return id;
    }

    public String stateName() {
        return stateName;
    }

    /** @throws IllegalStateException no record of a transaction has such a state */
    static TransactionState inLog(byte id) {
        if (id < EMPTY.id || id > COMPLETE_ABORT.id) {
            throw new IllegalStateException("No transaction in the log can be in state " + id);
        }
        return BY_ID[id];
    }

    /** Null when there is no such state. */
    static TransactionState named(String name) {
        for (TransactionState state : BY_ID) {
            if (state.stateName.equals(name)) {
                return state;
            }
        }
        return null;
    }

    /** No transaction is under way. */
    boolean isIdle() {
        return this == EMPTY || this == COMPLETE_COMMIT || this == COMPLETE_ABORT;
    }

    /** The decision is made; markers are on their way. */
    boolean isDecided() {
        return this == PREPARE_COMMIT || this == PREPARE_ABORT;
    }

    boolean mayFollow(TransactionState before) {
        return before.next().contains(this);
    }

    private Set<TransactionState> next() {
        return switch (this) {
            case EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT -> Set.of(EMPTY, ONGOING, PREPARE_ABORT);
            case ONGOING -> Set.of(ONGOING, PREPARE_COMMIT, PREPARE_ABORT);
            case PREPARE_COMMIT -> Set.of(COMPLETE_COMMIT);
            case PREPARE_ABORT -> Set.of(COMPLETE_ABORT);
            case DEAD, PREPARE_EPOCH_FENCE -> Set.of();
        };
    }
}
