package org.milena.broker.group;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.coordinator.CoordinatorLog;
import org.milena.broker.log.Guards;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.log.TransactionGuard;

/** {@code __consumer_offsets} in memory, with a disk that can stall, fail, and leave the outcome open. */
public final class SimLog implements CoordinatorLog {

    /** What an append does next. */
    public enum Fate { COMMIT, REFUSE, FAIL, COMMIT_BUT_REPORT_FAILURE }

    private record Waiting(int partition, int leaderEpoch, ByteBuffer batches, AppendCallback callback) {
    }

    /** What the log knows of a producer. */
    private static final class Known {
        short epoch = -1;
        int coordinatorEpoch = -1;
        boolean open;
        TransactionGuard guard;
    }

    private final SimWorld world;
    private final Map<Integer, List<byte[]>> partitions = new HashMap<>();
    private final Map<Integer, Long> ends = new HashMap<>();
    private final Map<Integer, Integer> epochs = new HashMap<>();
    private final List<Waiting> stalledAppends = new ArrayList<>();
    private final Map<Long, Known> producers = new HashMap<>();
    private boolean stalled;
    private boolean loadsStalled;
    private final List<Runnable> stalledLoads = new ArrayList<>();
    private boolean flushesStalled;
    private final List<Consumer<Throwable>> stalledFlushes = new ArrayList<>();
    private Fate fate = Fate.COMMIT;
    private IntUnaryOperator delayMs = partition -> 0;
    private int appends;
    int maxBatchBytes = 1_048_588;

    public SimLog(SimWorld world) {
        this.world = world;
    }

    // ---- the test's side

    public void setFate(Fate next) {
        fate = next;
    }

    public void setDelay(IntUnaryOperator delay) {
        delayMs = delay;
    }

    /** Appends hang until {@link #resume}. */
    public void stall() {
        stalled = true;
    }

    public void resume() {
        stalled = false;
        List<Waiting> waiting = List.copyOf(stalledAppends);
        stalledAppends.clear();
        waiting.forEach(w -> settle(w.partition, w.leaderEpoch, w.batches, w.callback));
    }

    public void stallLoads() {
        loadsStalled = true;
    }

    public void resumeLoads() {
        loadsStalled = false;
        stalledLoads.forEach(Runnable::run);
        stalledLoads.clear();
    }

    public void stallFlushes() {
        flushesStalled = true;
    }

    /** @param error what becomes of them; null: they succeed */
    public void resumeFlushes(Throwable error) {
        flushesStalled = false;
        stalledFlushes.forEach(done -> done.accept(error));
        stalledFlushes.clear();
    }

    public void newEpoch(int partition, int epoch) {
        epochs.put(partition, epoch);
    }

    public int appends() {
        return appends;
    }

    /** Puts records there as another broker would have. */
    public void write(int partition, MemoryRecords records) {
        store(partition, records.buffer().duplicate());
    }

    public void writeTransactional(int partition, long producerId, SimpleRecord... records) {
        write(partition, MemoryRecords.withTransactionalRecords(Compression.NONE, producerId, (short) 0, 0, records));
    }

    public void writeMarker(int partition, long producerId, boolean commit) {
        write(partition, MemoryRecords.withEndTransactionMarker(producerId, (short) 0,
                new EndTransactionMarker(commit ? ControlRecordType.COMMIT : ControlRecordType.ABORT, 0)));
    }

    // ---- the coordinator's side

    @Override
    public void append(int partition, int leaderEpoch, ByteBuffer batches, AppendCallback callback) {
        appends++;
        if (stalled) {
            stalledAppends.add(new Waiting(partition, leaderEpoch, batches, callback));
            return;
        }
        int delay = delayMs.applyAsInt(partition);
        if (delay == 0) {
            world.execute(() -> settle(partition, leaderEpoch, batches, callback));
        } else {
            world.schedule(delay, () -> settle(partition, leaderEpoch, batches, callback));
        }
    }

    @Override
    public void append(int partition, int leaderEpoch, ByteBuffer batches, TransactionGuard guard, AppendCallback callback) {
        append(partition, leaderEpoch, batches, (offset, error) -> {
            if (error == null) {
                MutableRecordBatch batch = MemoryRecords.readableRecords(batches.duplicate()).batches().iterator().next();
                Known known = producers.get(batch.producerId());
                known.epoch = batch.producerEpoch();
                known.open = true;
                known.guard = null;
            }
            callback.completed(offset, error);
        });
    }

    @Override
    public TransactionGuard expectTransaction(int partition, long producerId, short producerEpoch, boolean epochRises) {
        Known known = producers.computeIfAbsent(producerId, p -> new Known());
        if (producerEpoch < known.epoch) {
            throw new InvalidProducerEpochException("older than " + known.epoch);
        }
        if (known.open && known.epoch == producerEpoch) {
            return null;
        }
        known.guard = known.guard == null ? Guards.guard(producerEpoch) : known.guard;
        return known.guard;
    }

    @Override
    public void checkTransaction(int partition, long producerId, short producerEpoch, TransactionGuard guard) {
        Known known = producers.get(producerId);
        if (!(known.open && known.epoch == producerEpoch) && (guard == null || known.guard != guard)) {
            throw new InvalidTxnStateException("Record was not part of an ongoing transaction");
        }
    }

    @Override
    public void endTransaction(int partition, int leaderEpoch, TransactionEnd end, AppendCallback callback) {
        Known known = producers.computeIfAbsent(end.producerId(), p -> new Known());
        if (known.coordinatorEpoch > end.coordinatorEpoch()) {
            callback.completed(-1, new TransactionCoordinatorFencedException("older than " + known.coordinatorEpoch));
            return;
        }
        ByteBuffer marker = MemoryRecords.withEndTransactionMarker(end.producerId(), end.producerEpoch(), new EndTransactionMarker(
                end.commit() ? ControlRecordType.COMMIT : ControlRecordType.ABORT, end.coordinatorEpoch())).buffer();
        append(partition, leaderEpoch, marker, (offset, error) -> {
            if (error == null) {
                known.open = false;
                known.guard = null;
                known.epoch = end.producerEpoch();
                known.coordinatorEpoch = end.coordinatorEpoch();
            }
            callback.completed(offset, error);
        });
    }

    /** Hangs from {@link #stallFlushes} to {@link #resumeFlushes}. */
    @Override
    public void flush(int partition, Consumer<Throwable> done) {
        if (flushesStalled) {
            stalledFlushes.add(done);
        } else {
            world.execute(() -> done.accept(null));
        }
    }

    private void settle(int partition, int leaderEpoch, ByteBuffer batches, AppendCallback callback) {
        if (leaderEpoch != epochs.getOrDefault(partition, -1)) {
            callback.completed(-1, new NotLeaderOrFollowerException("epoch " + leaderEpoch + " is over"));
        } else if (fate == Fate.REFUSE) {
            callback.completed(-1, new NotEnoughReplicasException("the disk is almost full, as the test wants it"));
        } else if (fate == Fate.FAIL) {
            callback.completed(-1, new KafkaStorageException("the disk fails, as the test wants it"));
        } else {
            store(partition, batches);
            boolean report = fate == Fate.COMMIT;
            callback.completed(ends.get(partition) - 1, report ? null : new KafkaStorageException("written, but who knows"));
        }
    }

    private void store(int partition, ByteBuffer batches) {
        for (MutableRecordBatch batch : MemoryRecords.readableRecords(batches.duplicate()).batches()) {
            batch.ensureValid();
            long base = ends.getOrDefault(partition, 0L);
            long count = batch.lastOffset() - batch.baseOffset() + 1;
            batch.setLastOffset(base + count - 1);
            ends.put(partition, base + count);
        }
        byte[] bytes = new byte[batches.remaining()];
        batches.duplicate().get(bytes);
        partitions.computeIfAbsent(partition, p -> new ArrayList<>()).add(bytes);
    }

    @Override
    public void load(int partition, int leaderEpoch, Consumer<ByteBuffer> batches, Consumer<Throwable> done) {
        if (loadsStalled) {
            stalledLoads.add(() -> load(partition, leaderEpoch, batches, done));
            return;
        }
        world.execute(() -> {
            try {
                partitions.getOrDefault(partition, List.of()).forEach(bytes -> batches.accept(ByteBuffer.wrap(bytes.clone())));
            } catch (RuntimeException e) {
                done.accept(e);
                return;
            }
            done.accept(null);
        });
    }

    @Override
    public boolean confirms(int partition, int leaderEpoch) {
        return leaderEpoch == epochs.getOrDefault(partition, -1);
    }

    @Override
    public int maxBatchBytes() {
        return maxBatchBytes;
    }
}
