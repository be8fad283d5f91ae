package org.milena.broker.replication;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.FencedLeaderEpochException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.UnknownLeaderEpochException;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.metrics.TopicCounters;

/**
 * One partition that this broker leads: its log, leader epoch and high watermark, and those who wait for it to grow.
 *
 * <p>On one node the in-sync set is this broker alone, so the high watermark follows the log end; where
 * {@code flush.messages} asks for it, it follows what is on disk, so that nobody reads what a power cut can take back.
 *
 * <p>Threading: {@link #append} and {@link #read} may block on the log's directory and are called in its context only.
 * Everything else never blocks.
 */
public final class Partition {

    /** Waits for records. Called on the appender's thread: must only hand over. */
    public interface Waiter {
        void grown(Partition partition);
    }

    /** Told whether an append is committed; {@code error} is null when it is. Any thread: must only hand over. */
    public interface CommitListener {
        void committed(Throwable error);
    }

    private static final VarHandle HIGH_WATERMARK;

    static {
        try {
            HIGH_WATERMARK = MethodHandles.lookup().findVarHandle(Partition.class, "highWatermark", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final TopicPartition topicPartition;
    private final Uuid topicId;
    private final PartitionLog log;
    private final int leaderEpoch;
    private final AppendGate gate;
    private final TopicCounters counters;
    private final List<Waiter> waiters = new ArrayList<>(0);
    private volatile boolean waited;
    private volatile boolean deleted;
    private volatile long highWatermark;

    Partition(Uuid topicId, PartitionLog log, int leaderEpoch, AppendGate gate, TopicCounters counters) {
        this.topicPartition = log.topicPartition();
        this.topicId = topicId;
        this.log = log;
        this.leaderEpoch = leaderEpoch;
        this.gate = gate;
        this.counters = counters;
        this.highWatermark = log.logEndOffset();
        log.boundBy(this::highWatermark);
    }

    public TopicPartition topicPartition() {
        return topicPartition;
    }

    public Uuid topicId() {
        return topicId;
    }

    public PartitionLog log() {
        return log;
    }

    /** The counters of the whole topic. */
    public TopicCounters counters() {
        return counters;
    }

    public int leaderEpoch() {
        return leaderEpoch;
    }

    /** Nobody reads at or above. Never goes back. */
    public long highWatermark() {
        return highWatermark;
    }

    /** A read_committed reader stops here. */
    public long lastStableOffset() {
        return Math.min(highWatermark, log.firstUnstableOffset());
    }

    public boolean deleted() {
        return deleted;
    }

    public boolean online() {
        return !deleted && log.directory().online();
    }

    /** True when the calling thread may block on this partition's disk. */
    public boolean inContext() {
        return log.directory().executor().inContext();
    }

    /** Runs work that may block on this partition's disk; work of one partition runs in order. */
    public void execute(Runnable work) {
        log.directory().executor().forPartition(topicPartition).execute(work);
    }

    /** Runs work that only reads, where no write of the directory holds it up. */
    public void executeRead(Runnable work) {
        log.directory().executor().forReads(topicPartition).execute(work);
    }

    /** Checks the leader epoch a client knows (KIP-320); -1 when it does not say. */
    public void checkLeaderEpoch(int clientEpoch) {
        if (clientEpoch < 0 || clientEpoch == leaderEpoch) {
            return;
        }
        if (clientEpoch < leaderEpoch) {
            throw new FencedLeaderEpochException("Leader epoch " + clientEpoch + " of " + topicPartition + " is older than " + leaderEpoch);
        }
        throw new UnknownLeaderEpochException("Leader epoch " + clientEpoch + " of " + topicPartition + " is newer than " + leaderEpoch);
    }

    /**
     * Appends batches.
     *
     * @param acks     as in the produce request: -1, 0 or 1
     * @param guard    for records of a transaction, see {@link PartitionLog#expectTransaction}; else null
     * @param listener called, now or later, once the records are committed; not called when this throws
     * @throws org.apache.kafka.common.errors.ApiException nothing was appended
     */
    public LogAppendInfo append(ByteBuffer batches, AppendOrigin origin, int acks, TransactionGuard guard, CommitListener listener) {
        ensureWritable(origin, acks);
        LogAppendInfo info = log.append(batches, origin, leaderEpoch, guard);
        commit(info, info.flushRequired(), listener);
        return info;
    }

    public LogAppendInfo append(ByteBuffer batches, AppendOrigin origin, int acks, CommitListener listener) {
        return append(batches, origin, acks, null, listener);
    }

    /**
     * Appends the marker that ends a transaction.
     *
     * @param flushed  it counts as committed only when it is on disk, whatever the topic's {@code flush.messages} (rules 13)
     * @param listener as for {@link #append}
     * @throws org.apache.kafka.common.errors.ApiException nothing was appended, see {@link PartitionLog#endTransaction}
     */
    public LogAppendInfo endTransaction(TransactionEnd end, boolean flushed, CommitListener listener) {
        ensureWritable(AppendOrigin.TRANSACTION_MARKER, -1);
        LogAppendInfo info = log.endTransaction(end, leaderEpoch);
        commit(info, flushed || info.flushRequired(), listener);
        return info;
    }

    private void ensureWritable(AppendOrigin origin, int acks) {
        gate.check(log.directory(), origin);
        if (acks == -1 && log.config().minInsyncReplicas() > 1) {
            throw new NotEnoughReplicasException("The size of the current ISR is 1, insufficient to satisfy the min.isr requirement of "
                    + log.config().minInsyncReplicas() + " for partition " + topicPartition);
        }
        if (deleted) {
            throw new KafkaStorageException("Partition " + topicPartition + " has been deleted");
        }
    }

    private void commit(LogAppendInfo info, boolean flush, CommitListener listener) {
        long end = info.lastOffset() + 1;
        if (!flush && !info.duplicate()) {
            advanceHighWatermark(end);
            listener.committed(null);
        } else if (end <= highWatermark) {
            listener.committed(null);
        } else {
            log.directory().groupCommit().await(log, info.lastOffset(), error -> {
                if (error == null) {
                    advanceHighWatermark(end);
                }
                listener.committed(error);
            });
        }
    }

    public LogRead read(long offset, int maxBytes, long upperBound, boolean minOneBatch) {
        return log.read(offset, maxBytes, upperBound, minOneBatch);
    }

    private void advanceHighWatermark(long to) {
        long before;
        do {
            before = highWatermark;
            if (to <= before) {
                return;
            }
        } while (!HIGH_WATERMARK.compareAndSet(this, before, to));
        wake();
    }

    /** Registers for growth; the waiter may be called even before this returns, and once more after {@link #removeWaiter}. */
    public void addWaiter(Waiter waiter) {
        synchronized (waiters) {
            waiters.add(waiter);
            waited = true;
        }
    }

    public void removeWaiter(Waiter waiter) {
        synchronized (waiters) {
            waiters.remove(waiter);
            waited = !waiters.isEmpty();
        }
    }

    private void wake() {
        if (!waited) {
            return;
        }
        Waiter[] all;
        synchronized (waiters) {
            all = waiters.toArray(Waiter[]::new);
        }
        for (Waiter waiter : all) {
            waiter.grown(this);
        }
    }

    /** Called when the topic is deleted: those who wait find out at once. */
    void markDeleted() {
        deleted = true;
        wake();
    }

    /** Called when something other than an append changed what readers may see (log start, directory failure). */
    public void changed() {
        wake();
    }
}
