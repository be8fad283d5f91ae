package org.milena.broker.transaction;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;

/** Puts on disk what a vote or a decision rests on (rules 13). Methods never block; many callers share one fsync. */
public interface TransactionDurability {

    /**
     * Lets no more records into a transaction in one partition, and puts those that are there on disk. Again is harmless.
     *
     * @return what the partition holds of the transaction, once that is on disk. Exceptionally: UnknownTopicOrPartition or InvalidTxnState when
     *         the transaction's records are not there (the topic was deleted, or somebody wrote a marker), or when its offsets are not the
     *         only ones that are pending (rules 18): it cannot be committed any more; anything else: try again
     */
    CompletableFuture<Set<BranchContent>> secure(TopicPartition partition, long producerId, short producerEpoch);

    /** Puts all records that a partition of {@code __transaction_state} holds now on disk; exceptionally: that is not known. */
    CompletableFuture<Void> flushState(int partition);
}
