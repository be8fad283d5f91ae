package org.milena.broker.log;

/** Who appends: decides how much of a batch is checked. */
public enum AppendOrigin {
    /** A client's produce: everything is validated, offsets and epoch are assigned. */
    CLIENT,
    /** A coordinator of this broker writing to its internal topic: offsets and epoch are assigned. */
    COORDINATOR,
    /** A leader's bytes on a follower: offsets and epoch are already there and must continue the log. */
    REPLICATION
}
