package org.milena.broker.log.validate;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.broker.log.LogConfig;

/**
 * What a topic demands of every record, fed record by record by a walker. Reused from batch to batch; a record without
 * fault costs no allocation.
 */
final class RecordCheck {
    private TopicPartition partition;
    private boolean keyRequired;
    private boolean checkTimestamps;
    private long baseTimestamp;
    private long nowMs;
    private long beforeMaxMs;
    private long afterMaxMs;
    private long maxTimestamp;
    private boolean timestampFault;
    private Map<Integer, String> errors;
    private int faults;

    void begin(TopicPartition partition, LogConfig config, BatchCursor batch, long nowMs) {
        this.partition = partition;
        this.keyRequired = config.cleanupCompact();
        this.checkTimestamps = config.timestampType() == TimestampType.CREATE_TIME;
        this.baseTimestamp = batch.baseTimestamp();
        this.nowMs = nowMs;
        this.beforeMaxMs = config.timestampBeforeMaxMs();
        this.afterMaxMs = config.timestampAfterMaxMs();
        this.maxTimestamp = RecordBatch.NO_TIMESTAMP;
        this.timestampFault = false;
        this.errors = null;
        this.faults = 0;
    }

    /** @throws InvalidRecordException when offsets within the batch are not dense */
    void record(int index, long timestampDelta, int offsetDelta, boolean hasKey) {
        if (offsetDelta != index) {
            throw new InvalidRecordException("Record " + index + " of the batch has offset delta " + offsetDelta
                + " in topic partition " + partition + "; offsets within a batch must be consecutive from 0");
        }
        long timestamp = baseTimestamp + timestampDelta;
        if (timestamp > maxTimestamp) {
            maxTimestamp = timestamp;
        }
        if (keyRequired && !hasKey) {
            fault(index, "Compacted topic cannot accept message without key in topic partition " + partition);
        } else if (checkTimestamps && timestamp != RecordBatch.NO_TIMESTAMP && outOfRange(timestamp)) {
            timestampFault = true;
            fault(index, "Timestamp " + timestamp + " of message with offset " + offsetDelta + " is out of range. The "
                + "timestamp should be within [" + (nowMs - beforeMaxMs) + ", " + (nowMs + afterMaxMs) + "]");
        }
    }

    private boolean outOfRange(long timestamp) {
        long age = nowMs - timestamp;
        return age > beforeMaxMs || -age > afterMaxMs;
    }

    private void fault(int index, String message) {
        faults++;
        if (errors == null) {
            errors = new LinkedHashMap<>();
        }
        if (errors.size() < RejectedRecords.LIMIT) {
            errors.put(index, message);
        }
    }

    /** Largest timestamp of the records, -1 when none has one. */
    long maxTimestamp() {
        return maxTimestamp;
    }

    /** Call after the last record. Kafka's rule: one bad timestamp makes it an INVALID_TIMESTAMP for the whole batch. */
    void throwIfFaulty() {
        if (errors == null) {
            return;
        }
        if (timestampFault) {
            throw new RejectedRecords.Timestamps("One or more records have been rejected due to invalid timestamp", errors);
        }
        throw new RejectedRecords.Invalid("One or more records have been rejected due to " + faults
            + " record errors in total, and only showing the first three errors at most: "
            + errors.entrySet().stream().limit(3).toList(), errors);
    }
}
