package org.milena.broker.log;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.FetchResponseData;

/**
 * The log of one partition: a list of segments, its indexes, leader-epoch cache and producer state.
 *
 * <p>Threading: appends, rolls, truncation and deletion hold the log's own lock (single writer) and may block
 * on the disk, so they run only on threads of the log's directory. The offsets are volatile reads and never block.
 * Reads take no lock that an append holds during disk I/O.
 */
public interface PartitionLog {

    TopicPartition topicPartition();

    /** The topic's id as kept in {@code partition.metadata}. */
    Uuid topicId();

    LogDirectory directory();

    LogConfig config();

    /** Takes effect for the next append, roll or clean-up; no I/O. */
    void updateConfig(LogConfig config);

    /**
     * Validates and appends one or more record batches. Base offset, leader epoch and, for LogAppendTime, the
     * timestamp are written into {@code batches} in place (unless recompression or conversion makes new bytes).
     *
     * @param batches position..limit is exactly the batches; direct or heap; may be modified; not retained
     * @throws org.apache.kafka.common.errors.ApiException Kafka's error for what is wrong with the input
     *         (CorruptRecord, InvalidRecord, RecordTooLarge, InvalidTimestamp, UnsupportedForMessageFormat,
     *         OutOfOrderSequence, InvalidProducerEpoch, UnknownProducerId, KafkaStorageException…); nothing was appended then
     */
    LogAppendInfo append(ByteBuffer batches, AppendOrigin origin, int leaderEpoch);

    /**
     * Finds batches from {@code offset} on, ending at the last whole batch before {@code upperBound}
     * (high watermark or last stable offset) and within {@code maxBytes}, within one segment.
     *
     * @param minOneBatch returns the first batch even when it is larger than {@code maxBytes}
     * @return empty range ({@code sizeInBytes() == 0}) when offset == upperBound
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException below the log start or above the log end
     * @throws org.apache.kafka.common.errors.KafkaStorageException the directory is offline
     * @throws org.apache.kafka.common.errors.CorruptRecordException the segment is damaged there (file and position in the message)
     */
    LogRead read(long offset, int maxBytes, long upperBound, boolean minOneBatch);

    long logStartOffset();

    long logEndOffset();

    /** Who leads the partition says how far its records are committed. Until then all that the log holds counts as committed. */
    default void boundBy(LongSupplier highWatermark) {
    }

    /** Retention, compaction and DeleteRecords never pass it. */
    default long highWatermark() {
        return logEndOffset();
    }

    /** First offset of the oldest undecided transaction, or Long.MAX_VALUE. (Kafka directories may hold some.) */
    long firstUnstableOffset();

    /** Everything below is known to be on disk. */
    long recoveryPoint();

    /** Bytes of all segments. */
    long size();

    /** Aborted transactions that overlap the range, for a read_committed fetch. */
    List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, long toOffset);

    /** First record with a timestamp &gt;= the given one at or after the log start and below {@code upperBound}; blocks on the disk. */
    Optional<TimestampedOffset> offsetForTimestamp(long timestamp, long upperBound);

    /** The record with the largest timestamp below {@code upperBound} (ListOffsets -3, KIP-734). */
    Optional<TimestampedOffset> offsetOfMaxTimestamp(long upperBound);

    /** The newest leader epoch in the log, or empty for an empty history. */
    OptionalInt latestEpoch();

    /** KIP-101/279: the end offset of the largest epoch &lt;= the one asked for, with that epoch; (-1, -1) when unknown. */
    EpochEnd endOffsetForEpoch(int epoch);

    /** The leader epoch of the record at {@code offset}, if known. */
    OptionalInt epochForOffset(long offset);

    /** Fsyncs everything appended so far; blocks. A failure takes the directory offline and is never retried. */
    void flush();

    /**
     * DeleteRecords: moves the log start up; persisted.
     *
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException it would pass the high watermark
     */
    void advanceLogStart(long newStart);

    /** Truncates to {@code offset} (replication, later). */
    void truncateTo(long offset);

    /** Active producers, for DescribeProducers. */
    List<DescribeProducersResponseData.ProducerState> activeProducers();

    /** Deletes what time, size and log start no longer keep, never past {@code upperBound} or the high watermark; returns the segments deleted. */
    int enforceRetention(long nowMs, long upperBound);

    /** Rolls the active segment when {@code segment.ms} is over. */
    void rollIfDue(long nowMs);

    /** Forgets producers idle longer than {@code producer.id.expiration.ms}. */
    void expireProducers(long nowMs);

    record TimestampedOffset(long timestamp, long offset, int leaderEpoch) {
    }

    record EpochEnd(int epoch, long endOffset) {
        public static final EpochEnd UNKNOWN = new EpochEnd(-1, -1);
    }
}
