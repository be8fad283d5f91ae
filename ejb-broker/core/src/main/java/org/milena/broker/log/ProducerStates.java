package org.milena.broker.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ConcurrentTransactionsException;
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
    /** First offset of each ended transaction, with its marker's, until that is committed. */
    private final TreeMap<Long, Long> ended = new TreeMap<>();
    /** By producer: transactions that the coordinator has been asked about and that have no records here yet. */
    private final Map<Long, TransactionGuard> guards = new HashMap<>(0);
    private volatile long firstUndecidedOffset = Long.MAX_VALUE;
    private volatile long firstEndedOffset = Long.MAX_VALUE;

    ProducerStates(TopicPartition partition) {
        this.partition = partition;
    }

    /**
     * Judges the data batch at {@code at}.
     *
     * @param logEndOffset where it would be appended
     * @return the original when the batch is a duplicate, else null
     */
    synchronized ProducerEntry.Batch check(ByteBuffer b, int at, AppendOrigin origin, TransactionGuard guard, long logEndOffset) {
        long producerId = BatchHeader.producerId(b, at);
        if (producerId < 0 || origin == AppendOrigin.REPLICATION) {
            return null;
        }
        short epoch = BatchHeader.producerEpoch(b, at);
        ProducerEntry entry = entries.get(producerId);
        int sequence = BatchHeader.baseSequence(b, at);
        if (origin == AppendOrigin.CLIENT && entry != null) {
            int last = DefaultRecordBatch.incrementSequence(sequence, BatchHeader.lastOffsetDelta(b, at));
            ProducerEntry.Batch original = entry.duplicate(epoch, sequence, last);
            if (original != null) {
                return original;
            }
        }
        checkEpoch(entry, producerId, epoch, logEndOffset);
        boolean transactional = BatchHeader.transactional(b, at);
        if (transactional) {
            checkGuard(entry, producerId, epoch, guard);
        }
        if (origin == AppendOrigin.CLIENT) {
            checkSequence(entry, producerId, epoch, sequence, logEndOffset);
        }
        if (!transactional && entry != null && entry.inTransaction()) {
            throw new InvalidTxnStateException("Expected transactional write from producer " + producerId + " at offset " + logEndOffset
                    + " in partition " + partition);
        }
        return null;
    }

    private void checkEpoch(ProducerEntry entry, long producerId, short epoch, long offset) {
        if (entry != null && epoch < entry.epoch) {
            throw new InvalidProducerEpochException("Epoch of producer " + producerId + " at offset " + offset + " in " + partition
                    + " is " + epoch + ", which is smaller than the last seen epoch " + entry.epoch);
        }
    }

    /** Records enter an open transaction of their epoch, or begin one that the coordinator has confirmed. */
    private void checkGuard(ProducerEntry entry, long producerId, short epoch, TransactionGuard guard) {
        boolean open = isOpen(entry, epoch);
        if (open && entry.sealed) {
            throw new InvalidTxnStateException("The transaction of producer " + producerId + " in epoch " + epoch + " is being prepared, or is: "
                    + "no more records enter it in " + partition);
        }
        if ((!open || entry.unconfirmed) && (guard == null || guards.get(producerId) != guard)) {
            throw new InvalidTxnStateException("Record was not part of an ongoing transaction");
        }
    }

    private static boolean isOpen(ProducerEntry entry, short epoch) {
        return entry != null && entry.inTransaction() && entry.epoch == epoch;
    }

    /** See {@link PartitionLog#sealTransaction}. */
    synchronized int seal(long producerId, short epoch) {
        ProducerEntry entry = entries.get(producerId);
        if (!isOpen(entry, epoch)) {
            throw new InvalidTxnStateException("The transaction of producer " + producerId + " in epoch " + epoch + " is not open in " + partition);
        }
        entry.sealed = true;
        return entry.lastSequence();
    }

    /** See {@link PartitionLog#expectTransaction}. */
    synchronized TransactionGuard expectTransaction(long producerId, short epoch, int sequence, boolean epochRises, long nowMs) {
        ProducerEntry entry = entries.get(producerId);
        if (entry != null && epoch < entry.epoch) {
            throw new InvalidProducerEpochException("Epoch of producer " + producerId + " is " + epoch
                    + ", which is smaller than the last seen epoch " + entry.epoch);
        }
        if (epochRises && entry != null && entry.unconfirmed && epoch > entry.epoch) {
            throw new ConcurrentTransactionsException("A transaction of producer " + producerId + " in epoch " + entry.epoch + " hangs in " + partition
                    + ": its records must not become part of the next one");
        }
        if (isOpen(entry, epoch) && !entry.unconfirmed) {
            return null;
        }
        TransactionGuard guard = guards.computeIfAbsent(producerId, id -> new TransactionGuard(epoch, sequence, epochRises, nowMs));
        guard.covers(epoch, sequence);
        return guard;
    }

    /** See {@link PartitionLog#checkTransaction}. */
    synchronized void checkTransaction(long producerId, short epoch, TransactionGuard guard, long logEndOffset) {
        ProducerEntry entry = entries.get(producerId);
        checkEpoch(entry, producerId, epoch, logEndOffset);
        checkGuard(entry, producerId, epoch, guard);
    }

    /** Judges a marker. */
    synchronized void check(TransactionEnd end, long logEndOffset) {
        ProducerEntry entry = entries.get(end.producerId());
        if (end.ifUnconfirmed() && (entry == null || !entry.unconfirmed || !end.ends(entry.epoch))) {
            throw new InvalidTxnStateException("No unconfirmed transaction of producer " + end.producerId() + " hangs in " + partition);
        }
        if (entry == null) {
            return;
        }
        checkMarkerEpoch(entry, end, logEndOffset);
        if (entry.coordinatorEpoch > end.coordinatorEpoch()) {
            throw new TransactionCoordinatorFencedException("Invalid coordinator epoch for producerId " + end.producerId() + " at offset "
                    + logEndOffset + " in partition " + partition + ": " + end.coordinatorEpoch() + " (zombie), "
                    + entry.coordinatorEpoch + " (current)");
        }
    }

    /** With transaction version 2 an equal epoch is that of the next transaction, unless none is open: then the marker comes again. */
    private void checkMarkerEpoch(ProducerEntry entry, TransactionEnd end, long offset) {
        boolean again = end.producerEpoch() == entry.epoch && (!entry.inTransaction() || entry.epoch == Short.MAX_VALUE);
        if (end.producerEpoch() < entry.epoch || end.epochRises() && end.producerEpoch() == entry.epoch && !again) {
            throw new InvalidProducerEpochException("Epoch of producer " + end.producerId() + " at offset " + offset + " in " + partition
                    + " is " + end.producerEpoch() + ", which is " + (end.epochRises() ? "<=" : "<") + " the last seen epoch " + entry.epoch
                    + " (TV" + end.transactionVersion() + ")");
        }
    }

    private void checkSequence(ProducerEntry entry, long producerId, short epoch, int sequence, long offset) {
        if (entry == null || entry.epoch == ProducerEntry.NO_EPOCH) {
            checkFirst(producerId, sequence, offset);
            // A producer whose records were all deleted or which expired may go on anywhere; in a log that never held a record
            // a later batch has overtaken the first (KAFKA-15591).
            if (sequence != 0 && offset == 0) {
                throw new OutOfOrderSequenceException("Producer " + producerId + " starts with sequence number " + sequence
                        + " in the empty partition " + partition + "; 0 is expected");
            }
            return;
        }
        if (!entry.hasBatches()) {
            checkFirst(producerId, sequence, offset);
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

    /** Of several batches that waited for the coordinator the first must come first; and transaction version 2 always begins at 0. */
    private void checkFirst(long producerId, int sequence, long offset) {
        TransactionGuard guard = guards.get(producerId);
        if (guard == null) {
            return;
        }
        int expected = guard.epochRises ? 0 : guard.lowestSequence;
        if (sequence > expected) {
            throw new OutOfOrderSequenceException("Out of order sequence number for producer " + producerId + " at offset " + offset
                    + " in partition " + partition + ": " + sequence + " (incoming seq. number), " + expected
                    + (guard.epochRises ? " (expected of a new epoch)" : " (earliest seen sequence)"));
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
        if (BatchHeader.transactional(b, at)) {
            if (guards.remove(producerId) != null) {
                entry.unconfirmed = false;
            }
            if (!entry.inTransaction()) {
                entry.transactionStart = first;
                open.put(first, producerId);
                updateUnstable();
            }
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
        entry.sealed = false;
        entry.unconfirmed = false;
        // With rising epochs the marker bears the epoch of the next transaction, which may have begun to ask already.
        guards.computeIfPresent(entry.producerId, (id, guard) -> guard.epochRises && guard.epoch == epoch ? guard : null);
        if (start < 0) {
            return null;
        }
        long last = BatchHeader.lastOffset(b, at);
        open.remove(start);
        ended.put(start, last);
        updateUnstable();
        if (marker.controlType() != ControlRecordType.ABORT) {
            return null;
        }
        long stable = open.isEmpty() ? last + 1 : open.firstKey();
        return new AbortedTransactions.Entry(entry.producerId, start, last, stable);
    }

    private void updateUnstable() {
        // In this order, and read in the other: a transaction on its way from open to ended is always seen in one of the two.
        firstEndedOffset = ended.isEmpty() ? Long.MAX_VALUE : ended.firstKey();
        firstUndecidedOffset = open.isEmpty() ? Long.MAX_VALUE : open.firstKey();
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

    /** First offset of all transactions that are undecided, or decided by a marker at or above {@code committed}. */
    long firstUnstableOffset(long committed) {
        long undecided = firstUndecidedOffset;
        long decided = firstEndedOffset;
        return Math.min(undecided, decided < committed ? forgetEnded(committed) : decided);
    }

    private synchronized long forgetEnded(long committed) {
        if (ended.values().removeIf(marker -> marker < committed)) {
            updateUnstable();
        }
        return firstEndedOffset;
    }

    /** When the producer of the oldest open transaction was last heard of, or -1. */
    long oldestTransactionMs() {
        if (firstUndecidedOffset == Long.MAX_VALUE) {
            return -1;
        }
        synchronized (this) {
            return open.isEmpty() ? -1 : entries.get(open.firstEntry().getValue()).lastTimestamp;
        }
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

    /** All that the log holds has been applied. */
    synchronized void loaded() {
        open.values().forEach(producerId -> entries.get(producerId).unconfirmed = true);
    }

    List<UnconfirmedTransaction> unconfirmedTransactions() {
        if (firstUndecidedOffset == Long.MAX_VALUE) {
            return List.of();
        }
        synchronized (this) {
            return open.values().stream().map(entries::get).filter(entry -> entry.unconfirmed)
                    .map(entry -> new UnconfirmedTransaction(entry.producerId, entry.epoch, entry.coordinatorEpoch)).toList();
        }
    }

    synchronized void clear() {
        entries.clear();
        open.clear();
        ended.clear();
        guards.clear();
        updateUnstable();
    }

    synchronized byte[] snapshot() {
        return ProducerSnapshots.encode(entries.values());
    }

    synchronized long maxProducerId() {
        return entries.keySet().stream().mapToLong(Long::longValue).max().orElse(-1);
    }

    /** Forgets idle producers without an open transaction, and guards that nobody came back with. */
    synchronized void expire(long nowMs, long idleMs) {
        entries.values().removeIf(e -> !e.inTransaction() && nowMs - e.lastTimestamp >= idleMs);
        guards.values().removeIf(guard -> nowMs - guard.createdMs >= idleMs);
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
