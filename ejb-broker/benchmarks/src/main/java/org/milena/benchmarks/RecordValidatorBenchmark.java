package org.milena.benchmarks;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.CloseableIterator;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.validate.RecordValidator;
import org.milena.broker.log.validate.ValidationResult;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One produced batch of 16 KB, in a direct buffer: our validation beside a plain walk over kafka-clients' batch. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class RecordValidatorBenchmark {
    private static final int BATCH_BYTES = 16 * 1024;
    private static final int VALUE_BYTES = 100;
    private static final long NOW = 1_700_000_000_000L;

    @Param({"none", "lz4"})
    public String codec;

    private final RecordValidator validator = new RecordValidator();
    private final BufferSupplier buffers = BufferSupplier.create();
    private final TopicPartition partition = new TopicPartition("benchmark", 0);
    private final LogConfig config = new LogConfig(1 << 30, 604_800_000, 0, 10 << 20, 4096, Long.MAX_VALUE, Long.MAX_VALUE,
        -1, 604_800_000, 60_000, true, false, 86_400_000, 0, Long.MAX_VALUE, 0.5, 1 << 20, 1, "producer", -1, 9, 3,
        TimestampType.CREATE_TIME, Long.MAX_VALUE, 3_600_000, false);
    private ByteBuffer batch;

    @Setup
    public void createBatch() {
        Random random = new Random(1);
        SimpleRecord[] records = new SimpleRecord[BATCH_BYTES / (VALUE_BYTES + 8)];
        for (int i = 0; i < records.length; i++) {
            byte[] value = new byte[VALUE_BYTES];
            random.nextBytes(value);
            java.util.Arrays.fill(value, VALUE_BYTES / 2, VALUE_BYTES, (byte) 'x');
            records[i] = new SimpleRecord(NOW + i, null, value);
        }
        ByteBuffer heap = MemoryRecords.withRecords(Compression.of(CompressionType.forName(codec)).build(), records).buffer();
        batch = ByteBuffer.allocateDirect(heap.remaining()).put(heap).flip();
    }

    /** As the log calls it; the base offset is set back because a client always sends 0. */
    @Benchmark
    public ValidationResult validator() {
        batch.putLong(0, 0);
        return validator.validate(partition, batch, AppendOrigin.CLIENT, config, 5, 1000, NOW);
    }

    /** What a broker that only used kafka-clients would do at least: check the CRC, iterate, set offset and epoch. */
    @Benchmark
    public long kafkaClientsIteration() {
        long maxTimestamp = -1;
        for (MutableRecordBatch one : MemoryRecords.readableRecords(batch).batches()) {
            one.ensureValid();
            try (CloseableIterator<Record> records = one.skipKeyValueIterator(buffers)) {
                while (records.hasNext()) {
                    maxTimestamp = Math.max(maxTimestamp, records.next().timestamp());
                }
            }
            one.setLastOffset(1000 + one.countOrNull() - 1);
            one.setPartitionLeaderEpoch(5);
        }
        return maxTimestamp;
    }
}
