package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.milena.broker.log.clean.SegmentSwap;

/**
 * Opens the directory of one partition. After a clean stop nothing is scanned. After an unclean one the segments from the recovery
 * point on are, batch by batch, and what the crash tore off is cut: what lies above the recovery point was never promised to
 * survive a power cut, so the log goes back to before the first batch that did not reach the disk. Any other damage throws and
 * changes nothing: below the recovery point everything was on disk, and a batch that is whole but wrong was not torn by a crash
 * (see docs/decisions/0004-torn-tail.md).
 */
final class LogRecovery {

    private static final System.Logger LOG = System.getLogger(LogRecovery.class.getName());

    private final FileLogDirectory directory;
    private final Disk disk;
    private final TopicPartition partition;
    private final Path path;
    private final boolean clean;
    private final long recoveryPoint;
    private final long checkpointedStart;
    private final long nowMs;
    private final ConcurrentSkipListMap<Long, LogSegment> segments = new ConcurrentSkipListMap<>();
    private final LeaderEpochs epochs;
    private final ProducerStates producers;
    private final Map<String, Path> files = new HashMap<>();
    /** The last segment scanned ends in bytes that are no whole batch, for this reason. */
    private boolean torn;
    private String tornWhy;
    private boolean scanned;
    private long scannedBytes;

    /**
     * @param clean             the broker stopped in order: all that is there is whole
     * @param recoveryPoint     below it everything was on disk; 0 when unknown
     * @param checkpointedStart the checkpointed log start offset, or 0
     */
    LogRecovery(FileLogDirectory directory, TopicPartition partition, Path path, boolean clean, long recoveryPoint,
                long checkpointedStart, long nowMs) {
        this.directory = directory;
        this.disk = directory.disk();
        this.partition = partition;
        this.path = path;
        this.clean = clean;
        this.recoveryPoint = recoveryPoint;
        this.checkpointedStart = checkpointedStart;
        this.nowMs = nowMs;
        this.epochs = new LeaderEpochs(disk, path);
        this.producers = new ProducerStates(partition);
    }

    LoadedLog load() throws IOException {
        SegmentSwap.recover(disk, path);
        for (Path file : disk.list(path)) {
            String name = file.getFileName().toString();
            files.put(name, file);
            if (name.endsWith(LogNames.DELETED)) {
                directory.trash().add(file, nowMs);
            }
        }
        epochs.load();
        List<Long> bases = new ArrayList<>();
        for (String name : files.keySet()) {
            if (name.endsWith(LogSegment.LOG)) {
                bases.add(Long.parseLong(name.substring(0, name.length() - LogSegment.LOG.length())));
            }
        }
        bases.sort(Comparator.naturalOrder());
        long end = bases.isEmpty() ? createFirst() : open(bases);
        cut(segments.lastEntry().getValue());
        if (end < checkpointedStart) {
            end = startOver(end);
        }
        long start = Math.max(checkpointedStart, segments.firstKey());
        epochs.truncateFromEnd(end);
        long snapshot = new ProducerLoader(disk, partition, path, segments, producers).load(start, end, scanned ? recoveryPoint : Long.MAX_VALUE);
        return new LoadedLog(partition, path, PartitionMetadataFile.read(disk, path), segments, epochs, producers, snapshot, start, end,
                clean ? end : Math.min(recoveryPoint, end));
    }

    /** What an unclean stop made {@link #load} read of the log. */
    long scannedBytes() {
        return scannedBytes;
    }

    private long createFirst() throws IOException {
        LogSegment segment = new LogSegment(directory.files(), path, checkpointedStart, true, nowMs);
        segment.create();
        segments.put(checkpointedStart, segment);
        return checkpointedStart;
    }

    /**
     * DeleteRecords was durable, the records that it deleted were not: the log goes on behind them, or their offsets, which readers
     * may have seen, would be given away again.
     */
    private long startOver(long end) throws IOException {
        LOG.log(System.Logger.Level.WARNING, "{0}: the log ends at offset {1}, but all records below {2} have been deleted: it starts empty at {2}",
                partition, end, checkpointedStart);
        for (LogSegment segment : segments.descendingMap().values()) {
            segment.discard(directory.trash(), nowMs);
        }
        segments.clear();
        scanned = false;
        return createFirst();
    }

    /** Opens the segments in order; returns the log end offset. */
    private long open(List<Long> bases) throws IOException {
        long end = bases.get(0);
        for (int i = 0; i < bases.size(); i++) {
            long base = bases.get(i);
            List<Long> later = bases.subList(i + 1, bases.size());
            boolean trusted = clean || !later.isEmpty() && later.get(0) <= recoveryPoint;
            LogSegment segment = new LogSegment(directory.files(), path, base, later.isEmpty() || !trusted, nowMs);
            segments.put(base, segment);
            if (trusted) {
                end = openTrusted(segment, later);
                continue;
            }
            end = scan(segment, Math.max(end, base), later);
            boolean gap = !later.isEmpty() && end < later.get(0) && !mayHaveGaps();
            if (end < recoveryPoint && (gap || later.isEmpty())) {
                throw segment.damaged(segment.size(), "the log ends at offset " + end + ", but offsets below " + recoveryPoint
                        + " were known to be on disk");
            }
            if (torn || gap) {
                drop(segment, end, later);
                break;
            }
            if (!later.isEmpty()) {
                segment.seal(); // the crash may have come before its indexes were written
            }
        }
        return end;
    }

    /** Compaction leaves gaps between segments. Where the policy is not known, one proves nothing. */
    private boolean mayHaveGaps() throws IOException {
        return TopicConfigsFile.read(disk, path)
                .map(configs -> configs.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE)
                        .contains(TopicConfig.CLEANUP_POLICY_COMPACT))
                .orElse(true);
    }

    /** The crash took the end of {@code segment}: what follows it can't stay, whole or not. From the last one, lest a crash leave a gap. */
    private void drop(LogSegment segment, long end, List<Long> later) throws IOException {
        for (int i = later.size() - 1; i >= 0; i--) {
            long base = later.get(i);
            Path file = LogSegment.file(path, base, LogSegment.LOG);
            LOG.log(System.Logger.Level.ERROR, "{0}: the end of {1} did not reach the disk before the crash: the log ends at offset {2}, above the"
                    + " recovery point {3}. Removing {4} with {5} bytes", partition, segment.log(), end, recoveryPoint, file, sizeOf(file));
            for (String suffix : List.of(LogSegment.INDEX, LogSegment.TIME_INDEX, LogSegment.TXN_INDEX, LogSegment.LOG)) {
                disk.delete(LogSegment.file(path, base, suffix));
            }
        }
        if (!later.isEmpty()) {
            disk.syncDirectory(path);
        }
    }

    private boolean holdValidBatch(List<Long> later) throws IOException {
        for (long base : later) {
            LogFile file = new LogFile(directory.files(), LogSegment.file(path, base, LogSegment.LOG));
            Disk.Handle handle = file.acquire();
            try {
                if (new SegmentScanner(handle, 0, base, false).validBatchBehind(0, sizeOf(file.path()))) {
                    return true;
                }
            } finally {
                file.release();
                file.retire();
            }
        }
        return false;
    }

    private long openTrusted(LogSegment segment, List<Long> later) throws IOException {
        boolean last = later.isEmpty();
        long nextBase = last ? segment.baseOffset() : later.get(0);
        Path file = segment.log().path();
        int size = sizeOf(file);
        long modified = disk.lastModified(file);
        if (!last && indexFits(segment.offsets()) && indexFits(segment.times())) {
            segment.restore(size, LogSegment.UNKNOWN, -1, modified, true);
            return nextBase;
        }
        if (last && indexFits(segment.offsets()) && indexFits(segment.times()) && size > 0) {
            segment.offsets().load(true);
            segment.times().load(true);
            if (ordered(segment, size)) {
                return continueIndex(segment, size, modified);
            }
        }
        return rebuild(segment, size, modified, nextBase);
    }

    private int sizeOf(Path file) throws IOException {
        long size = disk.size(file);
        if (size > Integer.MAX_VALUE) {
            throw new CorruptRecordException(Damage.describe(file, Integer.MAX_VALUE, "a segment larger than 2 GiB"));
        }
        return (int) size;
    }

    private boolean indexFits(IndexTable index) throws IOException {
        Path file = files.get(index.file().path().getFileName().toString());
        return file != null && disk.size(file) % index.entryBytes() == 0;
    }

    /** The active segment after a clean stop: only what lies behind its last index entry is read. */
    private long continueIndex(LogSegment segment, int size, long modified) throws IOException {
        long[] lastEntry = segment.offsets().last();
        int from = lastEntry == null ? 0 : (int) lastEntry[1];
        restoreIndexed(segment, from, modified, true);
        return index(segment, from, size, modified, segment.baseOffset());
    }

    private long rebuild(LogSegment segment, int size, long modified, long minimumEnd) throws IOException {
        segment.offsets().clear();
        segment.times().clear();
        segment.restore(0, -1, -1, modified, true);
        long end = Math.max(minimumEnd, index(segment, 0, size, modified, segment.baseOffset()));
        if (minimumEnd > segment.baseOffset()) {
            segment.seal();
            segment.flush(true);
        }
        return end;
    }

    private long index(LogSegment segment, int from, int size, long modified, long expected) throws IOException {
        Disk.Handle handle = segment.log().acquire();
        try {
            SegmentScanner scanner = new SegmentScanner(handle, SegmentScanner.NOT, expected, false);
            int end = scanner.scan(from, size, (b, at, position, bytes) -> indexBatch(segment, b, at, position, bytes));
            if (end < size) {
                throw segment.damaged(end, scanner.damage());
            }
            segment.restore(size, segment.maxTimestamp(), segment.offsetOfMaxTimestamp(), modified, true);
            return scanner.nextOffset();
        } finally {
            segment.log().release();
        }
    }

    private void indexBatch(LogSegment segment, ByteBuffer b, int at, int position, int bytes) {
        segment.index(position, bytes, BatchHeader.lastOffset(b, at), BatchHeader.maxTimestamp(b, at), 4096);
        if (BatchHeader.magic(b, at) == 2) {
            epochs.assign(BatchHeader.leaderEpoch(b, at), BatchHeader.baseOffset(b, at));
        }
    }

    /** Recovers one segment after an unclean stop; returns the offset behind its last whole batch. */
    private long scan(LogSegment segment, long expected, List<Long> later) throws IOException {
        Path file = segment.log().path();
        int size = sizeOf(file);
        long modified = disk.lastModified(file);
        segment.restore(0, -1, -1, modified, false);
        Disk.Handle handle = segment.log().acquire();
        try {
            int from = resume(segment, handle, size, modified);
            scannedBytes += size - from;
            long first = from == 0 ? expected : header(handle, from).getLong(0);
            scanned = true;
            SegmentScanner scanner = new SegmentScanner(handle, from == 0 ? 0 : recoveryPoint, first, !mayHaveGaps());
            int end = scanner.scan(from, size, (b, at, position, bytes) -> indexBatch(segment, b, at, position, bytes));
            if (end < size) {
                judgeTail(segment, scanner, end, size, later);
            }
            segment.restore(end, segment.maxTimestamp(), segment.offsetOfMaxTimestamp(), modified, false);
            return scanner.nextOffset();
        } finally {
            segment.log().release();
        }
    }

    /**
     * Where the indexes that {@link SegmentedLog#mark} kept let the scan begin: at a batch below the recovery point. 0 when there are
     * none, or they don't fit.
     */
    private int resume(LogSegment segment, Disk.Handle handle, int size, long modified) throws IOException {
        long base = segment.baseOffset();
        if (recoveryPoint <= base || !indexFits(segment.offsets()) || !indexFits(segment.times())) {
            return 0;
        }
        segment.offsets().load(false);
        segment.times().load(false);
        int position = ordered(segment, size) ? segment.offsets().valueAtFloor(recoveryPoint - 1 - base) : 0;
        if (position > 0) {
            segment.offsets().truncateValues(position + 1);
            int relative = (int) segment.offsets().last()[0];
            segment.times().truncateValues(relative + 1);
            ByteBuffer header = header(handle, position);
            if (BatchHeader.magic(header, 0) == 2 && BatchHeader.lastOffset(header, 0) == base + relative) {
                restoreIndexed(segment, position, modified, false);
                return position;
            }
        }
        segment.offsets().clear();
        segment.times().clear();
        return 0;
    }

    private static boolean ordered(LogSegment segment, int size) {
        return segment.offsets().ascendsBelow(Integer.MAX_VALUE, size) && segment.times().ascendsBelow(Long.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static ByteBuffer header(Disk.Handle handle, int position) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(BatchHeader.SIZE);
        handle.read(header, position);
        return header;
    }

    /** The segment up to {@code position} as its indexes, which are in memory, tell it. */
    private static void restoreIndexed(LogSegment segment, int position, long modified, boolean onDisk) throws IOException {
        long[] lastTime = segment.times().last();
        segment.restore(position, lastTime == null ? -1 : lastTime[0], lastTime == null ? -1 : segment.baseOffset() + lastTime[1], modified, onDisk);
        Disk.Handle handle = segment.log().acquire();
        try {
            segment.restoreFirstTimestamp(BatchHeader.maxTimestamp(header(handle, 0), 0));
        } finally {
            segment.log().release();
        }
    }

    /** Tells a tail that did not reach the disk from a damage: the latter throws. */
    private void judgeTail(LogSegment segment, SegmentScanner scanner, int end, int size, List<Long> later) throws IOException {
        String what = scanner.damage();
        if (scanner.nextOffset() < recoveryPoint) {
            throw segment.damaged(end, what + "; offsets below " + recoveryPoint + " were known to be on disk");
        }
        if (scanner.wholeButForItsSize(end, size)) {
            throw segment.damaged(end, what + ", and yet it is whole: its size is damaged");
        }
        if (!scanner.unwritten(end, size)) {
            boolean validBehind = scanner.validBatchBehind(end, size);
            if (validBehind || !scanner.cutShort() && holdValidBatch(later)) {
                throw segment.damaged(end, what + "; valid batches are here or follow, so this is no torn tail");
            }
        }
        torn = true;
        tornWhy = what;
    }

    /** Cuts the torn tail, if there is one, once nothing speaks against it any more. */
    private void cut(LogSegment segment) throws IOException {
        if (!torn) {
            return;
        }
        LOG.log(System.Logger.Level.WARNING, "{0}: cutting the torn tail of {1}, {2} bytes from position {3}: {4}", partition, segment.log(),
                sizeOf(segment.log().path()) - segment.size(), segment.size(), tornWhy);
        Disk.Handle handle = segment.log().acquire();
        try {
            handle.truncate(segment.size());
            // At once: a roll could follow, and after a power cut the tail would stand again, in a segment taken for finished.
            handle.force();
        } finally {
            segment.log().release();
        }
        torn = false;
    }
}
