package org.milena.broker.transaction;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;

/** Ends transactions in the partitions they touched, those of {@code __consumer_offsets} included. */
public interface TransactionMarkers {

    /**
     * Appends a commit or abort marker; never blocks.
     *
     * @param transactionVersion 2: the marker's epoch must be newer than that of the records it ends (KIP-890, KIP-1228)
     * @param flushed  complete only when the marker is on disk, as the decision of a prepared transaction asks for (rules 13)
     * @return completed once the marker is committed and, in {@code __consumer_offsets}, the pending offsets are applied or dropped.
     *         Exceptionally: UnknownTopicOrPartition when the partition was deleted (nothing is left to end);
     *         TransactionCoordinatorFenced when a newer coordinator wrote there; InvalidProducerEpoch when the producer went on in a newer
     *         epoch there (nothing of this transaction is left to end); anything else: try again.
     *         Writing the same marker again is harmless. Calls for one partition keep their order: a coordinator that loads its state again
     *         writes markers again, and with transaction versions 0 and 1 an old one must not come in behind the next transaction
     */
    CompletableFuture<Void> write(TopicPartition partition, long producerId, short producerEpoch, int coordinatorEpoch,
                                  boolean commit, short transactionVersion, boolean flushed);
}
