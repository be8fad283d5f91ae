package org.milena.broker.log.validate;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.errors.UnsupportedForMessageFormatException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogConfig;

/**
 * Checks record batches before they are appended, and writes into them what the log decides: base offset, leader epoch,
 * and for LogAppendTime the timestamp. Kafka answers the same errors in the same order, with these differences, all
 * towards refusing: offset deltas must be dense in uncompressed batches too; a payload that can't be decompressed is
 * INVALID_RECORD instead of UNKNOWN_SERVER_ERROR; batches flagged LogAppendTime or with a delete horizon are never
 * accepted from clients; an unknown codec is UNSUPPORTED_COMPRESSION_TYPE.
 *
 * <p>Not thread-safe: one per thread, or borrowed from {@link RecordValidators}. Keeps its scratch memory. Allocates
 * nothing per record, and nothing per batch on the uncompressed path.
 */
public final class RecordValidator {
    private static final int CHUNK_BYTES = 16 * 1024;
    /** Smallest length field of any batch format; shorter than that the framing itself is broken. */
    private static final int MIN_LEGACY_LENGTH = 14;
    private static final CompressionType[] CODECS = {CompressionType.NONE, CompressionType.GZIP, CompressionType.SNAPPY,
        CompressionType.LZ4, CompressionType.ZSTD};

    private final BatchCursor batch = new BatchCursor();
    private final ValidationResult result = new ValidationResult();
    private final RecordCheck check = new RecordCheck();
    private final BufferRecordWalker bufferWalker = new BufferRecordWalker();
    private final byte[] chunk = new byte[CHUNK_BYTES];
    private final StreamRecordWalker streamWalker = new StreamRecordWalker(chunk);
    private final Recompressor recompressor = new Recompressor();
    private final BufferSupplier codecBuffers = BufferSupplier.create();
    private final CRC32C crc = new CRC32C();

    /**
     * @param batches     position..limit is what the client sent; modified in place only after every check has passed;
     *                    its limit is lowered when an unfinished batch trails the whole ones
     * @param leaderEpoch written into the batches (not for {@link AppendOrigin#REPLICATION})
     * @param nextOffset  the log end: offset of the first record; for replication the lowest that is acceptable
     * @param nowMs       milliseconds since the epoch: bounds timestamps, and is the timestamp for LogAppendTime
     * @return valid until the next call
     * @throws ApiException nothing but these, with Kafka's error code; {@link org.milena.broker.log.RecordErrors} where single records are at fault
     */
    public ValidationResult validate(TopicPartition partition, ByteBuffer batches, AppendOrigin origin, LogConfig config,
                                     int leaderEpoch, long nextOffset, long nowMs) {
        result.begin();
        if (origin == AppendOrigin.REPLICATION) {
            validateReplicated(partition, batches, nextOffset);
            return result;
        }
        frame(partition, batches);
        validateHeader(partition, batches, origin, config);
        CompressionType source = codec(partition);
        CompressionType target = targetCodec(config, source);
        check.begin(partition, config, batch, nowMs);
        ByteBuffer validated = source == target ? walkInPlace(batches, source) : walkAndRecompress(batches, source, target, config);
        assign(batches, validated, config, leaderEpoch, nextOffset, nowMs);
        result.records(validated, validated != batches);
        return result;
    }

    /** Puts {@code batch} on the one batch of a produce and cuts trailing bytes off. */
    private void frame(TopicPartition partition, ByteBuffer batches) {
        int start = batches.position();
        int size = wholeBatch(partition, batches, start);
        if (size == 0) {
            throw new InvalidRecordException("Produce requests must have at least one record batch per partition; found none in "
                + batches.remaining() + " bytes for topic partition " + partition);
        }
        if (batches.get(start + BatchCursor.MAGIC_OFFSET) != RecordBatch.MAGIC_VALUE_V2) {
            throw new InvalidRecordException("Produce requests are only allowed to contain record batches with magic version 2,"
                + " not " + batches.get(start + BatchCursor.MAGIC_OFFSET) + ", in topic partition " + partition);
        }
        if (wholeBatch(partition, batches, start + size) != 0) {
            throw new InvalidRecordException("Produce requests are only allowed to contain exactly one record batch per partition,"
                + " but there are more for topic partition " + partition);
        }
        batches.limit(start + size);
        if (!batch.reset(batches).next()) {
            throw new CorruptRecordException("Record batch for topic partition " + partition + " is corrupt (the size " + size
                + " is smaller than the minimum allowed overhead " + BatchCursor.RECORDS_OFFSET + ")");
        }
    }

    /** Size of the batch of whatever format that starts there; 0 when the bytes are too few for it. */
    private static int wholeBatch(TopicPartition partition, ByteBuffer batches, int start) {
        int available = batches.limit() - start;
        if (available < BatchCursor.LOG_OVERHEAD) {
            return 0;
        }
        int length = batches.getInt(start + BatchCursor.LENGTH_OFFSET);
        if (length < MIN_LEGACY_LENGTH) {
            throw new CorruptRecordException("Record size " + length + " is less than the minimum record overhead ("
                + MIN_LEGACY_LENGTH + ") in topic partition " + partition);
        }
        if (available <= BatchCursor.MAGIC_OFFSET) {
            return 0;
        }
        byte magic = batches.get(start + BatchCursor.MAGIC_OFFSET);
        if (magic < 0 || magic > RecordBatch.MAGIC_VALUE_V2) {
            throw new CorruptRecordException("Invalid magic found in record: " + magic + " in topic partition " + partition);
        }
        return length > available - BatchCursor.LOG_OVERHEAD ? 0 : length + BatchCursor.LOG_OVERHEAD;
    }

    private void validateHeader(TopicPartition partition, ByteBuffer batches, AppendOrigin origin, LogConfig config) {
        boolean client = origin == AppendOrigin.CLIENT;
        if (client && batch.baseOffset() != 0) {
            throw new InvalidRecordException("The baseOffset of the record batch in the append to " + partition
                + " should be 0, but it is " + batch.baseOffset());
        }
        // a marker must never be refused for its size: an undecided transaction would stay for ever
        if (batch.sizeInBytes() > config.maxMessageBytes() && origin != AppendOrigin.TRANSACTION_MARKER) {
            throw new RecordTooLargeException("The record batch size in the append to " + partition + " is "
                + batch.sizeInBytes() + " bytes which exceeds the maximum configured value of " + config.maxMessageBytes() + ".");
        }
        if (batch.isControlBatch() && (origin == AppendOrigin.COORDINATOR || origin == AppendOrigin.TRANSACTION_STATE)) {
            throw new InvalidRecordException("A coordinator's records in an append to " + partition + " are marked as control records");
        }
        ensureCrc(partition, batches);
        validateCounts(partition);
        if (client) {
            validateClientFlags(partition);
        }
    }

    private void validateCounts(TopicPartition partition) {
        long fromOffsets = batch.lastOffsetDelta() + 1L;
        if (fromOffsets <= 0) {
            throw new InvalidRecordException("Batch has an invalid offset range: [" + batch.baseOffset() + ", "
                + batch.lastOffset() + "] in topic partition " + partition);
        }
        int count = batch.count();
        if (count <= 0) {
            throw new InvalidRecordException("Invalid reported count for record batch: " + count + " in topic partition " + partition);
        }
        if (fromOffsets != count) {
            throw new InvalidRecordException("Inconsistent batch offset range [" + batch.baseOffset() + ", " + batch.lastOffset()
                + "] and count of records " + count + " in topic partition " + partition);
        }
    }

    private void validateClientFlags(TopicPartition partition) {
        if (batch.isControlBatch()) {
            throw new InvalidRecordException("Clients are not allowed to write control records in topic partition " + partition);
        }
        if (batch.hasProducerId() && batch.baseSequence() < 0) {
            throw new InvalidRecordException("Invalid sequence number " + batch.baseSequence() + " in record batch with producerId "
                + batch.producerId() + " in topic partition " + partition);
        }
        if (batch.isTransactional() && !batch.hasProducerId()) {
            throw new InvalidRecordException("Transactional record batch without producerId in topic partition " + partition);
        }
        if (batch.hasDeleteHorizon()) {
            throw new InvalidRecordException("Clients are not allowed to set a delete horizon in topic partition " + partition);
        }
        if (batch.timestampType() == TimestampType.LOG_APPEND_TIME) {
            throw new InvalidTimestampException("Invalid timestamp type in record batch for topic partition " + partition
                + ". Producer should not set timestamp type to LogAppendTime.");
        }
    }

    private CompressionType codec(TopicPartition partition) {
        int id = batch.compression();
        if (id >= CODECS.length) {
            throw new UnsupportedCompressionTypeException("Unknown compression type id " + id + " in topic partition " + partition);
        }
        return CODECS[id];
    }

    /** Kafka writes control batches as they come. */
    private CompressionType targetCodec(LogConfig config, CompressionType source) {
        String configured = config.compressionType();
        if (configured.equals("producer") || batch.isControlBatch()) {
            return source;
        }
        return configured.equals("uncompressed") ? CompressionType.NONE : CompressionType.forName(configured);
    }

    private ByteBuffer walkInPlace(ByteBuffer batches, CompressionType codec) {
        if (codec == CompressionType.NONE) {
            walkUncompressed(batches);
        } else {
            walkCompressed(batches, codec, null);
            check.throwIfFaulty();
        }
        return batches;
    }

    private void walkUncompressed(ByteBuffer batches) {
        int from = batch.position() + BatchCursor.RECORDS_OFFSET;
        bufferWalker.walk(batches, from, batch.position() + batch.sizeInBytes(), batch.count(), check);
        check.throwIfFaulty();
    }

    private void walkCompressed(ByteBuffer batches, CompressionType codec, OutputStream copy) {
        int from = batch.position() + BatchCursor.RECORDS_OFFSET;
        int to = batch.position() + batch.sizeInBytes();
        if (codec == CompressionType.SNAPPY) {
            SnappyFraming.check(batches, from, to);
        }
        ByteBuffer payload = batches.duplicate().limit(to).position(from);
        try (InputStream in = Compression.of(codec).build().wrapForInput(payload, RecordBatch.MAGIC_VALUE_V2, codecBuffers)) {
            streamWalker.walk(in, batch.count(), check, copy);
        } catch (ApiException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw undecodable(codec, e);
        } catch (Error e) {
            // snappy-java reports damaged input by an Error of its own
            if (e instanceof VirtualMachineError || e instanceof LinkageError) {
                throw e;
            }
            throw undecodable(codec, e);
        }
    }

    private static InvalidRecordException undecodable(CompressionType codec, Throwable cause) {
        return new InvalidRecordException("Failed to decompress record stream (" + codec.name + "): " + cause.getMessage(), cause);
    }

    private ByteBuffer walkAndRecompress(ByteBuffer batches, CompressionType source, CompressionType target, LogConfig config) {
        try (Recompressor out = recompressor) {
            if (source == CompressionType.NONE) {
                walkUncompressed(batches);
                out.begin(target, config, config.maxMessageBytes());
                copyRecords(batches, out);
            } else {
                out.begin(target, config, config.maxMessageBytes());
                walkCompressed(batches, source, out);
                check.throwIfFaulty();
            }
            return out.finish(batches, batch.position());
        } catch (IOException e) {
            throw new InvalidRecordException("Failed to recompress record stream (" + target.name + "): " + e.getMessage(), e);
        }
    }

    private void copyRecords(ByteBuffer batches, OutputStream out) throws IOException {
        int position = batch.position() + BatchCursor.RECORDS_OFFSET;
        int end = batch.position() + batch.sizeInBytes();
        while (position < end) {
            int length = Math.min(chunk.length, end - position);
            batches.get(position, chunk, 0, length);
            out.write(chunk, 0, length);
            position += length;
        }
    }

    /** From here on nothing fails: offset and epoch lie outside the CRC, which is computed again only if something else changed. */
    private void assign(ByteBuffer source, ByteBuffer validated, LogConfig config, int leaderEpoch, long nextOffset, long nowMs) {
        boolean appendTime = config.timestampType() == TimestampType.LOG_APPEND_TIME;
        long maxTimestamp = appendTime ? nowMs : check.maxTimestamp();
        batch.reset(validated).next();
        int start = batch.position();
        long lastOffset = nextOffset + batch.lastOffsetDelta();
        validated.putLong(start, nextOffset);
        validated.putInt(start + BatchCursor.LEADER_EPOCH_OFFSET, leaderEpoch);
        int attributes = appendTime ? batch.attributes() | BatchCursor.LOG_APPEND_TIME_FLAG
            : batch.attributes() & ~BatchCursor.LOG_APPEND_TIME_FLAG;
        if (validated != source || attributes != batch.attributes() || maxTimestamp != batch.maxTimestamp()) {
            validated.putShort(start + BatchCursor.ATTRIBUTES_OFFSET, (short) attributes);
            validated.putLong(start + BatchCursor.MAX_TIMESTAMP_OFFSET, maxTimestamp);
            validated.putInt(start + BatchCursor.CRC_OFFSET, computeCrc(validated));
        }
        result.add(nextOffset, lastOffset, maxTimestamp, batch.count());
        if (appendTime) {
            result.logAppendTime(nowMs);
        }
    }

    /** A leader's bytes: whole batches of version 2, intact, at or above the log end and rising. */
    private void validateReplicated(TopicPartition partition, ByteBuffer batches, long nextOffset) {
        long expected = nextOffset;
        int position = batches.position();
        int size = wholeBatch(partition, batches, position);
        while (size != 0) {
            if (batches.get(position + BatchCursor.MAGIC_OFFSET) != RecordBatch.MAGIC_VALUE_V2) {
                throw new UnsupportedForMessageFormatException("Cannot replicate record batches with magic version "
                    + batches.get(position + BatchCursor.MAGIC_OFFSET) + " in topic partition " + partition);
            }
            position += size;
            size = wholeBatch(partition, batches, position);
        }
        batches.limit(position);
        batch.reset(batches);
        while (batch.next()) {
            ensureCrc(partition, batches);
            if (batch.lastOffsetDelta() < 0 || batch.baseOffset() < expected) {
                throw new OffsetOutOfRangeException("Unexpected offsets in append to " + partition + ": [" + batch.baseOffset() + ", "
                    + batch.lastOffset() + "], expected to start at or above " + expected);
            }
            expected = batch.lastOffset() + 1;
            result.add(batch.baseOffset(), batch.lastOffset(), batch.maxTimestamp(), batch.count());
        }
        if (batch.position() + batch.sizeInBytes() != position) {
            throw new CorruptRecordException("Record batch at byte " + (batch.position() + batch.sizeInBytes() - batches.position())
                + " of an append to " + partition + " is smaller than a batch header");
        }
        result.records(batches, false);
    }

    private void ensureCrc(TopicPartition partition, ByteBuffer batches) {
        if (batch.crc() != computeCrc(batches)) {
            throw new CorruptRecordException("Record is corrupt (stored crc = " + (batch.crc() & 0xffffffffL)
                + ") in topic partition " + partition + ".");
        }
    }

    /** CRC32C of the batch under the cursor; leaves position and limit of the buffer as they were. */
    private int computeCrc(ByteBuffer batches) {
        int position = batches.position();
        int limit = batches.limit();
        crc.reset();
        batches.limit(batch.position() + batch.sizeInBytes()).position(batch.position() + BatchCursor.ATTRIBUTES_OFFSET);
        crc.update(batches);
        batches.limit(limit).position(position);
        return (int) crc.getValue();
    }
}
