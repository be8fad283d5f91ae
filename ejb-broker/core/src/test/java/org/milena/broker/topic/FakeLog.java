package org.milena.broker.topic;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.message.FetchResponseData;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;

/** A log that is only its numbers. */
public final class FakeLog implements PartitionLog {

    final TopicPartition tp;
    final Uuid id;
    final LogDirectory directory;
    LogConfig config;
    public long start;
    public long end;
    int latestEpoch = -1;

    FakeLog(TopicPartition tp, Uuid id, LogDirectory directory, LogConfig config) {
        this.tp = tp;
        this.id = id;
        this.directory = directory;
        this.config = config;
    }

    @Override public TopicPartition topicPartition() {
        return tp;
    }

    @Override public Uuid topicId() {
        return id;
    }

    @Override public LogDirectory directory() {
        return directory;
    }

    @Override public LogConfig config() {
        return config;
    }

    @Override public void updateConfig(LogConfig next) {
        config = next;
    }

    @Override public long logStartOffset() {
        return start;
    }

    @Override public long logEndOffset() {
        return end;
    }

    @Override public long size() {
        return (end - start) * 100;
    }

    @Override public OptionalInt latestEpoch() {
        return latestEpoch < 0 ? OptionalInt.empty() : OptionalInt.of(latestEpoch);
    }

    @Override public void advanceLogStart(long newStart) {
        start = newStart;
    }

    private static UnsupportedOperationException no() {
        return new UnsupportedOperationException("a fake log has no records");
    }

    @Override public TransactionGuard expectTransaction(long producerId, short producerEpoch, int firstSequence, boolean epochRises) {
        throw new UnsupportedOperationException();
    }

    @Override public int sealTransaction(long producerId, short producerEpoch) {
        throw new UnsupportedOperationException();
    }

    @Override public void checkTransaction(long producerId, short producerEpoch, TransactionGuard guard) {
        throw new UnsupportedOperationException();
    }

    @Override public LogAppendInfo endTransaction(TransactionEnd end, int leaderEpoch) {
        throw new UnsupportedOperationException();
    }

    @Override public LogAppendInfo append(ByteBuffer batches, AppendOrigin origin, int leaderEpoch, TransactionGuard guard) {
        throw no();
    }

    @Override public LogRead read(long offset, int maxBytes, long upperBound, boolean minOneBatch) {
        throw no();
    }

    @Override public long firstUnstableOffset() {
        return Long.MAX_VALUE;
    }

    @Override public long recoveryPoint() {
        throw no();
    }

    @Override public List<FetchResponseData.AbortedTransaction> abortedTransactions(long fromOffset, long toOffset) {
        throw no();
    }

    @Override public Optional<TimestampedOffset> offsetForTimestamp(long timestamp, long upperBound) {
        throw no();
    }

    @Override public Optional<TimestampedOffset> offsetOfMaxTimestamp(long upperBound) {
        throw no();
    }

    @Override public EpochEnd endOffsetForEpoch(int epoch) {
        throw no();
    }

    @Override public OptionalInt epochForOffset(long offset) {
        throw no();
    }

    @Override public void flush() {
        throw no();
    }

    @Override public void truncateTo(long offset) {
        throw no();
    }

    @Override public List<DescribeProducersResponseData.ProducerState> activeProducers() {
        throw no();
    }

    @Override public int enforceRetention(long nowMs, long upperBound) {
        throw no();
    }

    @Override public void rollIfDue(long nowMs) {
        throw no();
    }

    @Override public void expireProducers(long nowMs) {
        throw no();
    }
}
