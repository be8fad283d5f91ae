package org.milena.broker.replication;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.transaction.HangingTransactions;
import org.milena.broker.transaction.HangingTransactions.Unconfirmed;
import org.milena.broker.transaction.TransactionMarkers;

/**
 * Writes the markers that end transactions into the partitions this broker leads. Those of the offsets topic go through the group
 * coordinator, which applies or drops the offsets.
 */
public final class PartitionMarkers implements TransactionMarkers, HangingTransactions.Partitions {

    /** Where the markers of the offsets topic go to. */
    public interface OffsetMarkers {

        /** See {@link TransactionMarkers#write}. */
        CompletableFuture<Void> write(int partition, TransactionEnd end, boolean flushed);
    }

    private static final Logger LOG = System.getLogger(PartitionMarkers.class.getName());

    private final ReplicaManager replicas;
    private final TransactionPartitions partitions;
    private final String offsetsTopic;
    private final OffsetMarkers offsets;

    /** @param offsets takes the partitions of {@code offsetsTopic} */
    public PartitionMarkers(ReplicaManager replicas, Supplier<MetadataImage> metadata, String offsetsTopic, OffsetMarkers offsets) {
        this.replicas = replicas;
        this.partitions = new TransactionPartitions(replicas, metadata);
        this.offsetsTopic = offsetsTopic;
        this.offsets = offsets;
    }

    @Override
    public CompletableFuture<Void> write(TopicPartition tp, long producerId, short producerEpoch, int coordinatorEpoch, boolean commit,
                                         short transactionVersion, boolean flushed) {
        return write(tp, new TransactionEnd(producerId, producerEpoch, coordinatorEpoch, commit, transactionVersion), flushed);
    }

    @Override
    public List<Unconfirmed> unconfirmed() {
        List<Unconfirmed> all = new ArrayList<>();
        for (Partition partition : replicas.partitions()) {
            if (partition.online()) {
                partition.log().unconfirmedTransactions().forEach(each ->
                        all.add(new Unconfirmed(partition.topicPartition(), each.producerId(), each.producerEpoch())));
            }
        }
        return all;
    }

    @Override
    public CompletableFuture<Void> end(Unconfirmed hanging, boolean commit) {
        TopicPartition tp = hanging.partition();
        try {
            return replicas.partition(tp.topic(), tp.partition()).log().unconfirmedTransactions().stream()
                    .filter(each -> each.producerId() == hanging.producerId() && each.producerEpoch() == hanging.producerEpoch()).findAny()
                    .map(each -> write(tp, TransactionEnd.of(each, commit), true)).orElseGet(() ->
                            CompletableFuture.failedFuture(new InvalidTxnStateException("It hangs no more in " + tp)));
        } catch (ApiException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Void> write(TopicPartition tp, TransactionEnd end, boolean flushed) {
        CompletableFuture<Void> written = new CompletableFuture<>();
        try {
            Partition partition = partitions.partition(tp);
            if (tp.topic().equals(offsetsTopic)) {
                return offsets.write(tp.partition(), end, flushed);
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
