package org.milena.broker.coordinator;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.milena.broker.log.TransactionEnd;

/**
 * Records that belong together, replayed already and on their way to the log, and who waits for them. Or the marker that ends a
 * transaction, which is replayed only when it is committed: the log may refuse it.
 */
final class PendingWrite {

    /** The varints and the attributes byte around one record, at most. */
    private static final int RECORD_OVERHEAD = 21;

    final List<SimpleRecord> records = new ArrayList<>();
    final Set<Object> scopes = new HashSet<>(2);
    final List<Runnable> committed = new ArrayList<>();
    final List<Deferred<?>> answers = new ArrayList<>();
    /** Whose transaction the records belong to; null: they count at once. */
    final Producer producer;
    /** Instead of records. */
    final TransactionEnd end;
    final boolean flushed;
    /** Grows along the log. */
    long order;
    private int bytes = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;

    PendingWrite(Producer producer) {
        this(producer, null, false);
    }

    PendingWrite(TransactionEnd end, boolean flushed) {
        this(null, end, flushed);
    }

    private PendingWrite(Producer producer, TransactionEnd end, boolean flushed) {
        this.producer = producer;
        this.end = end;
        this.flushed = flushed;
    }

    /** Both may go in one batch. */
    boolean goesWith(PendingWrite next) {
        return end == null && next.end == null && Objects.equals(producer, next.producer);
    }

    /** An upper bound of what these records need in a batch of their own, uncompressed. */
    int bytes() {
        return bytes;
    }

    int recordBytes() {
        return bytes - DefaultRecordBatch.RECORD_BATCH_OVERHEAD;
    }

    void add(SimpleRecord record, Object scope) {
        records.add(record);
        bytes += sizeOf(record);
        if (scope != null) {
            scopes.add(scope);
        }
    }

    static int sizeOf(SimpleRecord record) {
        return RECORD_OVERHEAD + (record.key() == null ? 0 : record.key().remaining())
                + (record.value() == null ? 0 : record.value().remaining());
    }
}
