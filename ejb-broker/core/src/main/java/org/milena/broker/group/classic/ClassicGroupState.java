package org.milena.broker.group.classic;

/** The life of a classic group; names as ListGroups and DescribeGroups show them. */
public enum ClassicGroupState {
    /** No members; lives as long as it has offsets. */
    EMPTY("Empty"),
    /** Waits for all members to join. */
    PREPARING_REBALANCE("PreparingRebalance"),
    /** Everybody joined; waits for the leader's assignment and for its commit. */
    COMPLETING_REBALANCE("CompletingRebalance"),
    STABLE("Stable"),
    /** Removed; a request that still holds it must look again. */
    DEAD("Dead");

    private final String kafkaName;

    ClassicGroupState(String kafkaName) {
        this.kafkaName = kafkaName;
    }

    @Override
    public String toString() {
        return kafkaName;
    }
}
