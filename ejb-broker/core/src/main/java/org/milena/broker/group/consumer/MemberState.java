package org.milena.broker.group.consumer;

/** Where a member stands on its way to its target assignment; see {@link Reconciler}. */
enum MemberState {
    /** The member has exactly its target. */
    STABLE(0),
    /** The member has to give partitions up before it may enter the next epoch. */
    UNREVOKED_PARTITIONS(1),
    /** The member is in the target's epoch and waits for partitions that others still hold. */
    UNRELEASED_PARTITIONS(2),
    /** Written by a newer broker. */
    UNKNOWN(127);

    private final byte id;

    MemberState(int id) {
        this.id = (byte) id;
    }

    byte id() {
        return id;
    }

    static MemberState of(byte id) {
        for (MemberState state : values()) {
            if (state.id == id) {
                return state;
            }
        }
        return UNKNOWN;
    }
}
