package org.milena.broker.log.validate;

import java.nio.ByteBuffer;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * A flyweight over consecutive version 2 record batches: {@link #next()} moves on, the accessors read the header of
 * the batch it stands on. Allocates nothing, never moves the buffer's position or limit. Not thread-safe.
 *
 * <p>It trusts the sizes it finds only as far as the buffer reaches: {@code next()} is false at the first batch that
 * is not whole. Everything else is for {@link RecordValidator} to check.
 */
public final class BatchCursor {
    /** Byte positions within a batch; the format is described in Kafka's "Message Format" chapter. */
    public static final int LENGTH_OFFSET = 8;
    public static final int LOG_OVERHEAD = 12;
    public static final int LEADER_EPOCH_OFFSET = 12;
    public static final int MAGIC_OFFSET = 16;
    public static final int CRC_OFFSET = 17;
    public static final int ATTRIBUTES_OFFSET = 21;
    public static final int LAST_OFFSET_DELTA_OFFSET = 23;
    public static final int BASE_TIMESTAMP_OFFSET = 27;
    public static final int MAX_TIMESTAMP_OFFSET = 35;
    public static final int PRODUCER_ID_OFFSET = 43;
    public static final int PRODUCER_EPOCH_OFFSET = 51;
    public static final int BASE_SEQUENCE_OFFSET = 53;
    public static final int COUNT_OFFSET = 57;
    /** Where the records begin: the size of an empty batch. */
    public static final int RECORDS_OFFSET = 61;

    public static final int COMPRESSION_MASK = 0x07;
    public static final int LOG_APPEND_TIME_FLAG = 0x08;
    public static final int TRANSACTIONAL_FLAG = 0x10;
    public static final int CONTROL_FLAG = 0x20;
    public static final int DELETE_HORIZON_FLAG = 0x40;

    private ByteBuffer buffer;
    private int start;
    private int size;
    private int end;

    /** Stands before the first batch in position..limit of {@code batches}. */
    public BatchCursor reset(ByteBuffer batches) {
        buffer = batches;
        start = batches.position();
        end = batches.limit();
        size = 0;
        return this;
    }

    /** Moves to the next batch; false when none is left or the rest is no whole batch. */
    public boolean next() {
        int following = start + size;
        if (end - following < RECORDS_OFFSET) {
            return false;
        }
        int length = buffer.getInt(following + LENGTH_OFFSET);
        if (length < RECORDS_OFFSET - LOG_OVERHEAD || length > end - following - LOG_OVERHEAD) {
            return false;
        }
        start = following;
        size = length + LOG_OVERHEAD;
        return true;
    }

    /** Index of the batch's first byte in the buffer. */
    public int position() {
        return start;
    }

    /** Bytes of the batch, header included. */
    public int sizeInBytes() {
        return size;
    }

    public long baseOffset() {
        return buffer.getLong(start);
    }

    public long lastOffset() {
        return baseOffset() + lastOffsetDelta();
    }

    public int lastOffsetDelta() {
        return buffer.getInt(start + LAST_OFFSET_DELTA_OFFSET);
    }

    public int partitionLeaderEpoch() {
        return buffer.getInt(start + LEADER_EPOCH_OFFSET);
    }

    public byte magic() {
        return buffer.get(start + MAGIC_OFFSET);
    }

    /** CRC32C over everything from the attributes on. */
    public int crc() {
        return buffer.getInt(start + CRC_OFFSET);
    }

    public int attributes() {
        return buffer.getShort(start + ATTRIBUTES_OFFSET);
    }

    /** Id of the codec: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 are unknown. */
    public int compression() {
        return attributes() & COMPRESSION_MASK;
    }

    public TimestampType timestampType() {
        return (attributes() & LOG_APPEND_TIME_FLAG) == 0 ? TimestampType.CREATE_TIME : TimestampType.LOG_APPEND_TIME;
    }

    public boolean isTransactional() {
        return (attributes() & TRANSACTIONAL_FLAG) != 0;
    }

    public boolean isControlBatch() {
        return (attributes() & CONTROL_FLAG) != 0;
    }

    /** KIP-534: the base timestamp is the time when tombstones and markers of this batch may go. */
    public boolean hasDeleteHorizon() {
        return (attributes() & DELETE_HORIZON_FLAG) != 0;
    }

    public long baseTimestamp() {
        return buffer.getLong(start + BASE_TIMESTAMP_OFFSET);
    }

    public long maxTimestamp() {
        return buffer.getLong(start + MAX_TIMESTAMP_OFFSET);
    }

    /** -1 when the producer is not idempotent. */
    public long producerId() {
        return buffer.getLong(start + PRODUCER_ID_OFFSET);
    }

    public boolean hasProducerId() {
        return producerId() != RecordBatch.NO_PRODUCER_ID;
    }

    public short producerEpoch() {
        return buffer.getShort(start + PRODUCER_EPOCH_OFFSET);
    }

    public int baseSequence() {
        return buffer.getInt(start + BASE_SEQUENCE_OFFSET);
    }

    /** Sequence of the last record, wrapped from the largest integer to 0; -1 without sequences. */
    public int lastSequence() {
        int base = baseSequence();
        return base == RecordBatch.NO_SEQUENCE ? base : (base + lastOffsetDelta()) & Integer.MAX_VALUE;
    }

    /** Records the header claims. */
    public int count() {
        return buffer.getInt(start + COUNT_OFFSET);
    }
}
