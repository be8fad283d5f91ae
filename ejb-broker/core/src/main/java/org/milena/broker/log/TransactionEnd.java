package org.milena.broker.log;

import java.nio.ByteBuffer;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * How a producer's transaction ends in a partition: what its marker says.
 *
 * @param coordinatorEpoch   a marker of an older one is refused
 * @param transactionVersion 2: the marker's epoch must be newer than that of the records it ends, or be the same marker again
 *                           (KIP-890, KIP-1228)
 */
public record TransactionEnd(long producerId, short producerEpoch, int coordinatorEpoch, boolean commit, short transactionVersion) {

    static final short EPOCH_RISES = 2;

    /** The control batch, without its place in the log. */
    ByteBuffer marker(long timestampMs) {
        ControlRecordType type = commit ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
        return MemoryRecords.withEndTransactionMarker(timestampMs, producerId, producerEpoch,
                new EndTransactionMarker(type, coordinatorEpoch)).buffer();
    }

    boolean epochRises() {
        return transactionVersion >= EPOCH_RISES;
    }
}
