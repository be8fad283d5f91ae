package org.milena.broker.log.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.log.validate.ValidatorFixture.LEADER_EPOCH;
import static org.milena.broker.log.validate.ValidatorFixture.NEXT_OFFSET;
import static org.milena.broker.log.validate.ValidatorFixture.NOW;
import static org.milena.broker.log.validate.ValidatorFixture.PARTITION;
import static org.milena.broker.log.validate.ValidatorFixture.batch;
import static org.milena.broker.log.validate.ValidatorFixture.bytes;
import static org.milena.broker.log.validate.ValidatorFixture.config;
import static org.milena.broker.log.validate.ValidatorFixture.direct;
import static org.milena.broker.log.validate.ValidatorFixture.records;
import static org.milena.broker.log.validate.ValidatorFixture.validate;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogConfig;

/** What happens to batches that are right. */
class RecordValidatorTest {
    private final RecordValidator validator = new RecordValidator();

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void assignsOffsetAndEpochInPlaceAndKeepsEveryOtherByte(CompressionType codec) {
        ByteBuffer batch = batch(codec, records(50));
        byte[] before = bytes(batch);

        ValidationResult result = validate(validator, batch, config());

        assertThat(result.records()).isSameAs(batch);
        assertThat(result.recompressed()).isFalse();
        byte[] after = bytes(batch);
        for (int i = BatchCursor.MAGIC_OFFSET; i < before.length; i++) {
            assertThat(after[i]).as("byte %d", i).isEqualTo(before[i]);
        }
        MutableRecordBatch read = only(batch);
        read.ensureValid();
        assertThat(read.baseOffset()).isEqualTo(NEXT_OFFSET);
        assertThat(read.lastOffset()).isEqualTo(NEXT_OFFSET + 49);
        assertThat(read.partitionLeaderEpoch()).isEqualTo(LEADER_EPOCH);
        assertThat(result.firstOffset()).isEqualTo(NEXT_OFFSET);
        assertThat(result.lastOffset()).isEqualTo(NEXT_OFFSET + 49);
        assertThat(result.recordCount()).isEqualTo(50);
        assertThat(result.maxTimestamp()).isEqualTo(NOW - 1);
        assertThat(result.offsetOfMaxTimestamp()).isEqualTo(NEXT_OFFSET + 49);
        assertThat(result.logAppendTime()).isEqualTo(-1);
    }

    @Test
    void correctsAMaxTimestampThatLies() {
        ByteBuffer batch = batch(CompressionType.NONE, records(5));
        batch.putLong(batch.position() + BatchCursor.MAX_TIMESTAMP_OFFSET, 42);
        ValidatorFixture.withCrc(batch);

        assertThat(validate(validator, batch, config()).maxTimestamp()).isEqualTo(NOW - 1);

        MutableRecordBatch read = only(batch);
        read.ensureValid();
        assertThat(read.maxTimestamp()).isEqualTo(NOW - 1);
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void logAppendTimeReplacesTimestamps(CompressionType codec) {
        ByteBuffer batch = batch(codec, records(5));
        LogConfig config = config("producer", TimestampType.LOG_APPEND_TIME, false, 1 << 20, Long.MAX_VALUE, 3_600_000);

        ValidationResult result = validate(validator, batch, config);

        MutableRecordBatch read = only(batch);
        read.ensureValid();
        assertThat(read.timestampType()).isEqualTo(TimestampType.LOG_APPEND_TIME);
        assertThat(read).allSatisfy(record -> assertThat(record.timestamp()).isEqualTo(NOW));
        assertThat(result.logAppendTime()).isEqualTo(NOW);
        assertThat(result.maxTimestamp()).isEqualTo(NOW);
        assertThat(result.offsetOfMaxTimestamp()).isEqualTo(NEXT_OFFSET + 4);
    }

    @Test
    void recordsWithoutTimestampPassAndLeaveNoMaximum() {
        ByteBuffer batch = batch(CompressionType.NONE, new SimpleRecord(-1, null, "x".getBytes()));

        ValidationResult result = validate(validator, batch, config());

        assertThat(result.maxTimestamp()).isEqualTo(-1);
        assertThat(result.offsetOfMaxTimestamp()).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"NONE,gzip", "NONE,lz4", "NONE,zstd", "NONE,snappy", "GZIP,zstd", "SNAPPY,lz4", "LZ4,uncompressed", "ZSTD,gzip"})
    void recompressesToTheTopicsCodec(CompressionType source, String target) {
        SimpleRecord[] sent = records(500);
        ByteBuffer batch = direct(MemoryRecords.withIdempotentRecords(Compression.of(source).build(), 99L, (short) 4, 17, sent).buffer());
        byte[] before = bytes(batch);

        ValidationResult result = validate(validator, batch, config(target));

        assertThat(result.recompressed()).isTrue();
        assertThat(bytes(batch)).as("the client's bytes").isEqualTo(before);
        MutableRecordBatch read = only(result.records());
        read.ensureValid();
        assertThat(read.compressionType()).isEqualTo(target.equals("uncompressed") ? CompressionType.NONE : CompressionType.forName(target));
        assertThat(read.producerId()).isEqualTo(99);
        assertThat(read.producerEpoch()).isEqualTo((short) 4);
        assertThat(read.baseSequence()).isEqualTo(17);
        assertThat(read.partitionLeaderEpoch()).isEqualTo(LEADER_EPOCH);
        List<Record> records = new ArrayList<>();
        read.forEach(records::add);
        assertThat(records).hasSameSizeAs(sent);
        for (int i = 0; i < sent.length; i++) {
            assertThat(records.get(i).offset()).isEqualTo(NEXT_OFFSET + i);
            assertThat(new SimpleRecord(records.get(i))).isEqualTo(sent[i]);
        }
    }

    @Test
    void theCodecThatIsThereAlreadyIsKeptAsItIs() {
        ByteBuffer batch = batch(CompressionType.ZSTD, records(5));
        assertThat(validate(validator, batch, config("zstd")).recompressed()).isFalse();
    }

    @Test
    void theCursorTellsWhatProducerStateNeeds() {
        ByteBuffer batch = direct(MemoryRecords.withTransactionalRecords(Compression.NONE, 12L, (short) 3, Integer.MAX_VALUE - 1, records(4)).buffer());

        BatchCursor cursor = validate(validator, batch, config()).batches();

        assertThat(cursor.next()).isTrue();
        assertThat(cursor.producerId()).isEqualTo(12);
        assertThat(cursor.producerEpoch()).isEqualTo((short) 3);
        assertThat(cursor.baseSequence()).isEqualTo(Integer.MAX_VALUE - 1);
        assertThat(cursor.lastSequence()).as("wraps to 0").isEqualTo(1);
        assertThat(cursor.isTransactional()).isTrue();
        assertThat(cursor.isControlBatch()).isFalse();
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void markersMayHaveAnySize() {
        ByteBuffer marker = direct(MemoryRecords.withEndTransactionMarker(0, NOW, 0, 12L, (short) 3,
            new EndTransactionMarker(ControlRecordType.COMMIT, 5)).buffer());
        LogConfig tiny = config("gzip", TimestampType.CREATE_TIME, true, 10, Long.MAX_VALUE, 3_600_000);

        ValidationResult result = validator.validate(PARTITION, marker, AppendOrigin.TRANSACTION_MARKER, tiny, LEADER_EPOCH, NEXT_OFFSET, NOW);

        assertThat(result.recompressed()).isFalse();
        assertThat(only(result.records()).isControlBatch()).isTrue();
    }

    @Test
    void replicationTakesSeveralBatchesAsTheyAre() {
        ByteBuffer first = batch(CompressionType.NONE, records(3));
        ByteBuffer second = batch(CompressionType.LZ4, records(2));
        first.putLong(first.position(), NEXT_OFFSET);
        second.putLong(second.position(), NEXT_OFFSET + 10);
        ByteBuffer batches = direct(first, second);
        byte[] before = bytes(batches);

        ValidationResult result = validator.validate(PARTITION, batches, AppendOrigin.REPLICATION, config(), 99, NEXT_OFFSET, NOW);

        assertThat(bytes(result.records())).isEqualTo(before);
        assertThat(result.firstOffset()).isEqualTo(NEXT_OFFSET);
        assertThat(result.lastOffset()).isEqualTo(NEXT_OFFSET + 11);
        assertThat(result.recordCount()).isEqualTo(5);
    }

    @Test
    void anUnfinishedBatchBehindTheFirstIsCutOff() {
        ByteBuffer whole = batch(CompressionType.NONE, records(3));
        int size = whole.remaining();
        ByteBuffer batches = direct(whole, whole.duplicate().limit(whole.limit() - 1));

        assertThat(validate(validator, batches, config()).sizeInBytes()).isEqualTo(size);
    }

    @Test
    void validatorsAreReusedAfterAFault() {
        RecordValidators pool = new RecordValidators(1);
        RecordValidator borrowed = pool.borrow();
        pool.giveBack(borrowed);
        assertThat(pool.borrow()).isSameAs(borrowed);
        assertThat(pool.borrow()).isNotSameAs(borrowed);
    }

    private static MutableRecordBatch only(ByteBuffer buffer) {
        List<MutableRecordBatch> batches = new ArrayList<>();
        MemoryRecords.readableRecords(buffer.slice()).batches().forEach(batches::add);
        assertThat(batches).hasSize(1);
        return batches.get(0);
    }
}
