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
 * @param ifUnconfirmed      only what {@link PartitionLog#unconfirmedTransactions} lists at that moment
 */
public record TransactionEnd(long producerId, short producerEpoch, int coordinatorEpoch, boolean commit, short transactionVersion, boolean ifUnconfirmed) {

    static final short EPOCH_RISES = 2;

    public TransactionEnd(long producerId, short producerEpoch, int coordinatorEpoch, boolean commit, short transactionVersion) {
        this(producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion, false);
    }

    /** Of what hangs in a log, unless it is confirmed or ended meanwhile. The epoch is the next: nothing of its producer's that comes late enters any more. */
    public static TransactionEnd of(UnconfirmedTransaction hanging, boolean commit) {
        short epoch = hanging.producerEpoch() == Short.MAX_VALUE ? Short.MAX_VALUE : (short) (hanging.producerEpoch() + 1);
        return new TransactionEnd(hanging.producerId(), epoch, Math.max(0, hanging.coordinatorEpoch()), commit, EPOCH_RISES, true);
    }

    /** The control batch, without its place in the log. */
    ByteBuffer marker(long timestampMs) {
        ControlRecordType type = commit ? ControlRecordType.COMMIT : ControlRecordType.ABORT;
        return MemoryRecords.withEndTransactionMarker(timestampMs, producerId, producerEpoch,
                new EndTransactionMarker(type, coordinatorEpoch)).buffer();
    }

    /** Of the records that it ends. */
    boolean ends(short epoch) {
        return epoch == producerEpoch - 1 || epoch == Short.MAX_VALUE && producerEpoch == Short.MAX_VALUE;
    }

    boolean epochRises() {
        return transactionVersion >= EPOCH_RISES;
    }
}
