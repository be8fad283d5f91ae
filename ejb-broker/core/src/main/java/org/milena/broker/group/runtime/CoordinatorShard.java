package org.milena.broker.group.runtime;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.record.internal.Record;

/**
 * The state of one partition of the internal topic: a deterministic state machine. All methods are called by one thread at a
 * time; {@code replay} and {@code load} are the only ones that change durable state.
 */
public interface CoordinatorShard {

    /** Replays a record that a handler of this shard made; its offset is not known yet but larger than every earlier one. */
    void replay(CoordinatorRecord record, long sequence, long producerId);

    /** Replays a record read from the log; unknown kinds are skipped. {@code producerId} is -1 outside transactions. */
    void load(Record record, long producerId);

    /** Replays the end of a producer's transaction. */
    void endTransaction(long producerId, boolean commit);

    /** Everything is replayed: the shard goes to work. Timers may be set from here on. */
    void loaded();

    /** The state is dropped (resignation, failed append, shutdown): whoever waits inside it gets {@code error}. Timers are cancelled already. */
    void unloaded(ApiException error);
}
