package org.milena.broker.replication;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.transaction.TransactionDurability;
import org.milena.broker.transaction.TransactionTopic;

/** Puts partitions that this broker leads on disk, by the group commit of their directories. */
public final class PartitionDurability implements TransactionDurability {

    private final ReplicaManager replicas;

    public PartitionDurability(ReplicaManager replicas) {
        this.replicas = replicas;
    }

    @Override
    public CompletableFuture<Void> secure(TopicPartition tp, long producerId, short producerEpoch) {
        CompletableFuture<Void> secured = new CompletableFuture<>();
        try {
            PartitionLog log = replicas.partition(tp.topic(), tp.partition()).log();
            checkOpen(log, producerId, producerEpoch);
            flush(log, secured);
        } catch (RuntimeException e) {
            secured.completeExceptionally(e);
        }
        return secured;
    }

    private static void checkOpen(PartitionLog log, long producerId, short producerEpoch) {
        try {
            log.checkTransaction(producerId, producerEpoch, null);
        } catch (InvalidTxnStateException | InvalidProducerEpochException e) {
            throw new InvalidTxnStateException("The transaction of producer " + producerId + " in epoch " + producerEpoch + " is not open in "
                    + log.topicPartition() + ": " + e.getMessage());
        }
    }

    @Override
    public CompletableFuture<Void> flushState(int partition) {
        CompletableFuture<Void> flushed = new CompletableFuture<>();
        try {
            flush(replicas.partition(TransactionTopic.NAME, partition).log(), flushed);
        } catch (RuntimeException e) {
            flushed.completeExceptionally(e);
        }
        return flushed;
    }

    private static void flush(PartitionLog log, CompletableFuture<Void> flushed) {
        long last = log.logEndOffset() - 1;
        log.directory().groupCommit().await(log, last, error -> {
            if (error == null) {
                flushed.complete(null);
            } else {
                flushed.completeExceptionally(error);
            }
        });
    }
}
