package org.milena.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.NioDisk;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.time.BrokerClock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A partition's log on a real file: produced batches appended, and the same log read as a fetch reads it. A fresh log for every
 * iteration, in {@code -Dmilena.benchmark.dir} or else the temporary directory; about 650 MB at most. No fsync: the page cache is measured.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
@Fork(1)
public class LogBenchmark {

    private static final int BATCHES = 20_000;

    /** Bytes of record values in a batch: a single small record, or what linger and batch.size make of many. */
    @Param({"100", "16000"})
    public int valueBytes;

    private final LogConfig config = new LogConfig(1 << 30, 604_800_000, 0, 10 << 20, 4096, Long.MAX_VALUE, Long.MAX_VALUE,
            -1, 604_800_000, 60_000, true, false, 86_400_000, 0, Long.MAX_VALUE, 0.5, 1 << 20, 1, "producer", -1, 9, 3,
            TimestampType.CREATE_TIME, Long.MAX_VALUE, 3_600_000, false);
    private final ByteBuffer target = ByteBuffer.allocateDirect(1 << 20);
    private ByteBuffer batch;
    private int records;
    private Path directory;
    private FileLogManager logs;
    private PartitionLog log;

    @Setup(Level.Trial)
    public void createBatch() {
        SimpleRecord[] all = new SimpleRecord[valueBytes / 100];
        for (int i = 0; i < all.length; i++) {
            all[i] = new SimpleRecord(System.currentTimeMillis(), null, new byte[100]);
        }
        records = all.length;
        ByteBuffer bytes = MemoryRecords.withRecords(Compression.NONE, all).buffer();
        batch = ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip();
    }

    @Setup(Level.Iteration)
    public void openLog() throws IOException {
        directory = Files.createTempDirectory(Path.of(System.getProperty("milena.benchmark.dir", System.getProperty("java.io.tmpdir"))), "log-benchmark");
        DirectoryExecutor here = new DirectoryExecutor() {
            @Override
            public boolean inContext() {
                return true;
            }

            @Override
            public Executor forPartition(TopicPartition partition) {
                return Runnable::run;
            }
        };
        logs = FileLogManager.open(new LogManagerOptions(List.of(directory), 1, new NioDisk(), BrokerClock.SYSTEM, path -> here,
                Runnable::run, 100, 86_400_000, config));
        log = logs.getOrCreate(new TopicPartition("benchmark", 0), Uuid.randomUuid(), config);
        appendAll();
    }

    /** The log holds {@link #BATCHES} batches before each measurement; {@link #append} adds as many. */
    private long appendAll() {
        long last = 0;
        for (int i = 0; i < BATCHES; i++) {
            batch.putLong(0, 0); // a producer's batch begins at offset 0; the append before wrote its own there
            last = log.append(batch.duplicate(), AppendOrigin.CLIENT, 0).lastOffset();
        }
        return last;
    }

    @TearDown(Level.Iteration)
    public void deleteLog() throws IOException {
        logs.close();
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** One produced batch. */
    @Benchmark
    @OperationsPerInvocation(BATCHES)
    public long append() {
        return appendAll();
    }

    /** A consumer at the end of the log: the last batch, found and copied as into a small response. */
    @Benchmark
    @OperationsPerInvocation(BATCHES)
    public long fetchTail() throws IOException {
        long end = log.logEndOffset();
        long bytes = 0;
        for (int i = 0; i < BATCHES; i++) {
            bytes += fetch(end - records, end);
        }
        return bytes;
    }

    /** A consumer that catches up: from offsets all over the log, up to 64 KiB each. */
    @Benchmark
    @OperationsPerInvocation(BATCHES)
    public long fetchCatchingUp() throws IOException {
        long end = log.logEndOffset();
        long bytes = 0;
        for (int i = 0; i < BATCHES; i++) {
            bytes += fetch(i * 7919L % (end - records), end);
        }
        return bytes;
    }

    private int fetch(long offset, long end) throws IOException {
        LogRead read = log.read(offset, 64 * 1024, end, true);
        try {
            target.clear().limit(read.sizeInBytes());
            return read.read(target, 0);
        } finally {
            read.release();
        }
    }
}
