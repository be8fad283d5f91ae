package org.milena.broker.log;

/** Who appends: decides how much of a batch is checked. */
public enum AppendOrigin {
    /** A client's produce: everything is validated, offsets and epoch are assigned. */
    CLIENT,
    /** A coordinator of this broker writing to its internal topic: offsets and epoch are assigned. */
    COORDINATOR,
    /** The transaction coordinator's state: as {@link #COORDINATOR}, but a decision on what was voted may not be refused for space (rules 14). */
    TRANSACTION_STATE,
    /** The end of a transaction: nothing may refuse it for its size, for quotas or for space (rules 14). */
    TRANSACTION_MARKER,
    /** A leader's bytes on a follower: offsets and epoch are already there and must continue the log. */
    REPLICATION
}
