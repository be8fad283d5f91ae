package org.milena.broker.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.TransactionCoordinatorFencedException;
import org.apache.kafka.common.message.DescribeProducersResponseData;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.milena.broker.log.clean.CleanableLog;

/**
 * The idempotent and transactional producers of one log (KIP-98). {@link #check} judges a batch before it is written and changes
 * nothing; {@link #apply} notes it afterwards, and replays the log at start. Its monitor is never held over I/O.
 */
final class ProducerStates {

    private final TopicPartition partition;
    private final Map<Long, ProducerEntry> entries = new HashMap<>();
    /** First offset of each open transaction, with its producer. */
    private final TreeMap<Long, Long> open = new TreeMap<>();
    private volatile long firstUnstableOffset = Long.MAX_VALUE;

    ProducerStates(TopicPartition partition) {
        this.partition = partition;
    }

    /**
     * Judges the batch at {@code at}.
     *
     * @param logEndOffset where it would be appended
     * @return the original when the batch is a duplicate, else null
     */
    synchronized ProducerEntry.Batch check(ByteBuffer b, int at, AppendOrigin origin, long logEndOffset) {
        long producerId = BatchHeader.producerId(b, at);
        if (producerId < 0 || origin == AppendOrigin.REPLICATION) {
            return null;
        }
        short epoch = BatchHeader.producerEpoch(b, at);
        ProducerEntry entry = entries.get(producerId);
        if (BatchHeader.control(b, at)) {
            checkEpoch(entry, producerId, epoch, logEndOffset);
            checkCoordinator(entry, marker(b, at), logEndOffset);
            return null;
        }
        int sequence = BatchHeader.baseSequence(b, at);
        if (origin == AppendOrigin.CLIENT && entry != null) {
            int last = DefaultRecordBatch.incrementSequence(sequence, BatchHeader.lastOffsetDelta(b, at));
            ProducerEntry.Batch original = entry.duplicate(epoch, sequence, last);
            if (original != null) {
                return original;
            }
        }
        checkEpoch(entry, producerId, epoch, logEndOffset);
        if (origin == AppendOrigin.CLIENT) {
            checkSequence(entry, producerId, epoch, sequence, logEndOffset);
        }
        if (entry != null && entry.transactionStart >= 0 && !BatchHeader.transactional(b, at)) {
            throw new InvalidTxnStateException("Producer " + producerId + " has an open transaction in " + partition
                    + " and sent a batch outside of it at offset " + logEndOffset);
        }
        return null;
    }

    private void checkEpoch(ProducerEntry entry, long producerId, short epoch, long offset) {
        if (entry != null && epoch < entry.epoch) {
            throw new InvalidProducerEpochException("Epoch of producer " + producerId + " at offset " + offset + " in " + partition
                    + " is " + epoch + ", smaller than the last seen epoch " + entry.epoch);
        }
    }

    private void checkCoordinator(ProducerEntry entry, EndTransactionMarker marker, long offset) {
        if (entry != null && marker != null && entry.coordinatorEpoch > marker.coordinatorEpoch()) {
            throw new TransactionCoordinatorFencedException("Coordinator epoch " + marker.coordinatorEpoch() + " of a marker for producer "
                    + entry.producerId + " at offset " + offset + " in " + partition + " is older than " + entry.coordinatorEpoch);
        }
    }

    private void checkSequence(ProducerEntry entry, long producerId, short epoch, int sequence, long offset) {
        if (entry == null || entry.epoch == ProducerEntry.NO_EPOCH) {
            // A producer whose records were all deleted or which expired may go on anywhere; in a log that never held a record
            // a later batch has overtaken the first (KAFKA-15591).
            if (sequence != 0 && offset == 0) {
                throw new OutOfOrderSequenceException("Producer " + producerId + " starts with sequence number " + sequence
                        + " in the empty partition " + partition + "; 0 is expected");
            }
            return;
        }
        if (epoch != entry.epoch) {
            if (sequence != 0) {
                throw new OutOfOrderSequenceException("Invalid sequence number for new epoch of producer " + producerId + " at offset "
                        + offset + " in partition " + partition + ": " + epoch + " (request epoch), " + sequence
                        + " (seq. number), " + entry.epoch + " (current producer epoch)");
            }
            return;
        }
        int last = entry.lastSequence();
        boolean inSequence = sequence == last + 1L || sequence == 0 && last == Integer.MAX_VALUE;
        if (!inSequence) {
            throw new OutOfOrderSequenceException("Out of order sequence number for producer " + producerId + " at offset " + offset
                    + " in partition " + partition + ": " + sequence + " (incoming seq. number), " + last
                    + " (current end sequence number)");
        }
    }

    /** Notes a batch that is in the log; returns the transaction that its marker aborted, if it did. */
    synchronized AbortedTransactions.Entry apply(ByteBuffer b, int at) {
        long producerId = BatchHeader.producerId(b, at);
        if (producerId < 0) {
            return null;
        }
        ProducerEntry entry = entries.computeIfAbsent(producerId, ProducerEntry::new);
        short epoch = BatchHeader.producerEpoch(b, at);
        if (BatchHeader.control(b, at)) {
            return applyMarker(entry, epoch, b, at);
        }
        long first = BatchHeader.baseOffset(b, at);
        int delta = BatchHeader.lastOffsetDelta(b, at);
        entry.enterEpoch(epoch);
        entry.addBatch(DefaultRecordBatch.incrementSequence(BatchHeader.baseSequence(b, at), delta), first + delta, delta,
                BatchHeader.maxTimestamp(b, at));
        if (BatchHeader.transactional(b, at) && entry.transactionStart < 0) {
            entry.transactionStart = first;
            open.put(first, producerId);
            updateUnstable();
        }
        return null;
    }

    private AbortedTransactions.Entry applyMarker(ProducerEntry entry, short epoch, ByteBuffer b, int at) {
        EndTransactionMarker marker = marker(b, at);
        if (marker == null) {
            return null;
        }
        long start = entry.transactionStart;
        entry.enterEpoch(epoch);
        entry.coordinatorEpoch = marker.coordinatorEpoch();
        entry.lastTimestamp = BatchHeader.maxTimestamp(b, at);
        entry.transactionStart = ProducerEntry.NO_TRANSACTION;
        if (start < 0) {
            return null;
        }
        open.remove(start);
        updateUnstable();
        if (marker.controlType() != ControlRecordType.ABORT) {
            return null;
        }
        long last = BatchHeader.lastOffset(b, at);
        long stable = open.isEmpty() ? last + 1 : open.firstKey();
        return new AbortedTransactions.Entry(entry.producerId, start, last, stable);
    }

    private void updateUnstable() {
        firstUnstableOffset = open.isEmpty() ? Long.MAX_VALUE : open.firstKey();
    }

    /** Null when compaction has emptied the control batch. */
    private static EndTransactionMarker marker(ByteBuffer b, int at) {
        ByteBuffer batch = b.duplicate();
        batch.limit(at + BatchHeader.size(b, at)).position(at);
        for (Record record : MemoryRecords.readableRecords(batch.slice()).records()) {
            return EndTransactionMarker.deserialize(record);
        }
        return null;
    }

    long firstUnstableOffset() {
        return firstUnstableOffset;
    }

    synchronized void load(List<ProducerEntry> loaded) {
        clear();
        for (ProducerEntry e : loaded) {
            entries.put(e.producerId, e);
            if (e.transactionStart >= 0) {
                open.put(e.transactionStart, e.producerId);
            }
        }
        updateUnstable();
    }

    synchronized void clear() {
        entries.clear();
        open.clear();
        updateUnstable();
    }

    synchronized byte[] snapshot() {
        return ProducerSnapshots.encode(entries.values());
    }

    synchronized long maxProducerId() {
        return entries.keySet().stream().mapToLong(Long::longValue).max().orElse(-1);
    }

    /** Forgets idle producers without an open transaction. */
    synchronized void expire(long nowMs, long idleMs) {
        entries.values().removeIf(e -> e.transactionStart < 0 && nowMs - e.lastTimestamp >= idleMs);
    }

    /** What compaction must leave of each producer, so that its sequence numbers and epoch survive a restart without snapshot. */
    synchronized Map<Long, CleanableLog.LastRecord> lastRecords() {
        Map<Long, CleanableLog.LastRecord> last = new HashMap<>();
        for (ProducerEntry e : entries.values()) {
            last.put(e.producerId, new CleanableLog.LastRecord(
                    e.hasBatches() ? OptionalLong.of(e.lastDataOffset()) : OptionalLong.empty(), e.epoch));
        }
        return last;
    }

    synchronized List<DescribeProducersResponseData.ProducerState> active() {
        List<DescribeProducersResponseData.ProducerState> states = new ArrayList<>(entries.size());
        for (ProducerEntry e : entries.values()) {
            states.add(new DescribeProducersResponseData.ProducerState().setProducerId(e.producerId).setProducerEpoch(e.epoch)
                    .setLastSequence(e.lastSequence()).setLastTimestamp(e.lastTimestamp).setCoordinatorEpoch(e.coordinatorEpoch)
                    .setCurrentTxnStartOffset(e.transactionStart));
        }
        return states;
    }
}
