package org.milena.broker.log.validate;

import java.nio.ByteBuffer;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * What a log needs to know of batches that passed. Belongs to its validator and is overwritten by the validator's next
 * {@code validate}; so is the buffer behind {@link #records()} when the batch was recompressed.
 */
public final class ValidationResult {
    private final BatchCursor batches = new BatchCursor();
    private ByteBuffer records;
    private boolean recompressed;
    private long firstOffset;
    private long lastOffset;
    private long maxTimestamp;
    private long offsetOfMaxTimestamp;
    private long logAppendTime;
    private long recordCount;

    ValidationResult() {
    }

    void begin() {
        records = null;
        recompressed = false;
        firstOffset = -1;
        lastOffset = -1;
        maxTimestamp = RecordBatch.NO_TIMESTAMP;
        offsetOfMaxTimestamp = -1;
        logAppendTime = RecordBatch.NO_TIMESTAMP;
        recordCount = 0;
    }

    void add(long baseOffset, long batchLastOffset, long batchMaxTimestamp, int count) {
        if (firstOffset < 0) {
            firstOffset = baseOffset;
        }
        lastOffset = batchLastOffset;
        recordCount += count;
        if (batchMaxTimestamp > maxTimestamp) {
            maxTimestamp = batchMaxTimestamp;
            offsetOfMaxTimestamp = batchLastOffset;
        }
    }

    void records(ByteBuffer validated, boolean isRecompressed) {
        records = validated;
        recompressed = isRecompressed;
    }

    void logAppendTime(long milliseconds) {
        logAppendTime = milliseconds;
    }

    /**
     * position..limit is exactly what goes to the file. The buffer that was handed in (bytes behind the last whole
     * batch cut off, as Kafka does), or the validator's own when {@link #recompressed()}.
     */
    public ByteBuffer records() {
        return records;
    }

    public boolean recompressed() {
        return recompressed;
    }

    public int sizeInBytes() {
        return records.remaining();
    }

    public long firstOffset() {
        return firstOffset;
    }

    public long lastOffset() {
        return lastOffset;
    }

    /** Largest timestamp in milliseconds, -1 when no record has one. */
    public long maxTimestamp() {
        return maxTimestamp;
    }

    /** Last offset of the first batch that holds the largest timestamp (what Kafka enters in the time index), or -1. */
    public long offsetOfMaxTimestamp() {
        return offsetOfMaxTimestamp;
    }

    /** The time given to all records in milliseconds, or -1 when the topic keeps the producer's. */
    public long logAppendTime() {
        return logAppendTime;
    }

    public long recordCount() {
        return recordCount;
    }

    /** Stands before the first batch of {@link #records()}: what producer state and epoch cache need. One cursor, reset at each call. */
    public BatchCursor batches() {
        return batches.reset(records);
    }
}
