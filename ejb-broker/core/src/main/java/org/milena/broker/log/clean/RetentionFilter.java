package org.milena.broker.log.clean;

import java.util.Map;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * Decides batch by batch and record by record what survives a compaction. Rewriting batches, and stamping them with a
 * delete horizon when they hold tombstones or an obsolete marker (KIP-534), is kafka-clients' part.
 */
final class RetentionFilter extends MemoryRecords.RecordFilter {
    private final OffsetMap offsets;
    private final CleanedTransactions transactions;
    private final Map<Long, CleanableLog.LastRecord> activeProducers;
    private final long endOfRound;
    private boolean discardRecords;

    /** @param endOfRound the first offset that this cleaning does not read */
    RetentionFilter(OffsetMap offsets, CleanedTransactions transactions, Map<Long, CleanableLog.LastRecord> activeProducers,
                    long endOfRound, long nowMs, long deleteRetentionMs) {
        super(nowMs, deleteRetentionMs);
        this.offsets = offsets;
        this.transactions = transactions;
        this.activeProducers = activeProducers;
        this.endOfRound = endOfRound;
    }

    @Override
    protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
        boolean obsoleteMarker = false;
        if (batch.isControlBatch()) {
            obsoleteMarker = transactions.isObsolete(batch);
            discardRecords = obsoleteMarker && batch.deleteHorizonMs().isPresent() && batch.deleteHorizonMs().getAsLong() <= currentTime;
        } else {
            discardRecords = transactions.isAborted(batch);
        }
        return new BatchRetentionResult(retention(batch), obsoleteMarker);
    }

    private BatchRetention retention(RecordBatch batch) {
        // the last batch of the round keeps the end of the cleaned offsets visible in the files
        if (isLastOfActiveProducer(batch) || batch.nextOffset() == endOfRound) {
            return BatchRetention.RETAIN_EMPTY;
        }
        return discardRecords ? BatchRetention.DELETE : BatchRetention.DELETE_EMPTY;
    }

    /** It carries the producer's last sequence number, or after a transaction its epoch: without it duplicates and zombies would pass. */
    private boolean isLastOfActiveProducer(RecordBatch batch) {
        CleanableLog.LastRecord last = batch.hasProducerId() ? activeProducers.get(batch.producerId()) : null;
        if (last == null) {
            return false;
        }
        return last.lastDataOffset().isPresent()
            ? batch.lastOffset() == last.lastDataOffset().getAsLong()
            : batch.isControlBatch() && batch.producerEpoch() == last.producerEpoch();
    }

    @Override
    protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
        if (discardRecords) {
            return false;
        }
        if (batch.isControlBatch() || record.offset() > offsets.latestOffset()) {
            return true;
        }
        if (!record.hasKey()) {
            // from before the topic was compacted: it has no key to be the last of
            return false;
        }
        boolean newest = record.offset() >= offsets.get(record.key());
        boolean tombstoneDue = !record.hasValue() && batch.deleteHorizonMs().isPresent() && currentTime >= batch.deleteHorizonMs().getAsLong();
        return newest && !tombstoneDue;
    }

    /** Compaction writes new CRCs: what is damaged must be found before, or it would be made to look sound. */
    static void ensureIntact(RecordBatch batch, CleanableSegment segment, int position) {
        try {
            batch.ensureValid();
        } catch (CorruptRecordException e) {
            throw new CorruptRecordException("Damaged log segment " + segment.name() + " at position " + position + ": " + e.getMessage()
                + ". Nothing was changed and the partition is not compacted until it is repaired. Inspect it with: kafka-dump-log"
                + " --deep-iteration --files " + segment.name());
        }
    }
}
