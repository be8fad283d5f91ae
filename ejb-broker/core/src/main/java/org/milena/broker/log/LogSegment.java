package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.errors.CorruptRecordException;

/**
 * One segment: {@code .log}, its two sparse indexes and the index of aborted transactions. Appends come under the log's lock;
 * reads need none: they see the published {@link #size()} and nothing behind it.
 */
final class LogSegment {

    static final String LOG = ".log";
    static final String INDEX = ".index";
    static final String TIME_INDEX = ".timeindex";
    static final String TXN_INDEX = ".txnindex";
    static final long UNKNOWN = -2;

    private final long baseOffset;
    private final LogFile log;
    private final IndexTable offsets;
    private final IndexTable times;
    private final AbortedTransactions aborted;
    private volatile int size;
    /** {@link #UNKNOWN} until the time index of a closed segment has been asked. */
    private volatile long maxTimestamp = -1;
    private volatile long offsetOfMaxTimestamp = -1;
    /** Timestamp of the first batch, -1 until known; and when the first append came: what segment.ms counts from. */
    private volatile long firstTimestamp = -1;
    private volatile long createdMs;
    private volatile long modifiedMs;
    private int bytesSinceIndexEntry;
    /** Position up to which the .log file is on disk. */
    private volatile int flushedSize;
    private volatile boolean entrySynced;
    private volatile boolean retired;

    LogSegment(FilePool pool, Path directory, long baseOffset, boolean indexInMemory, long nowMs) {
        this(baseOffset, new LogFile(pool, file(directory, baseOffset, LOG)),
                IndexTable.offsets(new LogFile(pool, file(directory, baseOffset, INDEX)), indexInMemory),
                IndexTable.times(new LogFile(pool, file(directory, baseOffset, TIME_INDEX)), indexInMemory),
                new AbortedTransactions(new LogFile(pool, file(directory, baseOffset, TXN_INDEX))), nowMs);
    }

    LogSegment(long baseOffset, LogFile log, IndexTable offsets, IndexTable times, AbortedTransactions aborted, long nowMs) {
        this.baseOffset = baseOffset;
        this.log = log;
        this.offsets = offsets;
        this.times = times;
        this.aborted = aborted;
        this.createdMs = nowMs;
        this.modifiedMs = nowMs;
    }

    static Path file(Path directory, long baseOffset, String suffix) {
        return directory.resolve(fileName(baseOffset) + suffix);
    }

    /** Twenty digits, as Kafka names its files. */
    static String fileName(long baseOffset) {
        String digits = Long.toString(baseOffset);
        return "0".repeat(20 - digits.length()) + digits;
    }

    /** Creates the file; the index files come when the segment is closed. */
    void create() throws IOException {
        Disk.Handle handle = log.create();
        try {
            handle.truncate(0);
        } finally {
            log.release();
        }
    }

    long baseOffset() {
        return baseOffset;
    }

    int size() {
        return size;
    }

    LogFile log() {
        return log;
    }

    IndexTable offsets() {
        return offsets;
    }

    IndexTable times() {
        return times;
    }

    AbortedTransactions aborted() {
        return aborted;
    }

    /** -1 when no record has one. May read the time index once. */
    long maxTimestamp() throws IOException {
        if (maxTimestamp == UNKNOWN) {
            readMaxTimestamp();
        }
        return maxTimestamp;
    }

    /** Offset of the last record of the batch that holds {@link #maxTimestamp()}. */
    long offsetOfMaxTimestamp() throws IOException {
        maxTimestamp();
        return offsetOfMaxTimestamp;
    }

    private synchronized void readMaxTimestamp() throws IOException {
        long[] last = times.last();
        offsetOfMaxTimestamp = last == null ? -1 : baseOffset + last[1];
        maxTimestamp = last == null ? -1 : last[0];
    }

    /** Retention by time counts from here: the largest record timestamp, or the file's age where records have none. */
    long retentionTimestamp() throws IOException {
        long largest = maxTimestamp();
        return largest >= 0 ? largest : modifiedMs;
    }

    long createdMs() {
        return createdMs;
    }

    long firstTimestamp() {
        return firstTimestamp;
    }

    boolean dirty() {
        return flushedSize < size;
    }

    /** What recovery or an open found. */
    void restore(int bytes, long largestTimestamp, long offsetOfLargest, long modified, boolean onDisk) {
        size = bytes;
        maxTimestamp = largestTimestamp;
        offsetOfMaxTimestamp = offsetOfLargest;
        modifiedMs = modified;
        createdMs = modified;
        flushedSize = onDisk ? bytes : 0;
        entrySynced = onDisk;
    }

    void restoreFirstTimestamp(long timestamp) {
        firstTimestamp = timestamp;
    }

    /** True when one more append of this many bytes would break the 31-bit positions or relative offsets. */
    boolean canHold(int bytes, long lastOffset) {
        return (long) size + bytes <= Integer.MAX_VALUE && lastOffset - baseOffset <= Integer.MAX_VALUE;
    }

    /** Writes the bytes behind the published end. They become visible with {@link #publish}. */
    void write(ByteBuffer batches) throws IOException {
        Disk.Handle handle = log.acquire();
        try {
            handle.write(batches, size);
        } finally {
            log.release();
        }
    }

    /** Accounts for one batch at {@code position} that {@link #write} put there; the size is published last, by {@link #publish}. */
    void index(int position, int bytes, long lastOffset, long timestamp, int interval) {
        if (timestamp > maxTimestamp) {
            maxTimestamp = timestamp;
            offsetOfMaxTimestamp = lastOffset;
        }
        if (position == 0) {
            firstTimestamp = timestamp;
        }
        if (bytesSinceIndexEntry > interval) {
            offsets.append(lastOffset - baseOffset, position);
            times.append(maxTimestamp, (int) (offsetOfMaxTimestamp - baseOffset));
            bytesSinceIndexEntry = 0;
        }
        bytesSinceIndexEntry += bytes;
    }

    void publish(int newSize, long nowMs) {
        if (size == 0) {
            createdMs = nowMs;
        }
        modifiedMs = nowMs;
        size = newSize;
    }

    /** The segment takes no more appends: its largest timestamp is the time index's last entry. */
    void seal() {
        if (maxTimestamp >= 0 && times.inMemory()) {
            times.append(maxTimestamp, (int) (offsetOfMaxTimestamp - baseOffset));
        }
    }

    /** Writes the indexes so far to their files, to be found by a recovery; they stay in memory. */
    void mark() throws IOException {
        offsets.persist(false, false);
        times.persist(false, false);
    }

    /** Fsyncs what is not yet on disk; a sealed segment's indexes go to their files with it and leave memory. */
    void flush(boolean sealed) throws IOException {
        int written = size;
        if (flushedSize < written || !entrySynced) {
            Disk.Handle handle = log.acquire();
            try {
                handle.force();
            } finally {
                log.release();
            }
        }
        if (aborted.flush()) {
            entrySynced = false;
        }
        if (sealed && offsets.inMemory() && !retired) {
            offsets.persist(true, true);
            times.persist(true, true);
            entrySynced = false;
        }
        if (!entrySynced) {
            log.disk().syncDirectory(log.path().getParent());
            entrySynced = true;
        }
        flushedSize = Math.max(flushedSize, written);
    }

    /** The first batch at or after {@code from} whose last offset is &gt;= {@code offset}, or null when there is none before {@code limit}. */
    BatchPosition walkTo(int from, long offset, int limit) throws IOException {
        return walk(from, limit, offset, Integer.MAX_VALUE);
    }

    /** The end of the last whole batch that ends at or before {@code target}, walking from the batch at {@code from}. */
    int lastBoundary(int from, int target, int limit) throws IOException {
        BatchPosition crossing = walk(from, limit, Long.MAX_VALUE, target);
        return crossing == null ? limit : crossing.position();
    }

    /** Walks headers until a batch reaches {@code offset} or ends behind {@code target}. */
    private BatchPosition walk(int from, int limit, long offset, int target) throws IOException {
        Disk.Handle handle = log.acquire();
        ByteBuffer chunk = log.scratch().borrow();
        try {
            return walk(handle, chunk, from, limit, offset, target);
        } finally {
            log.scratch().giveBack(chunk);
            log.release();
        }
    }

    private BatchPosition walk(Disk.Handle handle, ByteBuffer chunk, int from, int limit, long offset, int target) throws IOException {
        int chunkStart = from;
        chunk.limit(0);
        for (int position = from; position < limit; ) {
            if (position - chunkStart + BatchHeader.WALK_BYTES > chunk.limit()) {
                chunk.clear().limit(Math.min(chunk.capacity(), limit - position));
                chunkStart = position;
                handle.read(chunk, position);
                chunk.flip();
            }
            int at = position - chunkStart;
            if (chunk.limit() - at < BatchHeader.WALK_BYTES) {
                throw damaged(position, "the file ends inside a batch header");
            }
            int bytes = BatchHeader.size(chunk, at);
            if (bytes < BatchHeader.WALK_BYTES || bytes > limit - position) {
                throw damaged(position, "a batch claims " + bytes + " bytes of " + (limit - position));
            }
            long last = BatchHeader.lastOffset(chunk, at);
            if (last < baseOffset) {
                throw damaged(position, "a batch ends at offset " + last);
            }
            if (last >= offset || (long) position + bytes > target) {
                return new BatchPosition(position, bytes, BatchHeader.baseOffset(chunk, at), last);
            }
            position += bytes;
        }
        return null;
    }

    /** Cuts the batch that reaches {@code offset} and all behind it; the segment takes appends again. Under the log's lock. */
    void truncateTo(long offset, int indexInterval) throws IOException {
        BatchPosition first = walkTo(floorPosition(offset), offset, size);
        int end = first == null ? size : first.position();
        Disk.Handle handle = log.acquire();
        try {
            handle.truncate(end);
            offsets.reset();
            times.reset();
            aborted.truncate(offset);
            restore(0, -1, -1, modifiedMs, false);
            SegmentScanner scanner = new SegmentScanner(handle, SegmentScanner.NOT, baseOffset, false);
            scanner.scan(0, end, (b, at, position, bytes) ->
                    index(position, bytes, BatchHeader.lastOffset(b, at), BatchHeader.maxTimestamp(b, at), indexInterval));
            size = end;
        } finally {
            log.release();
        }
    }

    CorruptRecordException damaged(int position, String what) {
        return new CorruptRecordException(Damage.describe(log.path(), position, what));
    }

    /** Index position to start walking from for an offset. */
    int floorPosition(long offset) throws IOException {
        return Math.max(0, offsets.valueAtFloor(offset - baseOffset));
    }

    /** Renames all files; a reader that holds one keeps it. */
    void rename(UnaryOperator<Path> target) throws IOException {
        for (LogFile file : files()) {
            if (log.disk().exists(file.path())) {
                file.rename(target.apply(file.path()));
            }
        }
    }

    List<LogFile> files() {
        return List.of(log, offsets.file(), times.file(), aborted.file());
    }

    void retire() {
        retired = true;
        log.retire();
        offsets.file().retire();
        times.file().retire();
        aborted.file().retire();
    }

    /** Takes the files out of the log's sight; readers that hold them finish before {@code dueMs}. */
    void discard(Trash trash, long dueMs) throws IOException {
        retire();
        rename(file -> file.resolveSibling(file.getFileName() + LogNames.DELETED));
        for (LogFile file : files()) {
            trash.add(file.path(), dueMs);
        }
    }

    @Override
    public String toString() {
        return log.path().toString();
    }
}
