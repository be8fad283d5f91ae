package org.milena.broker.log.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.milena.broker.log.validate.ValidatorFixture.NEXT_OFFSET;
import static org.milena.broker.log.validate.ValidatorFixture.NOW;
import static org.milena.broker.log.validate.ValidatorFixture.PARTITION;
import static org.milena.broker.log.validate.ValidatorFixture.batch;
import static org.milena.broker.log.validate.ValidatorFixture.bytes;
import static org.milena.broker.log.validate.ValidatorFixture.config;
import static org.milena.broker.log.validate.ValidatorFixture.direct;
import static org.milena.broker.log.validate.ValidatorFixture.records;
import static org.milena.broker.log.validate.ValidatorFixture.validate;
import static org.milena.broker.log.validate.ValidatorFixture.withCrc;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.RecordErrors;

/** Each fault, the error a client sees, and that a refused batch is left as it was. */
class RecordValidatorErrorsTest {
    private final RecordValidator validator = new RecordValidator();

    @Test
    void noBatchAtAll() {
        refused(direct(), config(), Errors.INVALID_RECORD, "at least one record batch per partition");
        ByteBuffer half = batch(CompressionType.NONE, records(3));
        refused(half.limit(half.limit() - 1), config(), Errors.INVALID_RECORD, "at least one record batch per partition");
    }

    @ParameterizedTest
    @ValueSource(bytes = {0, 1})
    void oldMessageFormats(byte magic) {
        ByteBuffer old = direct(MemoryRecords.withRecords(magic, Compression.NONE, records(1)[0].timestamp() > 0
            ? new SimpleRecord(magic == 0 ? -1 : NOW, "k".getBytes(), "v".getBytes()) : null).buffer());
        refused(old, config(), Errors.INVALID_RECORD, "only allowed to contain record batches with magic version 2");
    }

    @Test
    void unknownMagic() {
        ByteBuffer batch = batch(CompressionType.NONE, records(1));
        batch.put(batch.position() + BatchCursor.MAGIC_OFFSET, (byte) 3);
        refused(batch, config(), Errors.CORRUPT_MESSAGE, "Invalid magic found in record: 3");
    }

    @Test
    void twoBatches() {
        ByteBuffer batch = batch(CompressionType.NONE, records(1));
        refused(direct(batch, batch), config(), Errors.INVALID_RECORD, "exactly one record batch per partition");
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 13})
    void lyingBatchLength(int length) {
        ByteBuffer batch = batch(CompressionType.NONE, records(1));
        batch.putInt(batch.position() + BatchCursor.LENGTH_OFFSET, length);
        refused(batch, config(), Errors.CORRUPT_MESSAGE, "less than the minimum record overhead");
    }

    @Test
    void batchShorterThanItsHeader() {
        ByteBuffer batch = batch(CompressionType.NONE, records(1));
        batch.putInt(batch.position() + BatchCursor.LENGTH_OFFSET, 40).limit(batch.position() + 52);
        refused(batch, config(), Errors.CORRUPT_MESSAGE, "smaller than the minimum allowed overhead 61");
    }

    @Test
    void wrongCrc() {
        ByteBuffer batch = batch(CompressionType.NONE, records(3));
        batch.put(batch.limit() - 1, (byte) (batch.get(batch.limit() - 1) ^ 1));
        refused(batch, config(), Errors.CORRUPT_MESSAGE, "Record is corrupt (stored crc = ");
    }

    @Test
    void baseOffsetNotZero() {
        ByteBuffer batch = batch(CompressionType.NONE, records(3));
        batch.putLong(batch.position(), 5);
        refused(batch, config(), Errors.INVALID_RECORD, "should be 0, but it is 5");
    }

    @Test
    void tooLarge() {
        LogConfig small = config("producer", TimestampType.CREATE_TIME, false, 100, Long.MAX_VALUE, 3_600_000);
        refused(batch(CompressionType.NONE, records(10)), small, Errors.MESSAGE_TOO_LARGE, "exceeds the maximum configured value of 100");
    }

    @Test
    void tooLargeOnlyAfterRecompression() {
        LogConfig plain = config("uncompressed", TimestampType.CREATE_TIME, false, 5000, Long.MAX_VALUE, 3_600_000);
        ByteBuffer zeros = batch(CompressionType.ZSTD, new SimpleRecord(NOW, new byte[50_000_000]));
        assertThat(zeros.remaining()).isLessThan(5000);
        refused(zeros, plain, Errors.MESSAGE_TOO_LARGE, "exceeds the maximum configured size of 5000 bytes");
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 2, 4, Integer.MAX_VALUE})
    void lyingCount(int count) {
        ByteBuffer batch = batch(CompressionType.NONE, records(3));
        batch.putInt(batch.position() + BatchCursor.COUNT_OFFSET, count);
        refused(withCrc(batch), config(), Errors.INVALID_RECORD, count <= 0 ? "Invalid reported count" : "Inconsistent batch offset range");
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 1, 3, Integer.MAX_VALUE})
    void lyingLastOffsetDelta(int delta) {
        ByteBuffer batch = batch(CompressionType.NONE, records(3));
        batch.putInt(batch.position() + BatchCursor.LAST_OFFSET_DELTA_OFFSET, delta);
        refused(withCrc(batch), config(), Errors.INVALID_RECORD, delta < 0 ? "invalid offset range" : "Inconsistent batch offset range");
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void countAndDeltaLieTogether(CompressionType codec) {
        for (int count : new int[] {1, 2, 4, 5}) {
            ByteBuffer batch = batch(codec, records(3));
            batch.putInt(batch.position() + BatchCursor.COUNT_OFFSET, count);
            batch.putInt(batch.position() + BatchCursor.LAST_OFFSET_DELTA_OFFSET, count - 1);
            refused(withCrc(batch), config(), Errors.INVALID_RECORD, "");
        }
    }

    @Test
    void offsetDeltasNotDense() {
        ByteBuffer batch = batch(CompressionType.NONE, new SimpleRecord(NOW, "v".getBytes()));
        int offsetDelta = batch.position() + BatchCursor.RECORDS_OFFSET + 3;
        assertThat(batch.get(offsetDelta)).isZero();
        batch.put(offsetDelta, (byte) 2);
        refused(withCrc(batch), config(), Errors.INVALID_RECORD, "Record 0 of the batch has offset delta 1");
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void keylessRecordsOnACompactedTopic(CompressionType codec) {
        LogConfig compacted = config("producer", TimestampType.CREATE_TIME, true, 1 << 20, Long.MAX_VALUE, 3_600_000);
        ByteBuffer batch = batch(codec, new SimpleRecord(NOW, "k".getBytes(), "v".getBytes()),
            new SimpleRecord(NOW, null, "v".getBytes()), new SimpleRecord(NOW, new byte[0], "v".getBytes()));

        Throwable error = refused(batch, compacted, Errors.INVALID_RECORD, "1 record errors in total");

        assertThat(((RecordErrors) error).recordErrors())
            .containsExactly(Map.entry(1, "Compacted topic cannot accept message without key in topic partition orders-3"));
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void timestampsOutOfBounds(CompressionType codec) {
        LogConfig strict = config("producer", TimestampType.CREATE_TIME, false, 1 << 20, 1000, 500);
        ByteBuffer batch = batch(codec, at(NOW - 1000), at(NOW - 1001), at(NOW + 500), at(NOW + 501), at(-1));

        Throwable error = refused(batch, strict, Errors.INVALID_TIMESTAMP, "rejected due to invalid timestamp");

        assertThat(((RecordErrors) error).recordErrors()).containsOnlyKeys(1, 3);
        assertThat(((RecordErrors) error).recordErrors().get(1))
            .isEqualTo("Timestamp 1699999998999 of message with offset 1 is out of range. The timestamp should be within "
                + "[1699999999000, 1700000000500]");
    }

    @Test
    void manyFaultsGiveABoundedAnswer() {
        LogConfig compacted = config("producer", TimestampType.CREATE_TIME, true, 1 << 20, Long.MAX_VALUE, 3_600_000);
        SimpleRecord[] keyless = new SimpleRecord[5000];
        java.util.Arrays.fill(keyless, new SimpleRecord(NOW, null, new byte[1]));

        Throwable error = refused(batch(CompressionType.NONE, keyless), compacted, Errors.INVALID_RECORD, "5000 record errors in total");

        assertThat(((RecordErrors) error).recordErrors()).hasSize(RejectedRecords.LIMIT);
    }

    @Test
    void flagsOnlyABrokerMaySet() {
        flag(BatchCursor.LOG_APPEND_TIME_FLAG, Errors.INVALID_TIMESTAMP, "Producer should not set timestamp type to LogAppendTime");
        flag(BatchCursor.DELETE_HORIZON_FLAG, Errors.INVALID_RECORD, "not allowed to set a delete horizon");
        flag(BatchCursor.TRANSACTIONAL_FLAG, Errors.INVALID_RECORD, "Transactional record batch without producerId");
        for (int codec = 5; codec <= 7; codec++) {
            flag(codec, Errors.UNSUPPORTED_COMPRESSION_TYPE, "Unknown compression type id " + codec);
        }
        ByteBuffer marker = direct(MemoryRecords.withEndTransactionMarker(0, NOW, 0, 12L, (short) 3,
            new EndTransactionMarker(ControlRecordType.COMMIT, 5)).buffer());
        refused(marker, config(), Errors.INVALID_RECORD, "Clients are not allowed to write control records");
    }

    private void flag(int attributes, Errors expected, String message) {
        ByteBuffer batch = batch(CompressionType.NONE, records(2));
        batch.putShort(batch.position() + BatchCursor.ATTRIBUTES_OFFSET, (short) attributes);
        refused(withCrc(batch), config(), expected, message);
    }

    @Test
    void sequenceMissing() {
        ByteBuffer batch = batch(CompressionType.NONE, records(2));
        batch.putLong(batch.position() + BatchCursor.PRODUCER_ID_OFFSET, 5);
        refused(withCrc(batch), config(), Errors.INVALID_RECORD, "Invalid sequence number -1 in record batch with producerId 5");
    }

    @ParameterizedTest
    @EnumSource(value = CompressionType.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void payloadThatIsNotWhatItClaims(CompressionType codec) {
        ByteBuffer plain = batch(CompressionType.NONE, records(20));
        plain.putShort(plain.position() + BatchCursor.ATTRIBUTES_OFFSET, codec.id);
        refused(withCrc(plain), config(), Errors.INVALID_RECORD, "");

        ByteBuffer cut = batch(codec, records(20));
        cut.limit(cut.limit() - 9).putInt(cut.position() + BatchCursor.LENGTH_OFFSET, cut.remaining() - BatchCursor.LOG_OVERHEAD);
        refused(withCrc(cut), config(), Errors.INVALID_RECORD, "");
    }

    @Test
    void decompressionBombCostsNoMemory() throws Exception {
        ByteBuffer bomb = bomb(300 << 20);
        assertThat(bomb.remaining()).isLessThan(100_000);
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        validate(validator, batch(CompressionType.ZSTD, records(2)), config());
        long before = threads.getCurrentThreadAllocatedBytes();

        refused(bomb, config(), Errors.INVALID_RECORD, "records still remaining");

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(4 << 20);
    }

    /** One honest record of {@code bytes} zeros and a stray byte behind it. */
    private static ByteBuffer bomb(int bytes) throws Exception {
        ByteBufferOutputStream out = new ByteBufferOutputStream(1 << 16);
        ByteBuffer header = batch(CompressionType.ZSTD, records(1));
        out.write(bytes(header), 0, BatchCursor.RECORDS_OFFSET);
        ByteBuffer body = ByteBuffer.allocate(32).put(new byte[3]).put((byte) 1);
        org.apache.kafka.common.utils.internals.ByteUtils.writeVarint(bytes, body);
        int length = body.position() + bytes + 1;
        try (OutputStream zstd = Compression.zstd().build().wrapForOutput(out, (byte) 2)) {
            ByteBuffer prefix = ByteBuffer.allocate(5);
            org.apache.kafka.common.utils.internals.ByteUtils.writeVarint(length, prefix);
            zstd.write(prefix.array(), 0, prefix.position());
            zstd.write(body.array(), 0, body.position());
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < bytes >> 20; i++) {
                zstd.write(zeros);
            }
            zstd.write(new byte[2]);
        }
        ByteBuffer batch = direct(out.buffer().flip());
        batch.putInt(batch.position() + BatchCursor.LENGTH_OFFSET, batch.remaining() - BatchCursor.LOG_OVERHEAD);
        return withCrc(batch);
    }

    @Test
    void snappyBlockThatClaimsTheWorld() {
        ByteBuffer batch = batch(CompressionType.SNAPPY, records(20));
        int claim = batch.position() + BatchCursor.RECORDS_OFFSET + 20;
        batch.put(claim, (byte) 0xff).put(claim + 1, (byte) 0xff).put(claim + 2, (byte) 0xff).put(claim + 3, (byte) 0x7f);
        refused(withCrc(batch), config(), Errors.INVALID_RECORD, "claims to hold 268435455 bytes");
    }

    @Test
    void replicatedBatchesMustContinueTheLog() {
        ByteBuffer batch = batch(CompressionType.NONE, records(3));
        batch.putLong(batch.position(), NEXT_OFFSET - 1);
        assertThatThrownBy(() -> validator.validate(PARTITION, batch, AppendOrigin.REPLICATION, config(), 1, NEXT_OFFSET, NOW))
            .hasMessageContaining("expected to start at or above 1000");
        batch.putLong(batch.position(), NEXT_OFFSET);
        assertThatThrownBy(() -> validator.validate(PARTITION, direct(batch, batch), AppendOrigin.REPLICATION, config(), 1, NEXT_OFFSET, NOW))
            .hasMessageContaining("expected to start at or above 1003");
    }

    private static SimpleRecord at(long timestamp) {
        return new SimpleRecord(timestamp, "k".getBytes(), "v".getBytes());
    }

    private Throwable refused(ByteBuffer batch, LogConfig config, Errors expected, String message) {
        byte[] before = bytes(batch);
        int limit = batch.limit();
        Throwable error = catchThrowable(() -> validate(validator, batch, config));
        assertThat(error).isNotNull();
        assertThat(Errors.forException(error)).as(error.toString()).isEqualTo(expected);
        assertThat(error).hasMessageContaining(message);
        assertThat(bytes(batch.limit(limit))).as("a refused batch").isEqualTo(before);
        validate(validator, batch(CompressionType.LZ4, records(2)), config());
        return error;
    }
}
