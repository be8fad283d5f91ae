package org.milena.broker.replication;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.transaction.TransactionMarkers;

/**
 * Writes the markers that end transactions into the partitions this broker leads. Those of the offsets topic go through the group
 * coordinator, which applies or drops the offsets.
 */
public final class PartitionMarkers implements TransactionMarkers {

    private static final Logger LOG = System.getLogger(PartitionMarkers.class.getName());

    private final ReplicaManager replicas;
    private final String offsetsTopic;
    private final TransactionMarkers offsets;

    /** @param offsets takes the partitions of {@code offsetsTopic} */
    public PartitionMarkers(ReplicaManager replicas, String offsetsTopic, TransactionMarkers offsets) {
        this.replicas = replicas;
        this.offsetsTopic = offsetsTopic;
        this.offsets = offsets;
    }

    @Override
    public CompletableFuture<Void> write(TopicPartition tp, long producerId, short producerEpoch, int coordinatorEpoch, boolean commit,
                                         short transactionVersion, boolean flushed) {
        CompletableFuture<Void> written = new CompletableFuture<>();
        TransactionEnd end = new TransactionEnd(producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion);
        try {
            Partition partition = replicas.partition(tp.topic(), tp.partition());
            if (tp.topic().equals(offsetsTopic)) {
                return offsets.write(tp, producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion, flushed);
            }
            partition.execute(() -> write(partition, end, flushed, written));
        } catch (ApiException e) {
            written.completeExceptionally(e);
        } catch (RejectedExecutionException e) {
            written.completeExceptionally(new KafkaStorageException("The log directory of " + tp + " is closing", e));
        }
        return written;
    }

    private static void write(Partition partition, TransactionEnd end, boolean flushed, CompletableFuture<Void> written) {
        try {
            partition.endTransaction(end, flushed, error -> {
                if (error == null) {
                    written.complete(null);
                } else {
                    written.completeExceptionally(error);
                }
            });
        } catch (ApiException e) {
            written.completeExceptionally(e);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "The marker of producer " + end.producerId() + " in " + partition.topicPartition() + " failed", e);
            written.completeExceptionally(e);
        }
    }
}
