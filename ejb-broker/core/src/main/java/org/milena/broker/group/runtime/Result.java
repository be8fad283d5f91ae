package org.milena.broker.group.runtime;

import java.util.List;

/**
 * What a handler decided: an answer, and the records that make it true. The records are replayed at once and appended;
 * the answer and {@code committed} wait for the commit.
 *
 * @param response  the answer; may be null when the handler completes a future of its own
 * @param records   in order; all or none become durable
 * @param replayed  runs right after the records were replayed, or null: for volatile state (timers, waiting members)
 * @param committed runs on the shard's executor after the records were committed, or null. It never runs when the append
 *                  fails: the whole state is dropped then, and {@link CoordinatorShard#unloaded} answers whoever waits
 */
public record Result<T>(T response, List<? extends CoordinatorRecord> records, Runnable replayed, Runnable committed) {

    public Result {
        records = List.copyOf(records);
    }

    /** An answer that changes nothing. */
    public static <T> Result<T> of(T response) {
        return new Result<>(response, List.of(), null, null);
    }

    public static <T> Result<T> of(T response, List<? extends CoordinatorRecord> records) {
        return new Result<>(response, records, null, null);
    }

    public Result<T> whenReplayed(Runnable action) {
        return new Result<>(response, records, action, committed);
    }

    public Result<T> whenCommitted(Runnable action) {
        return new Result<>(response, records, replayed, action);
    }
}
