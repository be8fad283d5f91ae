package org.milena.broker.transaction;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.TopicPartition;

/**
 * All that is known of a transactional id. Immutable; every change is a new value, and a record of {@code __transaction_state}.
 * Names are Kafka's.
 *
 * @param previousProducerId       the producer id before the last change, or -1
 * @param nextProducerId           what the producer id becomes with the end of this transaction, its epochs being used up; or -1
 * @param producerEpoch            -1 before the first InitProducerId is answered
 * @param lastProducerEpoch        the epoch before, for retried requests; -1 when there is none, or after a reload: it is not in the log
 * @param partitions               of the current transaction
 * @param startTimeMs              of the current or last transaction; -1 before the first
 * @param lastUpdateTimeMs         when a client or the coordinator last changed it
 * @param clientTransactionVersion of the client that began or ended the transaction; from {@value #EPOCH_BUMP} on each has its own epoch
 * @param branch                   of a distributed transaction, prepared or ended; or null
 */
public record TransactionMetadata(long producerId, long previousProducerId, long nextProducerId, short producerEpoch,
                                  short lastProducerEpoch, int timeoutMs, TransactionState state, Set<TopicPartition> partitions,
                                  long startTimeMs, long lastUpdateTimeMs, short clientTransactionVersion, Branch branch) {

    static final long NO_PRODUCER_ID = -1;
    static final short NO_EPOCH = -1;

    /** The transaction version in which every transaction has its own producer epoch (KIP-890). */
    static final short EPOCH_BUMP = 2;

    public TransactionMetadata {
        // In order: what is done for one after the other is done in the same order by every JVM, so that simulations repeat.
        partitions = partitions.size() < 2 ? Set.copyOf(partitions) : Collections.unmodifiableSet(sorted(partitions));
    }

    private static Set<TopicPartition> sorted(Set<TopicPartition> partitions) {
        Set<TopicPartition> sorted = new TreeSet<>(Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition));
        sorted.addAll(partitions);
        return sorted;
    }

    /** Of no distributed transaction. */
    TransactionMetadata(long producerId, long previousProducerId, long nextProducerId, short producerEpoch, short lastProducerEpoch,
                        int timeoutMs, TransactionState state, Set<TopicPartition> partitions, long startTimeMs, long lastUpdateTimeMs,
                        short clientTransactionVersion) {
        this(producerId, previousProducerId, nextProducerId, producerEpoch, lastProducerEpoch, timeoutMs, state, partitions, startTimeMs,
                lastUpdateTimeMs, clientTransactionVersion, null);
    }

    /** An id nobody has used yet, or that was forgotten. */
    static TransactionMetadata created(long producerId, int timeoutMs, long nowMs) {
        return new TransactionMetadata(producerId, NO_PRODUCER_ID, NO_PRODUCER_ID, NO_EPOCH, NO_EPOCH, timeoutMs, TransactionState.EMPTY,
                Set.of(), -1, nowMs, (short) 0);
    }

    // ---- changes

    /** InitProducerId: nobody but the holder of this producer id and epoch may go on. The outcome of the last branch may still be asked for. */
    TransactionMetadata initialised(long newProducerId, short epoch, short lastEpoch, int newTimeoutMs, long nowMs) {
        return to(TransactionState.EMPTY, newProducerId, nextProducerId, epoch, lastEpoch, newTimeoutMs, Set.of(), -1, nowMs,
                clientTransactionVersion, branch);
    }

    /** Begins a transaction, or lets the current one grow. */
    TransactionMetadata withPartitions(Set<TopicPartition> added, short transactionVersion, long nowMs) {
        Set<TopicPartition> all = new HashSet<>(partitions);
        all.addAll(added);
        return to(TransactionState.ONGOING, producerId, nextProducerId, producerEpoch, lastProducerEpoch, timeoutMs, all,
                state.isIdle() ? nowMs : startTimeMs, nowMs, transactionVersion, null);
    }

    /** The vote: from here on only the decision, or an operator's, ends the transaction (rules 15). */
    TransactionMetadata prepared(Branch voted, long nowMs) {
        return to(TransactionState.ONGOING, producerId, nextProducerId, producerEpoch, lastProducerEpoch, timeoutMs, partitions, startTimeMs,
                nowMs, EPOCH_BUMP, voted);
    }

    /** The decision on a branch, in the epoch that was kept back for it. */
    TransactionMetadata decided(Branch ended, long nowMs) {
        return to(ended.outcome().isCommit() ? TransactionState.PREPARE_COMMIT : TransactionState.PREPARE_ABORT, ended.producerId(),
                ended.nextProducerId(), ended.decisionEpoch(), producerEpoch, timeoutMs, partitions, state.isIdle() ? nowMs : startTimeMs,
                nowMs, EPOCH_BUMP, ended);
    }

    /** The transaction manager needs the outcome no more. */
    TransactionMetadata forgotten(long nowMs) {
        return new TransactionMetadata(producerId, previousProducerId, nextProducerId, producerEpoch, lastProducerEpoch, timeoutMs, state,
                partitions, startTimeMs, nowMs, clientTransactionVersion, null);
    }

    /**
     * The decision. From transaction version 2 on the epoch grows with it, so that the markers fence what comes late.
     *
     * @param next the producer id afterwards, when this one's epochs are used up; or -1
     */
    TransactionMetadata decided(boolean commit, short transactionVersion, long next, long nowMs) {
        boolean bump = transactionVersion >= EPOCH_BUMP;
        // The largest epoch is kept for this bump; a log in which it is used already can still be aborted.
        short epoch = bump && producerEpoch < Short.MAX_VALUE ? (short) (producerEpoch + 1) : producerEpoch;
        return to(commit ? TransactionState.PREPARE_COMMIT : TransactionState.PREPARE_ABORT, producerId, next, epoch,
                bump ? producerEpoch : lastProducerEpoch, timeoutMs, partitions, state.isIdle() ? nowMs : startTimeMs, nowMs, transactionVersion, null);
    }

    /** All markers are written. */
    TransactionMetadata completed(long nowMs) {
        boolean rotate = clientTransactionVersion >= EPOCH_BUMP && nextProducerId != NO_PRODUCER_ID;
        return to(isCommit() ? TransactionState.COMPLETE_COMMIT : TransactionState.COMPLETE_ABORT, rotate ? nextProducerId : producerId,
                NO_PRODUCER_ID, rotate ? 0 : producerEpoch, lastProducerEpoch, timeoutMs, Set.of(), startTimeMs, nowMs, clientTransactionVersion, branch);
    }

    private TransactionMetadata to(TransactionState next, long newProducerId, long newNextProducerId, short epoch, short lastEpoch,
                                   int newTimeoutMs, Set<TopicPartition> newPartitions, long newStartTimeMs, long nowMs, short version,
                                   Branch newBranch) {
        if (!next.mayFollow(state) || newProducerId < 0 || epoch < 0) {
            throw new IllegalStateException("Impossible change to " + next + " with producer id " + newProducerId + " and epoch " + epoch
                    + " of " + this);
        }
        return new TransactionMetadata(newProducerId, producerId, newNextProducerId, epoch, lastEpoch, newTimeoutMs, next, newPartitions,
                newStartTimeMs, nowMs, version, newBranch);
    }

    // ---- questions

    boolean isCommit() {
        return state == TransactionState.PREPARE_COMMIT || state == TransactionState.COMPLETE_COMMIT;
    }

    /** One epoch is always left to fence the producer with. */
    boolean isEpochExhausted() {
        return isExhausted(producerEpoch);
    }

    static boolean isExhausted(short epoch) {
        return epoch >= Short.MAX_VALUE - 1;
    }

    /** Promised to a transaction manager, and not decided. */
    public boolean isInDoubt() {
        return branch != null && branch.isInDoubt();
    }

    /** Clients' requests go on with this id only when its branch is over and known to be (rules 15). */
    boolean isBound() {
        return branch != null && branch.isBinding();
    }

    /** Kafka writes the largest timeout for producers of KIP-939, whose transactions only their owner ends. */
    boolean isTimedOut(long nowMs) {
        return state == TransactionState.ONGOING && branch == null && timeoutMs != Integer.MAX_VALUE && startTimeMs + timeoutMs < nowMs;
    }

    boolean isExpired(long nowMs, long expirationMs) {
        return state.isIdle() && !isBound() && lastUpdateTimeMs <= nowMs - expirationMs;
    }
}
