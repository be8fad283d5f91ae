package org.milena.broker.replication;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.milena.broker.coordinator.CoordinatorLog;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.LogRead;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;

/**
 * An internal topic as its coordinator sees it, over the partitions this broker leads. Nothing here blocks the caller: disk
 * work runs on the threads of the partition's directory.
 */
public final class CoordinatorPartitions implements CoordinatorLog {

    private static final int LOAD_BYTES = 1 << 20;

    private final ReplicaManager replicas;
    private final String topic;
    private final AppendOrigin origin;

    public CoordinatorPartitions(ReplicaManager replicas, String topic) {
        this(replicas, topic, AppendOrigin.COORDINATOR);
    }

    /** @param origin decides how much of the disk its records may take */
    public CoordinatorPartitions(ReplicaManager replicas, String topic, AppendOrigin origin) {
        this.replicas = replicas;
        this.topic = topic;
        this.origin = origin;
    }

    @Override
    public void append(int index, int leaderEpoch, ByteBuffer batches, AppendCallback callback) {
        append(index, leaderEpoch, batches, null, callback);
    }

    @Override
    public void append(int index, int leaderEpoch, ByteBuffer batches, TransactionGuard guard, AppendCallback callback) {
        write(index, leaderEpoch, callback, (partition, listener) -> partition.append(batches, origin, -1, guard, listener));
    }

    @Override
    public void endTransaction(int index, int leaderEpoch, TransactionEnd end, AppendCallback callback) {
        write(index, leaderEpoch, callback, (partition, listener) -> partition.endTransaction(end, false, listener));
    }

    @Override
    public void flush(int index, Consumer<Throwable> done) {
        try {
            PartitionDurability.flush(coordinated(index).log()).whenComplete((flushed, error) -> done.accept(error));
        } catch (RuntimeException e) {
            done.accept(e);
        }
    }

    @Override
    public TransactionGuard expectTransaction(int index, long producerId, short producerEpoch, boolean epochRises) {
        return coordinated(index).log().expectTransaction(producerId, producerEpoch, 0, epochRises);
    }

    @Override
    public void checkTransaction(int index, long producerId, short producerEpoch, TransactionGuard guard) {
        coordinated(index).log().checkTransaction(producerId, producerEpoch, guard);
    }

    private Partition coordinated(int index) {
        try {
            return replicas.partition(topic, index);
        } catch (ApiException e) {
            throw new NotCoordinatorException("This broker does not lead " + topic + "-" + index + ": " + e.getMessage(), e);
        }
    }

    private interface Append {
        LogAppendInfo to(Partition partition, Partition.CommitListener listener);
    }

    private void write(int index, int leaderEpoch, AppendCallback callback, Append append) {
        try {
            Partition partition = leading(index, leaderEpoch);
            partition.execute(() -> write(partition, append, callback));
        } catch (RuntimeException e) {
            callback.completed(-1, e);
        }
    }

    private static void write(Partition partition, Append append, AppendCallback callback) {
        try {
            long[] last = new long[1];
            boolean[] early = new boolean[1];
            Object lock = new Object();
            // The listener may come before append returns, and with it the offset; or later, from the flusher.
            Partition.CommitListener listener = error -> {
                synchronized (lock) {
                    if (last[0] == 0 && error == null) {
                        early[0] = true;
                        return;
                    }
                }
                callback.completed(last[0] - 1, error);
            };
            long lastOffset = append.to(partition, listener).lastOffset();
            synchronized (lock) {
                last[0] = lastOffset + 1;
                if (!early[0]) {
                    return;
                }
            }
            callback.completed(lastOffset, null);
        } catch (RuntimeException e) {
            callback.completed(-1, e);
        }
    }

    @Override
    public void load(int index, int leaderEpoch, Consumer<ByteBuffer> batches, Consumer<Throwable> done) {
        try {
            Partition partition = leading(index, leaderEpoch);
            partition.execute(() -> {
                long start = partition.log().logStartOffset();
                long end = partition.log().logEndOffset();
                if (partition.highWatermark() >= end) {
                    load(partition, start, end, batches, done);
                } else {
                    whenCommitted(partition, end, () -> partition.execute(() -> load(partition, start, end, batches, done)), done);
                }
            });
        } catch (RuntimeException e) {
            done.accept(e);
        }
    }

    /** Calls one of both, once: the high watermark has reached {@code end}, or nothing will ever reach it here. */
    private static void whenCommitted(Partition partition, long end, Runnable committed, Consumer<Throwable> failed) {
        AtomicBoolean told = new AtomicBoolean();
        Partition.Waiter waiter = new Partition.Waiter() {
            @Override
            public void grown(Partition grown) {
                boolean reached = grown.highWatermark() >= end;
                if ((reached || !grown.online()) && told.compareAndSet(false, true)) {
                    grown.removeWaiter(this);
                    if (reached) {
                        committed.run();
                    } else {
                        failed.accept(new KafkaStorageException("Partition " + grown.topicPartition() + " went offline before its end was committed"));
                    }
                }
            }
        };
        partition.addWaiter(waiter);
        waiter.grown(partition); // it may have grown before
    }

    /** One chunk at a time, then back in the line: the thread serves the clients of other partitions, too. */
    private static void load(Partition partition, long offset, long end, Consumer<ByteBuffer> batches, Consumer<Throwable> done) {
        try {
            if (offset >= end) {
                done.accept(null);
                return;
            }
            long next = loadChunk(partition, offset, end, batches);
            partition.execute(() -> load(partition, next, end, batches, done));
        } catch (IOException e) {
            done.accept(new KafkaStorageException("Loading " + partition.topicPartition() + " failed: " + e.getMessage(), e));
        } catch (RuntimeException e) {
            done.accept(e);
        }
    }

    /** Hands on one range of batches; returns the offset behind it. */
    private static long loadChunk(Partition partition, long offset, long end, Consumer<ByteBuffer> batches) throws IOException {
        LogRead read = partition.read(offset, LOAD_BYTES, end, true);
        try {
            if (read.sizeInBytes() == 0) {
                return end; // compaction left nothing at the end
            }
            ByteBuffer bytes = ByteBuffer.allocate(read.sizeInBytes());
            while (bytes.hasRemaining()) {
                if (read.read(bytes, bytes.position()) <= 0) {
                    throw new IOException("the segment ended " + bytes.remaining() + " bytes early");
                }
            }
            bytes.flip();
            long next = offset;
            for (int at = 0; at < bytes.limit(); at += 12 + bytes.getInt(at + 8)) {
                next = bytes.getLong(at) + bytes.getInt(at + 23) + 1; // base offset + last offset delta of a v2 batch
            }
            batches.accept(bytes);
            return next;
        } finally {
            read.release();
        }
    }

    @Override
    public boolean confirms(int index, int leaderEpoch) {
        try {
            return replicas.partition(topic, index).leaderEpoch() == leaderEpoch;
        } catch (ApiException e) {
            return false;
        }
    }

    @Override
    public int maxBatchBytes() {
        try {
            return replicas.partition(topic, 0).log().config().maxMessageBytes();
        } catch (ApiException e) {
            return 1 << 20;
        }
    }

    private Partition leading(int index, int leaderEpoch) {
        Partition partition = replicas.partition(topic, index);
        if (partition.leaderEpoch() != leaderEpoch) {
            throw new NotLeaderOrFollowerException("Partition " + partition.topicPartition() + " is led in epoch "
                    + partition.leaderEpoch() + ", not " + leaderEpoch);
        }
        return partition;
    }
}
