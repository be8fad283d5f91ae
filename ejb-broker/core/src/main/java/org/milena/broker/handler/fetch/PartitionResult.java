package org.milena.broker.handler.fetch;

import java.util.List;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.PartitionLog.EpochEnd;

/**
 * What reading one partition gave. Owns {@code read} until it is handed to a response or released.
 *
 * @param read      null when there is nothing to send
 * @param aborted   null for read_uncommitted
 * @param diverging null unless the client's log history parts from ours (KIP-595)
 */
record PartitionResult(Errors error, LogRead read, long highWatermark, long lastStableOffset, long logStartOffset,
                       List<FetchResponseData.AbortedTransaction> aborted, EpochEnd diverging) {

    static PartitionResult failed(Throwable error) {
        return new PartitionResult(Errors.forException(error), null, -1, -1, -1, null, null);
    }

    boolean failed() {
        return error != Errors.NONE;
    }

    int bytes() {
        return read == null ? 0 : read.sizeInBytes();
    }

    void release() {
        if (read != null) {
            read.release();
        }
    }

    FetchResponseData.PartitionData toResponse(int index) {
        FetchResponseData.PartitionData data = new FetchResponseData.PartitionData()
                .setPartitionIndex(index)
                .setErrorCode(error.code())
                .setHighWatermark(highWatermark)
                .setLastStableOffset(lastStableOffset)
                .setLogStartOffset(logStartOffset)
                .setAbortedTransactions(aborted)
                .setRecords(read == null ? MemoryRecords.EMPTY : read);
        if (diverging != null) {
            data.setDivergingEpoch(new FetchResponseData.EpochEndOffset().setEpoch(diverging.epoch()).setEndOffset(diverging.endOffset()));
        }
        return data;
    }
}
