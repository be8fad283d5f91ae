package org.milena.broker.log.clean;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/**
 * Follows transactions through a log that is read from its start: which batches were aborted, and which markers have
 * outlived the last batch of their transaction. A marker goes only when the readers that could need it had the time of
 * the delete horizon (KIP-534); until then its entry in the index of aborted transactions stays too.
 */
final class CleanedTransactions {
    private final Queue<AbortedTransaction> upcoming;
    private final Map<Long, Aborted> aborted = new HashMap<>();
    private final Set<Long> committed = new HashSet<>();
    private Consumer<AbortedTransaction> retained = ignored -> { };

    private static final class Aborted {
        final AbortedTransaction transaction;
        boolean hasBatches;

        Aborted(AbortedTransaction transaction) {
            this.transaction = transaction;
        }
    }

    /** @param all that have records in what is to be read, in any order */
    CleanedTransactions(List<AbortedTransaction> all) {
        List<AbortedTransaction> sorted = new ArrayList<>(all);
        sorted.sort(Comparator.comparingLong(AbortedTransaction::firstOffset));
        upcoming = new ArrayDeque<>(sorted);
    }

    /** Who is told of aborted transactions that must stay in the index; changes with each segment written. */
    void retainInto(Consumer<AbortedTransaction> index) {
        retained = index;
    }

    /** True when the data batch belongs to an aborted transaction: nobody needs its records. */
    boolean isAborted(RecordBatch batch) {
        startUpTo(batch.lastOffset());
        if (!batch.isTransactional()) {
            return false;
        }
        Aborted transaction = aborted.get(batch.producerId());
        if (transaction == null) {
            committed.add(batch.producerId());
            return false;
        }
        transaction.hasBatches = true;
        return true;
    }

    /** True when no batch of the marker's transaction is left, so that the marker may go too, in time. */
    boolean isObsolete(RecordBatch controlBatch) {
        startUpTo(controlBatch.lastOffset());
        Iterator<Record> records = controlBatch.iterator();
        if (!records.hasNext()) {
            return true;
        }
        switch (ControlRecordType.parse(records.next().key())) {
            case ABORT -> {
                Aborted ended = aborted.remove(controlBatch.producerId());
                boolean needed = ended != null && ended.hasBatches;
                if (needed) {
                    retained.accept(ended.transaction);
                }
                return !needed;
            }
            case COMMIT -> {
                return !committed.remove(controlBatch.producerId());
            }
            default -> {
                return false;
            }
        }
    }

    private void startUpTo(long offset) {
        while (!upcoming.isEmpty() && upcoming.peek().firstOffset() <= offset) {
            AbortedTransaction started = upcoming.remove();
            aborted.putIfAbsent(started.producerId(), new Aborted(started));
        }
    }
}
