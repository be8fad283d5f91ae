package org.milena.broker.log;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.message.FetchResponseData;
import org.milena.broker.log.PartitionLog.TimestampedOffset;

/** The reading half of a log: what may be asked of which offsets, and what a failure means. Takes no lock that an append holds. */
final class LogReader {

    private final SegmentedLog log;
    private final NavigableMap<Long, LogSegment> segments;
    private final SegmentSearch search;
    private final TimestampLookup timestamps;

    LogReader(SegmentedLog log, NavigableMap<Long, LogSegment> segments, TailCache tail) {
        this.log = log;
        this.segments = segments;
        this.search = new SegmentSearch(segments, tail);
        this.timestamps = new TimestampLookup(segments);
    }

    LogRead read(long offset, int maxBytes, long upperBound, boolean minOneBatch) {
        log.ensureOpen();
        long end = log.logEndOffset();
        if (offset < log.logStartOffset() || offset > end) {
            throw new OffsetOutOfRangeException("Received request for offset " + offset + " for partition " + log.topicPartition()
                    + ", but we only have log segments from offset " + log.logStartOffset() + " up to " + end + ".");
        }
        long bound = Math.min(upperBound, end);
        if (offset >= bound) {
            return new SegmentRead(offset);
        }
        try {
            return search.read(offset, maxBytes, bound, end, minOneBatch);
        } catch (FileNotFoundException e) {
            return readAgain(offset, maxBytes, bound, end, minOneBatch);
        } catch (IOException e) {
            throw failed(offset, e);
        }
    }

    /** Retention or compaction took the segment between finding and opening it; or somebody from outside did. */
    private LogRead readAgain(long offset, int maxBytes, long bound, long end, boolean minOneBatch) {
        if (offset < log.logStartOffset()) {
            throw new OffsetOutOfRangeException("Offset " + offset + " of " + log.topicPartition()
                    + " has just been deleted; the log starts at " + log.logStartOffset());
        }
        try {
            return search.read(offset, maxBytes, bound, end, minOneBatch);
        } catch (IOException e) {
            throw failed(offset, e);
        }
    }

    private ApiException failed(long offset, IOException e) {
        if (!log.isOpen()) {
            return new KafkaStorageException("The log of " + log.topicPartition() + " has been closed");
        }
        if (e instanceof FileNotFoundException) {
            return new CorruptRecordException(Damage.describe(Path.of(e.getMessage()), 0, "the file is gone"));
        }
        return log.directory().fail("a read of " + log.topicPartition() + " at offset " + offset, e);
    }

    List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, long toOffset) {
        try {
            return told(overlapping(fromOffset, toOffset), toOffset);
        } catch (IOException e) {
            throw failed(fromOffset, e);
        }
    }

    /** Where the read ends is only asked when that matters: most logs hold no aborted transaction. */
    List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, LogRead read, long bound) {
        try {
            List<AbortedTransactions.Entry> found = overlapping(fromOffset, bound);
            return found.isEmpty() ? List.of() : told(found, read.endOffset(bound));
        } catch (IOException e) {
            throw failed(fromOffset, e);
        }
    }

    private List<AbortedTransactions.Entry> overlapping(long from, long to) throws IOException {
        List<AbortedTransactions.Entry> found = new ArrayList<>(0);
        Long floor = segments.floorKey(from);
        for (LogSegment segment : segments.tailMap(floor == null ? from : floor, true).values()) {
            if (segment.aborted().collect(from, to, found)) {
                break;
            }
        }
        return found;
    }

    private static List<FetchResponseData.AbortedTransaction> told(List<AbortedTransactions.Entry> found, long to) {
        return found.stream().filter(e -> e.firstOffset() < to).map(e -> new FetchResponseData.AbortedTransaction()
                .setProducerId(e.producerId()).setFirstOffset(e.firstOffset())).toList();
    }

    Optional<TimestampedOffset> offsetForTimestamp(long timestamp, long upperBound) {
        log.ensureOpen();
        long from = log.logStartOffset();
        try {
            return timestamps.atOrAfter(timestamp, from, Math.min(upperBound, log.logEndOffset()));
        } catch (IOException e) {
            throw failed(from, e);
        }
    }

    Optional<TimestampedOffset> offsetOfMaxTimestamp(long upperBound) {
        log.ensureOpen();
        long from = log.logStartOffset();
        try {
            return timestamps.largest(from, Math.min(upperBound, log.logEndOffset()));
        } catch (IOException e) {
            throw failed(from, e);
        }
    }
}
