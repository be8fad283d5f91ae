package org.milena.broker.replication;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.TransactionDurability;
import org.milena.broker.transaction.TransactionTopic;

/** Puts partitions that this broker leads on disk, by the group commit of their directories. */
public final class PartitionDurability implements TransactionDurability {

    /** Lets no more offsets into a transaction in a partition of the offsets topic, and nobody else near those that are there (rules 18). */
    @FunctionalInterface
    public interface OffsetSeal {
        CompletableFuture<Set<BranchContent>> seal(int partition, long producerId, short producerEpoch);
    }

    private final TransactionPartitions partitions;
    private final String offsetsTopic;
    private final OffsetSeal offsets;

    /** @param offsets takes the partitions of {@code offsetsTopic}: their only writer is the group coordinator */
    public PartitionDurability(ReplicaManager replicas, Supplier<MetadataImage> metadata, String offsetsTopic, OffsetSeal offsets) {
        this.partitions = new TransactionPartitions(replicas, metadata);
        this.offsetsTopic = offsetsTopic;
        this.offsets = offsets;
    }

    @Override
    public CompletableFuture<Set<BranchContent>> secure(TopicPartition tp, long producerId, short producerEpoch) {
        CompletableFuture<Set<BranchContent>> secured = new CompletableFuture<>();
        try {
            Partition partition = partitions.partition(tp);
            if (tp.topic().equals(offsetsTopic)) {
                return offsets.seal(tp.partition(), producerId, producerEpoch).exceptionally(PartitionDurability::lost)
                        .thenCompose(sealed -> flush(partition.log()).thenApply(flushed -> sealed));
            }
            PartitionLog log = partition.log();
            int[] last = new int[1]; // the flusher's thread calls both
            log.directory().groupCommit().await(log, () -> last[0] = log.sealTransaction(producerId, producerEpoch), error ->
                    complete(secured, Set.of(new BranchContent.Records(partition.topicId(), tp.partition(), last[0])), error));
        } catch (RuntimeException e) {
            secured.completeExceptionally(e);
        }
        return secured;
    }

    private static <T> void complete(CompletableFuture<T> future, T value, Throwable error) {
        if (error == null) {
            future.complete(value);
        } else {
            future.completeExceptionally(error);
        }
    }

    /** A producer that went on in a newer epoch has no transaction open here either; and one beside another's offsets must not be committed. */
    private static Set<BranchContent> lost(Throwable error) {
        Throwable cause = Errors.maybeUnwrapException(error);
        boolean lost = cause instanceof InvalidProducerEpochException || cause instanceof UnstableOffsetCommitException;
        throw new CompletionException(lost ? new InvalidTxnStateException(cause.getMessage()) : cause);
    }

    @Override
    public CompletableFuture<Void> flushState(int partition) {
        try {
            return flush(partitions.partition(new TopicPartition(TransactionTopic.NAME, partition)).log());
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** All that the log holds now; exceptionally: that is not known. */
    static CompletableFuture<Void> flush(PartitionLog log) {
        CompletableFuture<Void> flushed = new CompletableFuture<>();
        flush(log, flushed);
        return flushed;
    }

    private static void flush(PartitionLog log, CompletableFuture<Void> flushed) {
        long last = log.logEndOffset() - 1;
        if (last < log.recoveryPoint()) {
            flushed.complete(null); // with what others have had flushed
            return;
        }
        log.directory().groupCommit().await(log, last, error -> complete(flushed, null, error));
    }
}
