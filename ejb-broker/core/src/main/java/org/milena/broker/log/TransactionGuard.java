package org.milena.broker.log;

/**
 * Stands for one question to the transaction coordinator, asked before the first records of a transaction enter a partition
 * (KIP-890). The log takes those records only together with the guard it gave out before the question; a marker that comes in
 * between makes the guard void, so that an answer about an ended transaction lets nothing in after its end.
 *
 * <p>Opaque to whoever carries it. Guarded by {@link ProducerStates}.
 */
public final class TransactionGuard {

    /** True when the producer's epoch rises with each transaction (transaction version 2). */
    final boolean epochRises;
    final long createdMs;
    short epoch;
    /** Of the batches that waited for an answer: none behind it may overtake it. */
    int lowestSequence;

    TransactionGuard(short epoch, int sequence, boolean epochRises, long createdMs) {
        this.epoch = epoch;
        this.lowestSequence = sequence;
        this.epochRises = epochRises;
        this.createdMs = createdMs;
    }

    /** One more batch waits under this guard. */
    void covers(short batchEpoch, int sequence) {
        if (batchEpoch > epoch) {
            epoch = batchEpoch;
            lowestSequence = sequence;
        } else if (batchEpoch == epoch && sequence < lowestSequence) {
            lowestSequence = sequence;
        }
    }
}
