package org.milena.broker.log.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.log.validate.ValidatorFixture.batch;
import static org.milena.broker.log.validate.ValidatorFixture.config;
import static org.milena.broker.log.validate.ValidatorFixture.records;
import static org.milena.broker.log.validate.ValidatorFixture.validate;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Random;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.CloseableIterator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.log.LogConfig;

/**
 * Valid batches with random bytes changed and the CRC made right again: what passes must be readable to the last record
 * by kafka-clients, what does not must fail with an ApiException, and neither may cost memory. Repeat with
 * {@code -Dseed=}, more with {@code -Dfuzz.rounds=}.
 */
class RecordValidatorFuzzTest {
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 2000);
    /** A gzip or snappy stream allocates tens of kilobytes per batch, a snappy block what it honestly holds. */
    private static final long MAX_ALLOCATION = 2 << 20;

    private final RecordValidator validator = new RecordValidator();
    private final com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void mutations(CompressionType codec) {
        System.out.println("RecordValidatorFuzzTest " + codec + " -Dseed=" + SEED);
        Random random = new Random(SEED + codec.ordinal());
        LogConfig[] configs = {config(), config("uncompressed"), config("lz4")};
        int passed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            ByteBuffer batch = mutate(batch(codec, records(1 + random.nextInt(20))), random);
            if (survives(batch, configs[random.nextInt(configs.length)], round)) {
                passed++;
            }
        }
        assertThat(passed).as("harmless mutations among them").isPositive().isLessThan(ROUNDS);
    }

    private boolean survives(ByteBuffer batch, LogConfig config, int round) {
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            ByteBuffer accepted = validate(validator, batch, config).records();
            allocatedLittle(before, round);
            readStrictly(accepted, round);
            return true;
        } catch (ApiException refused) {
            allocatedLittle(before, round);
            return false;
        } catch (Throwable unexpected) {
            throw new AssertionError("seed " + SEED + " round " + round, unexpected);
        }
    }

    private void allocatedLittle(long before, int round) {
        if (round > 0) {
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).as("seed %d round %d", SEED, round).isLessThan(MAX_ALLOCATION);
        }
    }

    private static void readStrictly(ByteBuffer accepted, int round) {
        int batches = 0;
        for (MutableRecordBatch read : MemoryRecords.readableRecords(accepted.slice()).batches()) {
            batches++;
            read.ensureValid();
            long offset = read.baseOffset();
            try (CloseableIterator<Record> records = read.streamingIterator(BufferSupplier.NO_CACHING)) {
                while (records.hasNext()) {
                    assertThat(records.next().offset()).as("seed %d round %d", SEED, round).isEqualTo(offset++);
                }
            }
            assertThat(offset - 1).isEqualTo(read.lastOffset());
        }
        assertThat(batches).isEqualTo(1);
    }

    private static ByteBuffer mutate(ByteBuffer batch, Random random) {
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = batch.position() + (random.nextInt(4) == 0 ? random.nextInt(batch.remaining())
                : Math.min(batch.remaining() - 1, BatchCursor.LAST_OFFSET_DELTA_OFFSET + random.nextInt(80)));
            switch (random.nextInt(5)) {
                case 0 -> batch.put(at, (byte) (batch.get(at) ^ 1 << random.nextInt(8)));
                case 1 -> batch.put(at, (byte) random.nextInt());
                case 2 -> batch.put(at, (byte) 0xff);
                case 3 -> batch.put(at, (byte) 0);
                default -> cut(batch, at);
            }
        }
        return random.nextInt(10) == 0 || batch.remaining() < BatchCursor.RECORDS_OFFSET ? batch : ValidatorFixture.withCrc(batch);
    }

    /** Ends the batch there and says so in its length, so that the cut is seen by more than the framing. */
    private static void cut(ByteBuffer batch, int at) {
        if (at - batch.position() >= BatchCursor.RECORDS_OFFSET) {
            batch.limit(at).putInt(batch.position() + BatchCursor.LENGTH_OFFSET, batch.remaining() - BatchCursor.LOG_OVERHEAD);
        }
    }
}
