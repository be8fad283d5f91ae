package org.milena.broker.api;

import java.time.Instant;
import java.util.List;

/**
 * A branch of an XA transaction that waits for its transaction manager.
 *
 * @param xid           as logs and tools write it: format, global id and qualifier in hexadecimal digits, with colons between
 * @param producerEpoch of its records
 * @param partitions    those it holds back, as topic-partition
 */
public record WaitingBranch(String xid, String resourceManager, String transactionalId, long producerId, short producerEpoch, Instant preparedAt,
                            State state, List<String> partitions) {

    public WaitingBranch {
        partitions = List.copyOf(partitions);
    }

    /** Whether the decision is still to be taken, or an operator took it. */
    public enum State { IN_DOUBT, COMMITTED, ROLLED_BACK }
}
