package org.milena.broker.log.clean;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.milena.broker.log.Disk;
import org.milena.broker.log.LogConfig;

/** The least that can be compacted: segments on a {@link CrashDisk}, opened anew after each crash. Every append is synced. */
final class SimulatedLog implements CleanableLog {
    final CrashDisk disk;
    LogConfig config;
    long stable = Long.MAX_VALUE;
    long logStart;
    private final TopicPartition partition = new TopicPartition("table", 0);
    private final Path directory = Path.of("/logs/table-0");
    private final TreeMap<Long, Segment> segments = new TreeMap<>();
    private final Map<Long, LastRecord> producers = new HashMap<>();
    private final Map<Long, Long> openTransactions = new TreeMap<>();
    private long end;

    SimulatedLog(CrashDisk disk, LogConfig config) throws IOException {
        this.disk = disk;
        this.config = config;
        roll();
    }

    private final class Segment implements CleanableSegment {
        final long base;

        Segment(long base) {
            this.base = base;
        }

        @Override
        public long baseOffset() {
            return base;
        }

        @Override
        public int size() {
            return (int) disk.size(file(".log"));
        }

        Path file(String suffix) {
            return SegmentSwap.file(directory, base, suffix);
        }

        @Override
        public long largestTimestamp() {
            long largest = 0;
            for (RecordBatch batch : batches()) {
                largest = Math.max(largest, batch.maxTimestamp());
            }
            return largest;
        }

        @Override
        public long firstBatchTimestamp() {
            for (RecordBatch batch : batches()) {
                return batch.maxTimestamp();
            }
            return -1;
        }

        @Override
        public void read(ByteBuffer into, int position) throws IOException {
            try (Disk.Handle handle = disk.open(file(".log"), Disk.Mode.READ)) {
                handle.read(into, position);
            }
        }

        List<AbortedTransaction> aborted() throws IOException {
            List<AbortedTransaction> entries = new ArrayList<>();
            if (disk.exists(file(".txnindex"))) {
                ByteBuffer bytes = ByteBuffer.wrap(disk.readAll(file(".txnindex")));
                while (bytes.hasRemaining()) {
                    bytes.getShort();
                    entries.add(new AbortedTransaction(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong()));
                }
            }
            return entries;
        }

        @Override
        public String name() {
            return file(".log").toString();
        }

        Iterable<MutableRecordBatch> batches() {
            try {
                return MemoryRecords.readableRecords(ByteBuffer.wrap(disk.readAll(file(".log")))).batches();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    void roll() throws IOException {
        Segment segment = new Segment(end);
        disk.open(segment.file(".log"), Disk.Mode.CREATE).close();
        disk.syncDirectory(directory);
        segments.put(end, segment);
    }

    void append(MemoryRecords records) throws IOException {
        Segment active = segments.lastEntry().getValue();
        for (MutableRecordBatch batch : records.batches()) {
            end = batch.lastOffset() + 1;
            note(batch, active);
        }
        write(active.file(".log"), records.buffer());
    }

    private void note(MutableRecordBatch batch, Segment active) throws IOException {
        if (!batch.hasProducerId()) {
            return;
        }
        long id = batch.producerId();
        if (!batch.isControlBatch()) {
            producers.put(id, new LastRecord(OptionalLong.of(batch.lastOffset()), batch.producerEpoch()));
            if (batch.isTransactional()) {
                openTransactions.putIfAbsent(id, batch.baseOffset());
            }
            return;
        }
        Long first = openTransactions.remove(id);
        Record marker = batch.iterator().next();
        if (first != null && ControlRecordType.parse(marker.key()) == ControlRecordType.ABORT) {
            ByteBuffer entry = ByteBuffer.allocate(34).putShort((short) 0).putLong(id).putLong(first).putLong(batch.lastOffset()).putLong(end);
            write(active.file(".txnindex"), entry.flip());
        }
    }

    private void write(Path file, ByteBuffer bytes) throws IOException {
        try (Disk.Handle handle = disk.open(file, Disk.Mode.CREATE)) {
            handle.write(bytes, handle.size());
            handle.force();
        }
        disk.syncDirectory(directory);
    }

    /** As after a restart: only what the directory holds counts. */
    void reopen() throws IOException {
        SegmentSwap.recover(disk, directory);
        segments.clear();
        for (Path path : disk.list(directory)) {
            String name = path.getFileName().toString();
            if (name.endsWith(".log")) {
                long base = Long.parseLong(name.substring(0, 20));
                segments.put(base, new Segment(base));
            } else if (name.endsWith(".cleaned") || name.endsWith(".swap")) {
                throw new AssertionError("left behind: " + name);
            }
        }
    }

    Iterable<MutableRecordBatch> batchesOf(long base) {
        return segments.get(base).batches();
    }

    List<Long> bases() {
        return List.copyOf(segments.keySet());
    }

    List<AbortedTransaction> allAborted() throws IOException {
        List<AbortedTransaction> all = new ArrayList<>();
        for (Segment segment : segments.values()) {
            all.addAll(segment.aborted());
        }
        return all;
    }

    void deleteFirstSegment() throws IOException {
        Segment first = segments.pollFirstEntry().getValue();
        disk.delete(first.file(".log"));
        logStart = segments.firstKey();
    }

    void corrupt(long base, int position) throws IOException {
        try (Disk.Handle handle = disk.open(segments.get(base).file(".log"), Disk.Mode.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            handle.read(one, position);
            handle.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 4)}), position);
        }
    }

    long firstUnstable() {
        return openTransactions.values().stream().mapToLong(Long::longValue).min().orElse(end);
    }

    void expire(long producerId) {
        producers.remove(producerId);
    }

    @Override
    public TopicPartition topicPartition() {
        return partition;
    }

    @Override
    public LogConfig config() {
        return config;
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public long logStartOffset() {
        return logStart;
    }

    @Override
    public long logEndOffset() {
        return end;
    }

    @Override
    public long stableOffset() {
        return Math.min(stable, firstUnstable());
    }

    @Override
    public List<? extends CleanableSegment> closedSegments() {
        List<Segment> closed = new ArrayList<>(segments.values());
        return closed.subList(0, closed.size() - 1);
    }

    @Override
    public long activeSegmentBaseOffset() {
        return segments.lastKey();
    }

    @Override
    public List<AbortedTransaction> abortedTransactions(long from, long to) throws IOException {
        return allAborted().stream().filter(entry -> entry.lastOffset() >= from && entry.firstOffset() < to).toList();
    }

    @Override
    public Map<Long, LastRecord> activeProducers() {
        return producers;
    }

    @Override
    public boolean replace(List<? extends CleanableSegment> sources, CleanedSegment replacement) throws IOException {
        for (CleanableSegment source : sources) {
            if (segments.get(source.baseOffset()) != source) {
                return false;
            }
        }
        SegmentSwap.prepare(disk, directory, replacement.baseOffset());
        for (CleanableSegment source : sources) {
            segments.remove(source.baseOffset());
            for (String suffix : new String[] {".log", ".index", ".timeindex", ".txnindex"}) {
                Path file = ((Segment) source).file(suffix);
                if (disk.exists(file)) {
                    disk.rename(file, file.resolveSibling(file.getFileName() + ".deleted"));
                }
            }
        }
        SegmentSwap.finish(disk, directory, replacement.baseOffset());
        segments.put(replacement.baseOffset(), new Segment(replacement.baseOffset()));
        return true;
    }

    @Override
    public boolean isOpen() {
        return true;
    }
}
