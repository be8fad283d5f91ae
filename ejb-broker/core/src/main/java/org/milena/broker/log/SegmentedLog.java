package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.milena.broker.log.clean.CleanableLog;
import org.milena.broker.log.validate.RecordValidator;
import org.milena.broker.log.validate.RecordValidators;
import org.milena.broker.log.validate.ValidationResult;
import org.milena.broker.time.BrokerClock;

/**
 * The log of a partition on disk.
 *
 * <p>Two locks, always taken in this order: {@code maintenance} (flush, retention, truncation, compaction's swap: may wait for
 * fsyncs) and {@code lock} (appends). An append takes only the second, a read neither.
 */
final class SegmentedLog implements PartitionLog {

    private final TopicPartition partition;
    private final FileLogDirectory directory;
    private final Path path;
    private final BrokerClock clock;
    private final ConcurrentSkipListMap<Long, LogSegment> segments;
    private final LeaderEpochs epochs;
    private final ProducerStates producers;
    private final TailCache tail = new TailCache();
    private final LogReader reader;
    private final LogFlushes flushes;
    private final LogRemovals removals;
    private final Object maintenance = new Object();
    private final Object lock = new Object();
    private volatile Uuid topicId;
    private volatile LogConfig config;
    private volatile LogSegment active;
    private volatile long logStartOffset;
    private volatile long logEndOffset;
    private volatile long closedBytes;
    private volatile boolean closed;
    private volatile LongSupplier highWatermark = this::logEndOffset;

    SegmentedLog(LoadedLog loaded, FileLogDirectory directory, LogConfig config, BrokerClock clock) {
        this.partition = loaded.partition();
        this.directory = directory;
        this.path = loaded.path();
        this.topicId = loaded.topicId();
        this.config = config;
        this.clock = clock;
        this.segments = loaded.segments();
        this.epochs = loaded.epochs();
        this.producers = loaded.producers();
        this.active = segments.lastEntry().getValue();
        this.logStartOffset = loaded.logStartOffset();
        this.logEndOffset = loaded.logEndOffset();
        this.flushes = new LogFlushes(this, directory, producers, maintenance, lock, loaded.snapshotOffset(), loaded.recoveryPoint(),
                segments.floorKey(Math.max(loaded.recoveryPoint(), segments.firstKey())), clock.millis());
        this.removals = new LogRemovals(this, segments, maintenance, lock);
        this.reader = new LogReader(this, segments, tail);
        tail.reset(active.baseOffset());
        recountClosedBytes();
    }

    @Override
    public TopicPartition topicPartition() {
        return partition;
    }

    @Override
    public Uuid topicId() {
        return topicId;
    }

    void assignTopicId(Uuid id) {
        topicId = id;
    }

    @Override
    public FileLogDirectory directory() {
        return directory;
    }

    Path path() {
        return path;
    }

    @Override
    public LogConfig config() {
        return config;
    }

    @Override
    public void updateConfig(LogConfig next) {
        config = next;
    }

    @Override
    public LogAppendInfo append(ByteBuffer source, AppendOrigin origin, int leaderEpoch, TransactionGuard guard) {
        RecordValidators validators = directory.validators();
        RecordValidator validator = validators.borrow();
        try {
            synchronized (lock) {
                ensureOpen();
                long nowMs = clock.millis();
                ValidationResult valid = validator.validate(partition, source, origin, config, leaderEpoch, logEndOffset, nowMs);
                ProducerEntry.Batch original = checkProducers(valid.records(), origin, guard);
                if (original != null) {
                    return new LogAppendInfo(original.firstOffset(), original.lastOffset(), original.timestamp(), logStartOffset, true,
                            config.flushMessages() != Long.MAX_VALUE && original.lastOffset() >= flushes.recoveryPoint());
                }
                return append(valid, origin, nowMs);
            }
        } finally {
            validators.giveBack(validator);
        }
    }

    @Override
    public LogAppendInfo endTransaction(TransactionEnd end, int leaderEpoch) {
        RecordValidators validators = directory.validators();
        RecordValidator validator = validators.borrow();
        try {
            synchronized (lock) {
                ensureOpen();
                producers.check(end, logEndOffset);
                long nowMs = clock.millis();
                return append(validator.validate(partition, end.marker(nowMs), AppendOrigin.TRANSACTION_MARKER, config, leaderEpoch,
                        logEndOffset, nowMs), AppendOrigin.TRANSACTION_MARKER, nowMs);
            }
        } finally {
            validators.giveBack(validator);
        }
    }

    @Override
    public TransactionGuard expectTransaction(long producerId, short producerEpoch, int firstSequence, boolean epochRises) {
        return producers.expectTransaction(producerId, producerEpoch, firstSequence, epochRises, clock.millis());
    }

    @Override
    public int sealTransaction(long producerId, short producerEpoch) {
        synchronized (lock) {
            ensureOpen();
            return producers.seal(producerId, producerEpoch);
        }
    }

    @Override
    public void checkTransaction(long producerId, short producerEpoch, TransactionGuard guard) {
        producers.checkTransaction(producerId, producerEpoch, guard, logEndOffset);
    }

    private LogAppendInfo append(ValidationResult valid, AppendOrigin origin, long nowMs) {
        LogConfig now = config;
        ByteBuffer bytes = valid.records();
        int size = bytes.remaining();
        if (size == 0) {
            throw new InvalidRecordException("An append to " + partition + " holds no whole record batch");
        }
        if (size > now.segmentBytes() && origin != AppendOrigin.TRANSACTION_MARKER) {
            throw new RecordBatchTooLargeException("The append of " + size + " bytes to " + partition
                    + " exceeds segment.bytes " + now.segmentBytes());
        }
        try {
            LogSegment segment = segmentFor(valid, size, nowMs, now);
            int position = segment.size();
            int start = bytes.position();
            segment.write(bytes);
            bytes.position(start);
            account(segment, bytes, position, now.indexIntervalBytes());
            segment.publish(position + size, nowMs);
        } catch (IOException | RuntimeException | Error e) {
            // Whatever it was: the append is half done, and a retry could be taken for a duplicate of what is not there.
            throw directory.fail("an append to " + active.log(), e);
        }
        logEndOffset = valid.lastOffset() + 1;
        boolean flush = logEndOffset - flushes.recoveryPoint() >= now.flushMessages();
        return new LogAppendInfo(valid.firstOffset(), valid.lastOffset(), valid.logAppendTime(), logStartOffset, false, flush);
    }

    private ProducerEntry.Batch checkProducers(ByteBuffer bytes, AppendOrigin origin, TransactionGuard guard) {
        for (int at = bytes.position(); at < bytes.limit(); at += BatchHeader.size(bytes, at)) {
            ProducerEntry.Batch original = producers.check(bytes, at, origin, guard, logEndOffset);
            if (original != null) {
                return original;
            }
        }
        return null;
    }

    private LogSegment segmentFor(ValidationResult valid, int size, long nowMs, LogConfig now) throws IOException {
        if (RollPolicy.shouldRoll(active, size, valid.maxTimestamp(), valid.lastOffset(), nowMs, now, partition)) {
            roll(Math.max(logEndOffset, valid.firstOffset()), nowMs);
        }
        return active;
    }

    private void account(LogSegment segment, ByteBuffer bytes, int position, int indexInterval) throws IOException {
        for (int at = bytes.position(); at < bytes.limit(); ) {
            int size = BatchHeader.size(bytes, at);
            long base = BatchHeader.baseOffset(bytes, at);
            long last = BatchHeader.lastOffset(bytes, at);
            epochs.assign(BatchHeader.leaderEpoch(bytes, at), base);
            segment.index(position, size, last, BatchHeader.maxTimestamp(bytes, at), indexInterval);
            AbortedTransactions.Entry aborted = producers.apply(bytes, at);
            if (aborted != null) {
                segment.aborted().append(aborted);
            }
            tail.add(base, last, position, size);
            position += size;
            at += size;
        }
    }

    /** Opens a new active segment; the flusher brings the old one to disk. Holds {@code lock}. */
    void roll(long baseOffset, long nowMs) throws IOException {
        LogSegment old = active;
        LogSegment next = new LogSegment(directory.files(), path, baseOffset, true, nowMs);
        if (old.size() == 0 && old.baseOffset() == baseOffset) {
            return;
        }
        old.seal();
        flushes.writeSnapshot(logEndOffset);
        next.create();
        closedBytes += old.size();
        tail.reset(baseOffset);
        segments.put(baseOffset, next);
        active = next;
        directory.groupCommit().await(this, logEndOffset - 1, error -> { });
    }

    @Override
    public LogRead read(long offset, int maxBytes, long upperBound, boolean minOneBatch) {
        return reader.read(offset, maxBytes, upperBound, minOneBatch);
    }

    @Override
    public long logStartOffset() {
        return logStartOffset;
    }

    @Override
    public long logEndOffset() {
        return logEndOffset;
    }

    @Override
    public void boundBy(LongSupplier committed) {
        highWatermark = committed;
    }

    @Override
    public long highWatermark() {
        return Math.min(highWatermark.getAsLong(), logEndOffset);
    }

    /** The smaller of high watermark and last stable offset: what lies above may still change its meaning. */
    long stableOffset() {
        long committed = highWatermark();
        return Math.min(committed, firstUnstableOffset());
    }

    @Override
    public long firstUnstableOffset() {
        long first = producers.firstUnstableOffset(highWatermark());
        return first == Long.MAX_VALUE ? first : Math.max(first, logStartOffset);
    }

    @Override
    public List<UnconfirmedTransaction> unconfirmedTransactions() {
        return producers.unconfirmedTransactions();
    }

    @Override
    public long oldestTransactionMs() {
        return producers.oldestTransactionMs();
    }

    @Override
    public long recoveryPoint() {
        return flushes.recoveryPoint();
    }

    @Override
    public long size() {
        return closedBytes + active.size();
    }

    @Override
    public List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, long toOffset) {
        return reader.abortedTransactions(fromOffset, toOffset);
    }

    @Override
    public List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, LogRead read, long bound) {
        return reader.abortedTransactions(fromOffset, read, bound);
    }

    @Override
    public Optional<TimestampedOffset> offsetForTimestamp(long timestamp, long upperBound) {
        return reader.offsetForTimestamp(timestamp, upperBound);
    }

    @Override
    public Optional<TimestampedOffset> offsetOfMaxTimestamp(long upperBound) {
        return reader.offsetOfMaxTimestamp(upperBound);
    }

    @Override
    public OptionalInt latestEpoch() {
        return epochs.latest();
    }

    @Override
    public EpochEnd endOffsetForEpoch(int epoch) {
        return epochs.endOffsetFor(epoch, logEndOffset);
    }

    @Override
    public OptionalInt epochForOffset(long offset) {
        return offset >= logEndOffset ? OptionalInt.empty() : epochs.epochFor(offset);
    }

    @Override
    public void flush() {
        flushes.flush();
    }

    LogFlushes flushes() {
        return flushes;
    }

    @Override
    public void rollIfDue(long nowMs) {
        synchronized (lock) {
            ensureOpen();
            if (RollPolicy.due(active, nowMs, config, partition)) {
                tryRoll(nowMs);
            }
        }
    }

    private void tryRoll(long nowMs) {
        try {
            roll(logEndOffset, nowMs);
        } catch (IOException e) {
            throw directory.fail("a roll of " + partition, e);
        }
    }

    @Override
    public void advanceLogStart(long newStart) {
        removals.advanceLogStart(newStart);
    }

    @Override
    public int enforceRetention(long nowMs, long upperBound) {
        return removals.enforceRetention(nowMs, upperBound);
    }

    LogRemovals removals() {
        return removals;
    }

    /** Takes the records before an offset out of the log's range. Holds {@code maintenance}. */
    void moveStart(long newStart) {
        synchronized (lock) {
            logStartOffset = newStart;
            epochs.truncateFromStart(newStart);
        }
    }

    /** Segments that are no longer part of the log; their files go after {@code file.delete.delay.ms}. */
    void discard(Collection<LogSegment> removed, long nowMs) throws IOException {
        for (LogSegment segment : removed) {
            segment.discard(directory.trash(), nowMs + config.fileDeleteDelayMs());
        }
    }

    @Override
    public void truncateTo(long offset) {
        synchronized (maintenance) {
            synchronized (lock) {
                ensureOpen();
                if (offset >= logEndOffset) {
                    return;
                }
                flushes.truncating(offset);
                // First, or the next start would miss what was known to be on disk.
                directory.checkpoints().recoveryPoints();
                try {
                    truncate(offset);
                    directory.truncated(partition, offset);
                } catch (IOException e) {
                    throw directory.fail("a truncation of " + partition, e);
                }
            }
        }
    }

    private void truncate(long offset) throws IOException {
        long nowMs = clock.millis();
        Long floor = segments.lowerKey(offset);
        List<LogSegment> removed = new ArrayList<>(segments.tailMap(floor == null ? Long.MIN_VALUE : floor, false).values());
        if (floor == null) {
            segments.clear();
            LogSegment first = new LogSegment(directory.files(), path, offset, true, nowMs);
            discard(removed, nowMs);
            first.create();
            segments.put(offset, first);
            logStartOffset = Math.min(logStartOffset, offset);
        } else {
            removed.forEach(segment -> segments.remove(segment.baseOffset()));
            discard(removed, nowMs);
            segments.get(floor).truncateTo(offset, config.indexIntervalBytes());
        }
        active = segments.lastEntry().getValue();
        tail.reset(active.baseOffset());
        recountClosedBytes();
        logEndOffset = offset;
        flushes.truncated(offset, active.baseOffset());
        epochs.truncateFromEnd(offset);
        new ProducerLoader(directory.disk(), partition, path, segments, producers).load(logStartOffset, offset, Long.MAX_VALUE);
    }

    @Override
    public List<DescribeProducersResponseData.ProducerState> activeProducers() {
        return producers.active();
    }

    @Override
    public void expireProducers(long nowMs) {
        producers.expire(nowMs, directory.producerExpirationMs());
    }

    long maxProducerId() {
        return producers.maxProducerId();
    }

    Collection<LogSegment> segments() {
        return segments.values();
    }

    Collection<LogSegment> segmentsFrom(long baseOffset) {
        return segments.tailMap(baseOffset, true).values();
    }

    boolean hasSegment(long baseOffset) {
        return segments.containsKey(baseOffset);
    }

    LogSegment active() {
        return active;
    }

    long nowMs() {
        return clock.millis();
    }

    boolean closed() {
        return closed;
    }

    Map<Long, CleanableLog.LastRecord> lastRecordsOfProducers() {
        return producers.lastRecords();
    }

    boolean isOpen() {
        return !closed && directory.online();
    }

    LeaderEpochs epochs() {
        return epochs;
    }

    /** Holds {@code lock}. */
    void recountClosedBytes() {
        long bytes = 0;
        for (Map.Entry<Long, LogSegment> e : segments.headMap(active.baseOffset()).entrySet()) {
            bytes += e.getValue().size();
        }
        closedBytes = bytes;
    }

    void ensureOpen() {
        directory.ensureOnline();
        if (closed) {
            throw new KafkaStorageException("The log of " + partition + " has been closed");
        }
    }

    /** Everything to disk, a producer snapshot at the end, all files closed. */
    void close() throws IOException {
        flush();
        synchronized (maintenance) {
            synchronized (lock) {
                flushes.writeSnapshot(logEndOffset);
                epochs.write(true);
                if (active.size() > 0) {
                    active.seal();
                    active.offsets().persist(true, false);
                    active.times().persist(true, false);
                }
                closeFiles();
            }
        }
    }

    /** Ends the log and takes its directory away. Waits for whoever works in it: at the missing files it would take the disk for broken. */
    void delete(Path target) throws IOException {
        synchronized (maintenance) {
            synchronized (lock) {
                closeFiles();
                directory.disk().rename(path, target);
            }
        }
    }

    void closeFiles() {
        closed = true;
        segments.values().forEach(LogSegment::retire);
    }
}
