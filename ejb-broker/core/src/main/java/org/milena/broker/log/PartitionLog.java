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
    default LogAppendInfo append(ByteBuffer batches, AppendOrigin origin, int leaderEpoch) {
        return append(batches, origin, leaderEpoch, null);
    }

    /**
     * The same for records of a transaction.
     *
     * @param guard what {@link #expectTransaction} gave out before the coordinator was asked; null when there was nothing to ask
     * @throws org.apache.kafka.common.errors.InvalidTxnStateException they belong to no transaction that is open here and the guard is
     *         void; or they belong to none while the producer has one open
     */
    LogAppendInfo append(ByteBuffer batches, AppendOrigin origin, int leaderEpoch, TransactionGuard guard);

    /**
     * Called before the transaction coordinator is asked whether a producer's records may enter (KIP-890). No I/O.
     *
     * @param firstSequence of the batch that waits for the answer; -1 for records without sequence numbers
     * @param epochRises    the client speaks transaction version 2
     * @return to be handed to the append; null when the transaction is open here already and there is nothing to ask. One that was
     *         open before the log was loaded is asked about once more: its coordinator may have promised that it does not grow
     * @throws org.apache.kafka.common.errors.InvalidProducerEpochException the producer went on in a newer epoch
     * @throws org.apache.kafka.common.errors.ConcurrentTransactionsException an older transaction of the producer hangs here, and is to be ended first
     */
    TransactionGuard expectTransaction(long producerId, short producerEpoch, int firstSequence, boolean epochRises);

    /**
     * Judges records of a transaction as {@link #append} would, and changes nothing. For a single writer (a coordinator) that changes its
     * own state before it appends.
     *
     * @throws org.apache.kafka.common.errors.ApiException why they would be refused
     */
    void checkTransaction(long producerId, short producerEpoch, TransactionGuard guard);

    /**
     * No more records enter an open transaction: {@link #append} refuses them with InvalidTxnState until its marker. Not kept beyond a
     * restart, after which {@link #expectTransaction} asks. Again is harmless. May wait for an append that is at the disk.
     *
     * @return the sequence number of its last record
     * @throws org.apache.kafka.common.errors.InvalidTxnStateException it is not open here in this epoch
     */
    int sealTransaction(long producerId, short producerEpoch);

    /**
     * Appends the marker that ends a transaction, whether or not it is open here; the same marker again is harmless.
     *
     * @throws org.apache.kafka.common.errors.TransactionCoordinatorFencedException a newer coordinator wrote here
     * @throws org.apache.kafka.common.errors.InvalidProducerEpochException the producer went on in a newer epoch: nothing is left to end
     * @throws org.apache.kafka.common.errors.InvalidTxnStateException only what is unconfirmed was to be ended, and it is not
     */
    LogAppendInfo endTransaction(TransactionEnd end, int leaderEpoch);

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

    /** Retention, compaction and DeleteRecords never pass it, nor {@link #firstUnstableOffset}. */
    default long highWatermark() {
        return logEndOffset();
    }

    /**
     * First offset of the oldest transaction that is open or whose marker is not committed yet, or Long.MAX_VALUE. Ask for the high
     * watermark first, then for this: the other way round a transaction could begin in between.
     */
    long firstUnstableOffset();

    /** What was open when the log was loaded, and is, and nothing was added to since. No I/O. */
    default List<UnconfirmedTransaction> unconfirmedTransactions() {
        return List.of();
    }

    /** When the producer of the oldest open transaction was last heard of here, milliseconds; -1 when none is open. */
    default long oldestTransactionMs() {
        return -1;
    }

    /** Everything below is known to be on disk. */
    long recoveryPoint();

    /** Bytes of all segments. */
    long size();

    /** Aborted transactions that overlap the range, for a read_committed fetch. May block on the disk. */
    List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, long toOffset);

    /** Those that overlap what a read from {@code fromOffset}, bounded by {@code bound}, found. */
    default List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, LogRead read, long bound) {
        return abortedTransactions(fromOffset, bound);
    }

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
     * @throws org.apache.kafka.common.errors.OffsetOutOfRangeException it would pass the high watermark, or the first offset of an
     *         undecided transaction (rules 14)
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
