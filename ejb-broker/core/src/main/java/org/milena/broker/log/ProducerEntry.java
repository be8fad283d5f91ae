package org.milena.broker.log;

import org.apache.kafka.common.record.internal.DefaultRecordBatch;

/** What a log knows of one producer id: its epoch, its last five batches and its open transaction. Guarded by {@link ProducerStates}. */
final class ProducerEntry {

    /** Producers keep up to five requests in flight. */
    static final int BATCHES = 5;
    static final int NO_SEQUENCE = -1;
    static final short NO_EPOCH = -1;
    static final long NO_TRANSACTION = -1;

    /** A batch that is in the log already. */
    record Batch(long firstOffset, long lastOffset, long timestamp) {
    }

    final long producerId;
    short epoch = NO_EPOCH;
    int coordinatorEpoch = -1;
    long lastTimestamp = -1;
    long transactionStart = NO_TRANSACTION;
    /** No more records enter the open transaction. */
    boolean sealed;
    /** The open transaction is older than what is known here in memory: only its coordinator knows whether it takes more records. */
    boolean unconfirmed;
    private final int[] lastSequence = new int[BATCHES];
    private final long[] lastOffset = new long[BATCHES];
    private final int[] offsetDelta = new int[BATCHES];
    private final long[] timestamp = new long[BATCHES];
    private int count;
    private int newest = -1;

    ProducerEntry(long producerId) {
        this.producerId = producerId;
    }

    boolean inTransaction() {
        return transactionStart >= 0;
    }

    boolean hasBatches() {
        return count > 0;
    }

    int lastSequence() {
        return count == 0 ? NO_SEQUENCE : lastSequence[newest];
    }

    long lastDataOffset() {
        return count == 0 ? -1 : lastOffset[newest];
    }

    int lastOffsetDelta() {
        return count == 0 ? 0 : offsetDelta[newest];
    }

    /** A new epoch starts its sequence numbers anew. */
    void enterEpoch(short next) {
        if (epoch != next) {
            epoch = next;
            count = 0;
        }
    }

    void addBatch(int sequence, long offset, int delta, long time) {
        newest = (newest + 1) % BATCHES;
        lastSequence[newest] = sequence;
        lastOffset[newest] = offset;
        offsetDelta[newest] = delta;
        timestamp[newest] = time;
        count = Math.min(BATCHES, count + 1);
        lastTimestamp = time;
    }

    /** The same batch among the last five, or null. */
    Batch duplicate(short batchEpoch, int firstSequence, int finalSequence) {
        if (batchEpoch != epoch) {
            return null;
        }
        for (int i = 0; i < count; i++) {
            int slot = Math.floorMod(newest - i, BATCHES);
            if (lastSequence[slot] == finalSequence
                    && DefaultRecordBatch.decrementSequence(lastSequence[slot], offsetDelta[slot]) == firstSequence) {
                return new Batch(lastOffset[slot] - offsetDelta[slot], lastOffset[slot], timestamp[slot]);
            }
        }
        return null;
    }
}
