package org.milena.broker.coordinator;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;

/**
 * The internal topic as a coordinator sees it: it appends to the end and reads everything once, at election.
 * No method blocks; callbacks come from any thread, exactly once, and hand over to the coordinator's executor at once.
 */
public interface CoordinatorLog {

    /** What became of an append. */
    interface AppendCallback {
        /**
         * @param lastOffset offset of the last record, when {@code error} is null: the records are committed then
         *                   (replicated to the ISR, and on disk where the topic demands it)
         * @param error      null, or why the outcome is a failure or unknown; the coordinator then drops its state and loads again.
         *                   Only {@link org.apache.kafka.common.errors.NotEnoughReplicasException} promises that nothing was appended
         *                   (the disk is almost full, or too few replicas are in sync); the coordinator then keeps its state and tries again
         */
        void completed(long lastOffset, Throwable error);
    }

    /**
     * Appends one or more record batches and calls back once they are committed. Appends to one partition keep their order.
     * Refused with {@link org.apache.kafka.common.errors.NotLeaderOrFollowerException} when {@code leaderEpoch} is not the current one.
     *
     * @param batches position..limit; a heap buffer that now belongs to the log
     */
    void append(int partition, int leaderEpoch, ByteBuffer batches, AppendCallback callback);

    /**
     * The same for records of a producer's transaction.
     *
     * @param guard see {@link org.milena.broker.log.PartitionLog#expectTransaction}
     */
    default void append(int partition, int leaderEpoch, ByteBuffer batches, TransactionGuard guard, AppendCallback callback) {
        throw noTransactions();
    }

    /** Appends the marker that ends a transaction. A refusal ({@code error} is an ApiException) has changed nothing. */
    default void endTransaction(int partition, int leaderEpoch, TransactionEnd end, AppendCallback callback) {
        throw noTransactions();
    }

    /** Calls back with null once all that was appended before is on disk, or with the error. */
    default void flush(int partition, Consumer<Throwable> done) {
        throw noTransactions();
    }

    /** {@link org.milena.broker.log.PartitionLog#expectTransaction}, for records without sequence numbers. */
    default TransactionGuard expectTransaction(int partition, long producerId, short producerEpoch, boolean epochRises) {
        throw noTransactions();
    }

    /** {@link org.milena.broker.log.PartitionLog#checkTransaction}. */
    default void checkTransaction(int partition, long producerId, short producerEpoch, TransactionGuard guard) {
        throw noTransactions();
    }

    private static UnsupportedOperationException noTransactions() {
        return new UnsupportedOperationException("This log takes no records of clients' transactions");
    }

    /**
     * Hands every batch from the log start to the log end at election to {@code batches}, in order, one call after the other, and
     * calls {@code done} (null, or the error) once the high watermark has reached that end (rules 12): nothing uncommitted is handed over.
     *
     * @param batches gets position..limit of whole batches, data and control; valid only during the call. An exception it throws ends
     *                the load and comes back through {@code done}
     */
    void load(int partition, int leaderEpoch, Consumer<ByteBuffer> batches, Consumer<Throwable> done);

    /** True while this broker leads the partition in that epoch, as far as it may know: asked before a read-only answer leaves (rules 12). */
    boolean confirms(int partition, int leaderEpoch);

    /** The largest batch that an append accepts, bytes ({@code max.message.bytes} of the internal topic). */
    int maxBatchBytes();
}
