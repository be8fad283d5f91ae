package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.log.LogConfig;

/**
 * What compaction needs of a partition's log. Called on the thread that cleans, while the log goes on taking appends,
 * reads, retention and deletion from others; implementations guard themselves.
 */
public interface CleanableLog {

    TopicPartition topicPartition();

    LogConfig config();

    /** The partition's directory. */
    Path directory();

    long logStartOffset();

    long logEndOffset();

    /** The smaller of high watermark and last stable offset: nothing at or above is ever compacted. */
    long stableOffset();

    /** All segments but the active one, ascending. */
    List<? extends CleanableSegment> closedSegments();

    long activeSegmentBaseOffset();

    /**
     * Aborted transactions that have records in the range. Their markers may lie behind it, in the active segment too:
     * without those an aborted record would count as its key's newest.
     *
     * @param to exclusive
     */
    List<AbortedTransaction> abortedTransactions(long from, long to) throws IOException;

    /** The producers whose state is still kept, by producer id. */
    Map<Long, LastRecord> activeProducers();

    /**
     * Puts a compacted segment in place of its sources. Under the log's lock: makes sure that the sources are all still
     * there, calls {@link SegmentSwap#prepare}, renames the sources' files away ({@code .deleted}; readers that hold
     * them finish), calls {@link SegmentSwap#finish}, and opens the new segment in their stead.
     *
     * @return false, with nothing changed, when any source is no longer part of the log (retention, truncation,
     *         deletion or close were faster)
     */
    boolean replace(List<? extends CleanableSegment> sources, CleanedSegment replacement) throws IOException;

    /** False once the log is closed, deleted or offline: cleaning stops at the next batch. */
    boolean isOpen();

    /**
     * @param lastDataOffset offset of the last record of the producer's last batch; empty when only a marker is left
     */
    record LastRecord(OptionalLong lastDataOffset, short producerEpoch) {
    }
}
