package org.milena.broker.transaction;

import static org.milena.broker.transaction.TransactionMetadata.EPOCH_BUMP;
import static org.milena.broker.transaction.TransactionMetadata.NO_EPOCH;
import static org.milena.broker.transaction.TransactionMetadata.NO_PRODUCER_ID;

import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;

/**
 * The state machine of one transactional id: what a request makes of its state. Pure functions of committed state; one that
 * returns the state it was given asks for no record: the answer is that all is done already. They throw the error that the
 * request is answered with, or {@link ProducerIdNeeded}.
 */
final class Transitions {

    private Transitions() {
    }

    /** The new producer id that was fetched beforehand ({@link TransactionMetadata#NO_PRODUCER_ID}: none) is needed, and is not there. */
    static final class ProducerIdNeeded extends RuntimeException {
        private static final long serialVersionUID = 1;
        private static final ProducerIdNeeded INSTANCE = new ProducerIdNeeded();

        private ProducerIdNeeded() {
            super("A new producer id is needed", null, false, false);
        }
    }

    /**
     * InitProducerId. An open transaction is aborted first: the state is then {@link TransactionState#PREPARE_ABORT}, and the client is
     * to come again.
     *
     * @param current         null for an id that is not known
     * @param expectedId      what the producer thinks it is (KIP-360), or -1
     * @param expectedEpoch   likewise
     * @param freshProducerId -1 for none
     */
    static TransactionMetadata initialise(TransactionMetadata current, int timeoutMs, long expectedId, short expectedEpoch,
                                          long freshProducerId, long nowMs) {
        if (current == null) {
            TransactionMetadata created = TransactionMetadata.created(needed(freshProducerId), timeoutMs, nowMs);
            return created.initialised(created.producerId(), (short) 0, NO_EPOCH, timeoutMs, nowMs);
        }
        if (isOthers(current)) {
            throw Errors.CONCURRENT_TRANSACTIONS.exception();
        }
        boolean resuming = expectedId != NO_PRODUCER_ID;
        // A retry whose first attempt used up the epochs of the producer id before names that one.
        if (resuming && expectedId != current.producerId()
                && !(expectedId == current.previousProducerId() && TransactionMetadata.isExhausted(expectedEpoch))) {
            throw Errors.PRODUCER_FENCED.exception();
        }
        if (current.state() == TransactionState.ONGOING) {
            return fence(current, freshProducerId, nowMs);
        }
        short epoch = current.producerEpoch();
        if (current.isEpochExhausted() && (!resuming || expectedEpoch == epoch)) {
            return current.initialised(needed(freshProducerId), (short) 0, resuming ? epoch : NO_EPOCH, timeoutMs, nowMs);
        }
        if (resuming && expectedEpoch != epoch) {
            if (expectedEpoch != current.lastProducerEpoch()) {
                throw Errors.PRODUCER_FENCED.exception();
            }
            // The answer to the first attempt was lost. Nobody else has come since: that would have made the last epoch -1.
            return current.initialised(current.producerId(), epoch, current.lastProducerEpoch(), timeoutMs, nowMs);
        }
        return current.initialised(current.producerId(), (short) (epoch + 1), resuming ? epoch : NO_EPOCH, timeoutMs, nowMs);
    }

    /** AddPartitionsToTxn, AddOffsetsToTxn, and the first records of a partition (transaction version 2). */
    static TransactionMetadata addPartitions(TransactionMetadata current, long producerId, short epoch, Set<TopicPartition> partitions,
                                             short transactionVersion, long nowMs) {
        check(verify(current, producerId, epoch));
        if (current.state() == TransactionState.ONGOING && current.partitions().containsAll(partitions)) {
            return current;
        }
        return current.withPartitions(partitions, transactionVersion, nowMs);
    }

    /** May this producer write in its transaction? NONE, or why not. */
    static Errors verify(TransactionMetadata current, long producerId, short epoch) {
        if (current == null || current.producerId() != producerId) {
            return Errors.INVALID_PRODUCER_ID_MAPPING;
        }
        if (current.producerEpoch() != epoch) {
            return Errors.PRODUCER_FENCED;
        }
        return isOthers(current) ? Errors.CONCURRENT_TRANSACTIONS : Errors.NONE;
    }

    /** The markers of a decision are on their way, or only a transaction manager may go on with this id (rules 15). */
    private static boolean isOthers(TransactionMetadata current) {
        return current.state().isDecided() || current.isBound();
    }

    /** EndTxn of any version. */
    static TransactionMetadata end(TransactionMetadata current, long producerId, short epoch, boolean commit, short transactionVersion,
                                   long freshProducerId, long nowMs) {
        if (current == null) {
            throw Errors.INVALID_PRODUCER_ID_MAPPING.exception();
        }
        return transactionVersion >= EPOCH_BUMP ? endWithBump(current, producerId, epoch, commit, transactionVersion, freshProducerId, nowMs)
                : endClassic(current, producerId, epoch, commit, transactionVersion, nowMs);
    }

    private static TransactionMetadata endClassic(TransactionMetadata current, long producerId, short epoch, boolean commit,
                                                  short transactionVersion, long nowMs) {
        check(verify(current, producerId, epoch));
        return switch (current.state()) {
            case ONGOING -> current.decided(commit, transactionVersion, NO_PRODUCER_ID, nowMs);
            case COMPLETE_COMMIT, COMPLETE_ABORT -> repeated(current, commit);
            default -> throw Errors.INVALID_TXN_STATE.exception();
        };
    }

    /**
     * Each transaction has its own epoch: the epoch before the current one is that of a retried request, the current one is that of
     * the transaction that begins now, and may be aborted before anything was added to it (KIP-890).
     */
    private static TransactionMetadata endWithBump(TransactionMetadata current, long producerId, short epoch, boolean commit,
                                                   short transactionVersion, long freshProducerId, long nowMs) {
        if (isOthers(current)) {
            throw Errors.CONCURRENT_TRANSACTIONS.exception();
        }
        boolean retriedOverflow = current.previousProducerId() == producerId && epoch == Short.MAX_VALUE - 1 && current.producerEpoch() == 0;
        if (current.producerId() != producerId && !retriedOverflow) {
            throw Errors.INVALID_PRODUCER_ID_MAPPING.exception();
        }
        boolean completed = current.state() == TransactionState.COMPLETE_COMMIT || current.state() == TransactionState.COMPLETE_ABORT;
        if (completed && (retriedOverflow || current.producerEpoch() == epoch + 1)) {
            return repeated(current, commit);
        }
        if (current.producerEpoch() != epoch) {
            throw Errors.PRODUCER_FENCED.exception();
        }
        if (commit && current.state() != TransactionState.ONGOING) {
            throw Errors.INVALID_TXN_STATE.exception();
        }
        return current.decided(commit, transactionVersion, nextProducerId(current, freshProducerId), nowMs);
    }

    /** What is done stays done; to ask for the opposite is an error. */
    private static TransactionMetadata repeated(TransactionMetadata current, boolean commit) {
        if (current.isCommit() != commit) {
            throw Errors.INVALID_TXN_STATE.exception();
        }
        return current;
    }

    /** Aborts an open transaction in its producer's place, whose epoch is worth nothing from then on. */
    static TransactionMetadata fence(TransactionMetadata current, long freshProducerId, long nowMs) {
        return current.decided(false, EPOCH_BUMP, nextProducerId(current, freshProducerId), nowMs);
    }

    private static long nextProducerId(TransactionMetadata current, long freshProducerId) {
        return current.isEpochExhausted() ? needed(freshProducerId) : NO_PRODUCER_ID;
    }

    static long needed(long freshProducerId) {
        if (freshProducerId == NO_PRODUCER_ID) {
            throw ProducerIdNeeded.INSTANCE;
        }
        return freshProducerId;
    }

    private static void check(Errors error) {
        if (error != Errors.NONE) {
            throw error.exception();
        }
    }
}
