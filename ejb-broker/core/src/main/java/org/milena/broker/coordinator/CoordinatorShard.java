package org.milena.broker.coordinator;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.record.internal.Record;

/**
 * The state of one partition of the internal topic: a deterministic state machine. All methods are called by one thread at a
 * time; {@code replay}, {@code load} and {@code endTransaction} are the only ones that change durable state.
 */
public interface CoordinatorShard {

    /** Replays a record that a handler of this shard made, outside transactions. */
    void replay(CoordinatorRecord record);

    /** Replays a record that a handler of this shard made within a producer's transaction: it counts once that is committed. */
    default void replay(CoordinatorRecord record, long producerId) {
        throw new UnsupportedOperationException("This coordinator keeps nothing for transactions of producers");
    }

    /**
     * Replays a record read from the log; unknown kinds are skipped.
     *
     * @param record     valid only during the call
     * @param producerId of the transaction that holds the record, or -1
     */
    void load(Record record, long producerId);

    /** Replays the end of a producer's transaction: read from the log, or committed just now. */
    void endTransaction(long producerId, boolean commit);

    /** Everything is replayed: the shard goes to work. Timers may be set from here on. */
    void loaded();

    /** The state is dropped (resignation, failed append, shutdown): whoever waits inside it gets {@code error}. Timers are cancelled already. */
    void unloaded(ApiException error);
}
