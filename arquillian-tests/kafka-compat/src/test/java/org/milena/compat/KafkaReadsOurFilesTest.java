package org.milena.compat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.log.clean.CleanerSettings;
import org.milena.broker.testing.KafkaPeer;

/** Apache Kafka's DumpLogSegments reads what our log wrote: records, indexes, producer snapshots, aborted transactions. */
class KafkaReadsOurFilesTest {
    private static final String DUMP = "org.apache.kafka.tools.DumpLogSegments";
    private static final TopicPartition PLAIN = new TopicPartition("plain", 0);
    private static final TopicPartition COMPACTED = new TopicPartition("compacted", 0);

    @TempDir
    private Path directory;
    private final Random random = new Random(42);
    private long records;

    @Test
    void segmentsIndexesAndSnapshots() throws Exception {
        try (FileLogManager manager = OurLog.open(directory, OurLog.config(false, 40_000))) {
            write(manager.getOrCreate(PLAIN, Uuid.randomUuid(), OurLog.config(false, 40_000)));
        }
        Path partition = directory.resolve("plain-0");
        List<String> logs = files(partition, ".log");
        assertThat(logs).as("several segments").hasSizeGreaterThan(4);

        String dump = dump(logs, "--deep-iteration", "--print-data-log");
        clean(dump);
        // the tool starts each file at -1 and says so of Kafka's own files too, when a segment's first offset is not 0
        assertThat(dump.lines().filter(line -> line.contains("is followed by"))).allMatch(line -> line.strip().startsWith("-1 "));
        assertThat(dump.lines().filter(line -> line.startsWith("| offset:")).count()).as("records read").isEqualTo(records);
        for (CompressionType codec : CompressionType.values()) {
            assertThat(dump).contains("compresscodec: " + codec.name);
        }
        assertThat(dump).contains("isTransactional: true").contains("isControl: true").contains("endTxnMarker: ABORT")
            .contains("payload: record 7 ").contains("headerKeys: [trace]");

        indexes(partition);
        List<String> others = Stream.concat(files(partition, ".snapshot").stream(), files(partition, ".txnindex").stream()).toList();
        String state = dump(others);
        clean(state);
        assertThat(state).contains("producerId: 77").contains("producerId: 88").contains("coordinatorEpoch: 3")
            .contains("currentTxnFirstOffset: OptionalLong.empty");
        assertThat(state.lines().filter(line -> line.contains("producerId: 88 firstOffset: ") && line.contains("lastStableOffset: ")))
            .as("aborted transactions").hasSize(20);
    }

    @Test
    void compactedSegments() throws Exception {
        try (FileLogManager manager = OurLog.open(directory, OurLog.config(true, 40_000))) {
            manager.compactWith(CleanerSettings.DEFAULT, Thread::sleep);
            write(manager.getOrCreate(COMPACTED, Uuid.randomUuid(), OurLog.config(true, 40_000)));
            assertThat(manager.cleanOnce(manager.directories().get(0))).isTrue();
        }
        Path partition = directory.resolve("compacted-0");
        String dump = dump(files(partition, ".log"), "--deep-iteration", "--print-data-log");
        clean(dump);
        long left = dump.lines().filter(line -> line.startsWith("| offset:")).count();
        assertThat(left).as("records left of %d", records).isPositive().isLessThan(records / 2);
        assertThat(dump).contains("deleteHorizonMs: OptionalLong[");
        indexes(partition);
    }

    private void indexes(Path partition) throws Exception {
        List<String> indexes = Stream.concat(files(partition, ".index").stream(), files(partition, ".timeindex").stream()).toList();
        assertThat(indexes.stream().filter(file -> Path.of(file).toFile().length() > 0)).as("indexes with entries").hasSizeGreaterThan(1);
        clean(dump(indexes, "--verify-index-only"));
        String sanity = dump(indexes, "--index-sanity-check");
        clean(sanity);
        assertThat(sanity).contains("passed sanity check");
        clean(dump(indexes));
    }

    private static String dump(List<String> files, String... options) throws Exception {
        String list = String.join(",", files);
        return KafkaPeer.tool(DUMP, Stream.concat(Stream.of(options), Stream.of("--files", list)).toArray(String[]::new));
    }

    private static void clean(String dump) {
        assertThat(dump).doesNotContainIgnoringCase("mismatch").doesNotContainIgnoringCase("corrupt")
            .doesNotContainIgnoringCase("invalid").doesNotContain("Exception").doesNotContain("isvalid: false")
            .doesNotContainIgnoringCase("out of order").doesNotContain("isValid: false");
    }

    private static List<String> files(Path partition, String suffix) throws IOException {
        try (Stream<Path> files = Files.list(partition)) {
            return files.map(Path::toString).filter(name -> name.endsWith(suffix)).sorted().collect(Collectors.toList());
        }
    }

    private void write(PartitionLog log) {
        int sequence = 0;
        for (int round = 0; round < 40; round++) {
            for (CompressionType codec : CompressionType.values()) {
                Compression compression = Compression.of(codec).build();
                append(log, MemoryRecords.withRecords(compression, some()));
                append(log, MemoryRecords.withIdempotentRecords(compression, 77, (short) 0, sequence, some()));
                TransactionGuard guard = log.expectTransaction(88, (short) 1, sequence, false);
                log.append(MemoryRecords.withTransactionalRecords(compression, 88, (short) 1, sequence, some()).buffer(), AppendOrigin.CLIENT, 4, guard);
                records += 5;
                sequence += 5;
            }
            log.endTransaction(new TransactionEnd(88, (short) 1, 3, round % 2 == 1, (short) 0), 4);
            records++;
        }
    }

    private void append(PartitionLog log, MemoryRecords batch) {
        log.append(batch.buffer(), AppendOrigin.CLIENT, 4);
        records += 5;
    }

    private SimpleRecord[] some() {
        SimpleRecord[] some = new SimpleRecord[5];
        for (int i = 0; i < some.length; i++) {
            String value = "record " + random.nextInt(10) + " " + Long.toString(random.nextLong(), 36).repeat(3);
            boolean tombstone = random.nextInt(10) == 0;
            some[i] = new SimpleRecord(System.currentTimeMillis() - random.nextInt(1000), ("key" + random.nextInt(30)).getBytes(),
                tombstone ? null : value.getBytes(), new Header[] {new RecordHeader("trace", "x".getBytes())});
        }
        return some;
    }
}
