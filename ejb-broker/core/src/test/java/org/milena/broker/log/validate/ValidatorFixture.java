package org.milena.broker.log.validate;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogConfig;

/** Batches and configurations to validate. */
final class ValidatorFixture {
    static final TopicPartition PARTITION = new TopicPartition("orders", 3);
    static final long NOW = 1_700_000_000_000L;
    static final long NEXT_OFFSET = 1000;
    static final int LEADER_EPOCH = 7;

    private ValidatorFixture() {
    }

    static LogConfig config() {
        return config("producer", TimestampType.CREATE_TIME, false, 1024 * 1024, Long.MAX_VALUE, 3_600_000);
    }

    static LogConfig config(String compression) {
        return config(compression, TimestampType.CREATE_TIME, false, 1024 * 1024, Long.MAX_VALUE, 3_600_000);
    }

    static LogConfig config(String compression, TimestampType timestamps, boolean compact, int maxMessageBytes,
                            long beforeMaxMs, long afterMaxMs) {
        return new LogConfig(1 << 30, 604_800_000, 0, 10 << 20, 4096, Long.MAX_VALUE, Long.MAX_VALUE, -1, 604_800_000, 60_000,
            !compact, compact, 86_400_000, 0, Long.MAX_VALUE, 0.5, maxMessageBytes, 1, compression, -1, 9, 3,
            timestamps, beforeMaxMs, afterMaxMs, false);
    }

    static SimpleRecord[] records(int count) {
        SimpleRecord[] records = new SimpleRecord[count];
        for (int i = 0; i < count; i++) {
            Header[] headers = i % 3 == 0 ? new Header[] {new RecordHeader("trace", new byte[] {1, 2}), new RecordHeader("none", null)}
                : new Header[0];
            records[i] = new SimpleRecord(NOW - count + (i * 7) % count, ("key" + i).getBytes(), ("value number " + i).repeat(3).getBytes(), headers);
        }
        return records;
    }

    /** A direct buffer with the batch somewhere in the middle, as the network hands it over. */
    static ByteBuffer batch(CompressionType codec, SimpleRecord... records) {
        return direct(MemoryRecords.withRecords(Compression.of(codec).build(), records).buffer());
    }

    static ByteBuffer direct(ByteBuffer... parts) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        buffer.position(13);
        for (ByteBuffer part : parts) {
            buffer.put(part.duplicate());
        }
        return buffer.limit(buffer.position()).position(13);
    }

    /** Makes the CRC right again after bytes of a single batch were changed. */
    static ByteBuffer withCrc(ByteBuffer batch) {
        CRC32C crc = new CRC32C();
        crc.update(batch.duplicate().position(batch.position() + BatchCursor.ATTRIBUTES_OFFSET));
        return batch.putInt(batch.position() + BatchCursor.CRC_OFFSET, (int) crc.getValue());
    }

    static ValidationResult validate(RecordValidator validator, ByteBuffer batch, LogConfig config) {
        return validator.validate(PARTITION, batch, AppendOrigin.CLIENT, config, LEADER_EPOCH, NEXT_OFFSET, NOW);
    }

    static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
