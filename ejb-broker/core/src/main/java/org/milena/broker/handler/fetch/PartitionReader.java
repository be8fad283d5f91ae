package org.milena.broker.handler.fetch;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.log.PartitionLog.EpochEnd;
import org.milena.broker.replication.Partition;

/** Reads one partition for a fetch request. May block on the partition's disk when it has data to give. */
final class PartitionReader {

    private static final Logger LOG = System.getLogger(PartitionReader.class.getName());

    private final boolean readCommitted;

    PartitionReader(boolean readCommitted) {
        this.readCommitted = readCommitted;
    }

    /** True when reading would touch the disk; else {@link #read} answers at once. */
    boolean touchesDisk(Partition partition, FetchPartition request) {
        long offset = request.fetchOffset();
        return offset < bound(partition) && offset >= partition.log().logStartOffset() || request.lastFetchedEpoch() >= 0;
    }

    private long bound(Partition partition) {
        return readCommitted ? partition.lastStableOffset() : partition.highWatermark();
    }

    PartitionResult read(Partition partition, FetchPartition request, int maxBytes, boolean minOneBatch) {
        try {
            return readOrThrow(partition, request, maxBytes, minOneBatch);
        } catch (ApiException e) {
            return PartitionResult.failed(e);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Fetch from " + partition.topicPartition() + " at offset " + request.fetchOffset() + " failed", e);
            return PartitionResult.failed(e);
        }
    }

    private PartitionResult readOrThrow(Partition partition, FetchPartition request, int maxBytes, boolean minOneBatch) {
        partition.checkLeaderEpoch(request.leaderEpoch());
        PartitionLog log = partition.log();
        long offset = request.fetchOffset();
        if (request.lastFetchedEpoch() >= 0) {
            EpochEnd end = log.endOffsetForEpoch(request.lastFetchedEpoch());
            if (end.equals(EpochEnd.UNKNOWN)) {
                throw new OffsetOutOfRangeException("Could not determine the end offset of the last fetched epoch " + request.lastFetchedEpoch()
                        + " for partition " + partition.topicPartition());
            }
            if (end.endOffset() < offset || end.epoch() < request.lastFetchedEpoch()) {
                return unread(partition, end);
            }
        }
        // What the answer says is what was read by; the stable offset first, so that it never lies above the high watermark.
        long lastStable = partition.lastStableOffset();
        long highWatermark = partition.highWatermark();
        long bound = readCommitted ? lastStable : highWatermark;
        if (offset < log.logStartOffset() || offset > log.logEndOffset()) {
            throw new OffsetOutOfRangeException("Received request for offset " + offset + " for partition " + partition.topicPartition()
                    + ", but we only have log segments from offset " + log.logStartOffset() + " up to " + log.logEndOffset() + ".");
        }
        if (offset >= bound) {
            return result(partition, null, readCommitted ? List.of() : null, null, lastStable, highWatermark);
        }
        LogRead read = partition.read(offset, maxBytes, bound, minOneBatch);
        try {
            return result(partition, read, readCommitted ? log.abortedTransactions(offset, read, bound) : null, null, lastStable, highWatermark);
        } catch (RuntimeException e) {
            read.release();
            throw e;
        }
    }

    /** The answer for a partition that was not read: no records now. */
    static PartitionResult nothing(Partition partition) {
        return unread(partition, null);
    }

    private static PartitionResult unread(Partition partition, EpochEnd diverging) {
        long lastStable = partition.lastStableOffset();
        return result(partition, null, null, diverging, lastStable, partition.highWatermark());
    }

    private static PartitionResult result(Partition partition, LogRead read, List<FetchResponseData.AbortedTransaction> aborted, EpochEnd diverging,
                                          long lastStable, long highWatermark) {
        return new PartitionResult(Errors.NONE, read, highWatermark, lastStable, partition.log().logStartOffset(), aborted, diverging);
    }

    /**
     * Copies a result's bytes off the disk, so that another thread than the disk's own may send them. Without room for them in the
     * budget, the result is that there is nothing to read now.
     */
    static PartitionResult copied(PartitionResult result, CopyBudget.Share share) {
        LogRead read = result.read();
        if (read == null) {
            share.release();
            return result;
        }
        CopiedRead copy = null;
        try {
            if (share.settle(read.sizeInBytes())) {
                copy = new CopiedRead(read.startOffset(), bytes(read), share);
            }
            return new PartitionResult(result.error(), copy, result.highWatermark(), result.lastStableOffset(), result.logStartOffset(),
                    result.aborted(), result.diverging());
        } catch (IOException e) {
            return PartitionResult.failed(new KafkaStorageException("Reading for a fetch failed: " + e.getMessage(), e));
        } finally {
            read.release();
            if (copy == null) {
                share.release();
            }
        }
    }

    private static ByteBuffer bytes(LogRead read) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
        while (bytes.hasRemaining()) {
            if (read.read(bytes, bytes.position()) <= 0) {
                throw new IOException("segment ended " + bytes.remaining() + " bytes early");
            }
        }
        return bytes.flip();
    }
}
