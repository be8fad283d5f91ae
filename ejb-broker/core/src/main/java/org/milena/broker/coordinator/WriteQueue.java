package org.milena.broker.coordinator;

import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.time.Timer;

/**
 * The way of a shard's records into the log. One append is under way at a time; what comes meanwhile is gathered
 * and goes as one batch. Lives as long as the state it writes for; runs on the shard's executor.
 */
final class WriteQueue {

    /** Beyond this much unwritten data commits are refused: a stalled disk must not fill the heap. */
    static final int MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
    private static final System.Logger LOG = System.getLogger(WriteQueue.class.getName());
    /** After this long an append is no longer on its way, but held up. */
    private static final long STALL_MS = 1000;
    private static final long REFUSED_RETRY_MS = 250;

    private final int partition;
    private final int leaderEpoch;
    private final Executor executor;
    private final CoordinatorLog log;
    private final CoordinatorRuntime.Settings settings;
    private final Timer timer;
    private final BrokerClock clock;
    private final Consumer<Throwable> failed;
    private final Consumer<TransactionEnd> ended;

    private final Queue<PendingWrite> queue = new ArrayDeque<>();
    private List<PendingWrite> inFlight = List.of();
    private long inFlightSinceMs;
    private long pastStallsMs;
    private boolean refused;
    private final Map<Object, PendingWrite> lastOfScope = new HashMap<>();
    private final Queue<Deferred<?>> deadlines = new ArrayDeque<>();
    private Timer.Task deadlineTask;
    private int backlogBytes;
    private long lastOrder;
    private boolean closed;

    /**
     * @param failed told once when what became of replayed records is a failure or unknown
     * @param ended  told of every marker when it is committed, before those who wait for it
     */
    WriteQueue(int partition, int leaderEpoch, Executor executor, CoordinatorLog log, CoordinatorRuntime.Settings settings,
               Timer timer, BrokerClock clock, Consumer<Throwable> failed, Consumer<TransactionEnd> ended) {
        this.partition = partition;
        this.leaderEpoch = leaderEpoch;
        this.executor = executor;
        this.log = log;
        this.settings = settings;
        this.timer = timer;
        this.clock = clock;
        this.failed = failed;
        this.ended = ended;
    }

    boolean isFull() {
        return backlogBytes >= MAX_BACKLOG_BYTES;
    }

    int backlogBytes() {
        return backlogBytes;
    }

    /** @throws RecordTooLargeException the records don't fit into one batch (each part of a divisible result into its own) */
    List<PendingWrite> encode(Result<?> result, Producer producer) {
        int max = log.maxBatchBytes();
        long now = clock.millis();
        List<PendingWrite> writes = new ArrayList<>(1);
        PendingWrite current = new PendingWrite(producer);
        writes.add(current);
        for (CoordinatorRecord record : result.records()) {
            SimpleRecord encoded = new SimpleRecord(now, record.encodeKey(), record.encodeValue());
            if (result.divisible() && !current.records.isEmpty() && current.bytes() + PendingWrite.sizeOf(encoded) > max) {
                current = new PendingWrite(producer);
                writes.add(current);
            }
            current.add(encoded, record.scope());
            if (current.bytes() > max) {
                throw new RecordTooLargeException("A change of " + result.records().size() + " records needs more than the "
                        + max + " bytes that one batch of " + settings.topic() + " may have");
            }
        }
        return writes;
    }

    /** The marker of a producer's transaction is on its way. */
    boolean isEnding(long producerId) {
        return inFlight.stream().anyMatch(write -> ends(write, producerId)) || queue.stream().anyMatch(write -> ends(write, producerId));
    }

    private static boolean ends(PendingWrite write, long producerId) {
        return write.end != null && write.end.producerId() == producerId;
    }

    void end(TransactionEnd end, boolean flushed, CompletableFuture<Void> future) {
        add(List.of(new PendingWrite(end, flushed)), null, future, null);
    }

    <T> void add(List<PendingWrite> writes, Runnable committed, CompletableFuture<T> future, T value) {
        for (PendingWrite write : writes) {
            write.order = ++lastOrder;
            queue.add(write);
            backlogBytes += write.recordBytes();
            write.scopes.forEach(scope -> lastOfScope.put(scope, write));
        }
        attach(writes.get(writes.size() - 1), committed, future, value);
        flush();
    }

    /**
     * Makes an answer wait for the uncommitted records of its scopes, if there are any.
     *
     * @param scopes null for all
     * @return false when there is nothing to wait for
     */
    <T> boolean awaits(List<?> scopes, T value, Runnable committed, CompletableFuture<T> future) {
        PendingWrite last = null;
        for (Object scope : scopes == null ? lastOfScope.keySet() : scopes) {
            PendingWrite write = lastOfScope.get(scope);
            if (write != null && (last == null || write.order > last.order)) {
                last = write;
            }
        }
        if (last == null) {
            return false;
        }
        attach(last, committed, future, value);
        return true;
    }

    private <T> void attach(PendingWrite write, Runnable committed, CompletableFuture<T> future, T value) {
        if (committed != null) {
            write.committed.add(committed);
        }
        Deferred<T> answer = new Deferred<>(future, value, nowMs() + settings.writeTimeoutMs().getAsInt());
        write.answers.add(answer);
        deadlines.add(answer);
        if (deadlineTask == null) {
            armDeadline(answer.deadlineMs());
        }
    }

    private void flush() {
        if (closed || !inFlight.isEmpty() || queue.isEmpty()) {
            return;
        }
        List<PendingWrite> batch = new ArrayList<>();
        int max = log.maxBatchBytes();
        int bytes = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;
        while (!queue.isEmpty() && (batch.isEmpty() || batch.get(0).goesWith(queue.peek()) && bytes + queue.peek().recordBytes() <= max)) {
            PendingWrite write = queue.poll();
            bytes += write.recordBytes();
            batch.add(write);
        }
        inFlight = batch;
        inFlightSinceMs = nowMs();
        append(batch, bytes);
    }

    private void append(List<PendingWrite> batch, int bytes) {
        CoordinatorLog.AppendCallback callback = (lastOffset, error) -> executor.execute(() -> appended(batch, bytes, error));
        PendingWrite first = batch.get(0);
        if (first.end != null) {
            log.endTransaction(partition, leaderEpoch, first.end, callback);
            return;
        }
        ByteBuffer batches;
        try {
            batches = build(batch, bytes);
        } catch (RuntimeException | LinkageError e) { // e.g. a codec whose native library can't be loaded
            callback.completed(-1, e);
            return;
        }
        if (first.producer == null) {
            log.append(partition, leaderEpoch, batches, callback);
        } else {
            log.append(partition, leaderEpoch, batches, first.producer.guard(), callback);
        }
    }

    private ByteBuffer build(List<PendingWrite> batch, int bytes) {
        try (MemoryRecordsBuilder builder = builder(ByteBuffer.allocate(bytes), batch.get(0).producer)) {
            for (PendingWrite write : batch) {
                for (SimpleRecord record : write.records) {
                    builder.append(record);
                }
            }
            return builder.build().buffer();
        }
    }

    private MemoryRecordsBuilder builder(ByteBuffer buffer, Producer producer) {
        Compression compression = Compression.of(settings.compression().get()).build();
        if (producer == null) {
            return MemoryRecords.builder(buffer, compression, TimestampType.CREATE_TIME, 0L);
        }
        // A coordinator's batches are not numbered: no retry comes by here. The format wants a number all the same.
        return MemoryRecords.builder(buffer, RecordBatch.CURRENT_MAGIC_VALUE, compression, TimestampType.CREATE_TIME, 0L, RecordBatch.NO_TIMESTAMP,
                producer.id(), producer.epoch(), 0, true, RecordBatch.NO_PARTITION_LEADER_EPOCH);
    }

    /** Nothing was appended, so the state is only ahead of the log, as it is while a disk stalls: no reason to drop it. */
    private void refused(List<PendingWrite> batch, int bytes, Throwable error) {
        if (!refused) {
            refused = true;
            LOG.log(Level.WARNING, "Coordinator {0}-{1} may not append, and waits: {2}", settings.topic(), partition, error.getMessage());
        }
        timer.schedule(REFUSED_RETRY_MS, () -> executor.execute(() -> {
            if (!closed && inFlight == batch) {
                append(batch, bytes);
            }
        }));
    }

    private void appended(List<PendingWrite> batch, int bytes, Throwable error) {
        if (closed || inFlight != batch) {
            return;
        }
        if (error != null && batch.get(0).end != null) {
            batch.get(0).answers.forEach(answer -> answer.fail(error));
            next();
            return;
        }
        if (error instanceof NotEnoughReplicasException) {
            refused(batch, bytes, error);
            return;
        }
        if (error != null) {
            failed.accept(error);
            return;
        }
        pastStallsMs += stallMs();
        inFlightSinceMs = nowMs(); // counted
        if (refused) {
            refused = false;
            LOG.log(Level.INFO, "Coordinator {0}-{1} appends again", settings.topic(), partition);
        }
        for (PendingWrite write : batch) {
            backlogBytes -= write.recordBytes();
            write.scopes.forEach(scope -> lastOfScope.remove(scope, write));
            try {
                if (write.end != null) {
                    ended.accept(write.end);
                }
                write.committed.forEach(Runnable::run);
            } catch (RuntimeException e) {
                failed.accept(e);
                return;
            }
            if (write.flushed) {
                answerFlushed(write);
            } else {
                write.answers.forEach(Deferred::complete);
            }
        }
        next();
    }

    /**
     * The marker counts already: what it carries out is decided, and on disk at its coordinator, who writes it again if this one is lost. Only
     * the answer waits, and nobody behind it.
     */
    private void answerFlushed(PendingWrite write) {
        log.flush(partition, error -> executor.execute(() -> write.answers.forEach(answer -> {
            if (error == null) {
                answer.complete();
            } else {
                answer.fail(error);
            }
        })));
    }

    private void next() {
        inFlight = List.of();
        forgetAnswered();
        flush();
    }

    /** For how long, all in all, clients were kept waiting by a log that took none of our records. Never goes back. */
    long stalledMs() {
        return pastStallsMs + stallMs();
    }

    private long stallMs() {
        long age = inFlight.isEmpty() ? 0 : nowMs() - inFlightSinceMs;
        return age < STALL_MS ? 0 : age;
    }

    /** The state is dropped: nobody gets an answer any more but this error. */
    void close(ApiException error) {
        closed = true;
        if (deadlineTask != null) {
            deadlineTask.cancel();
        }
        inFlight.forEach(write -> write.answers.forEach(answer -> answer.fail(error)));
        queue.forEach(write -> write.answers.forEach(answer -> answer.fail(error)));
        queue.clear();
        deadlines.clear();
    }

    // ---- deadlines: all answers wait equally long, so they end in the order they came

    private void armDeadline(long deadlineMs) {
        deadlineTask = timer.schedule(Math.max(0, deadlineMs - nowMs()), () -> executor.execute(this::expire));
    }

    private void expire() {
        deadlineTask = null;
        if (closed) {
            return;
        }
        long now = nowMs();
        while (!deadlines.isEmpty() && deadlines.peek().deadlineMs() <= now) {
            deadlines.poll().fail(new CoordinatorNotAvailableException("The change was not committed within "
                    + settings.writeTimeoutMs().getAsInt() + " ms; its outcome is open"));
        }
        forgetAnswered();
        if (!deadlines.isEmpty()) {
            armDeadline(deadlines.peek().deadlineMs());
        }
    }

    private void forgetAnswered() {
        while (!deadlines.isEmpty() && deadlines.peek().future().isDone()) {
            deadlines.poll();
        }
    }

    private long nowMs() {
        return clock.nanoTime() / 1_000_000;
    }
}
