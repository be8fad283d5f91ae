package org.milena.broker.coordinator;

import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.errors.ApiException;

/**
 * What a handler decided: an answer, and the records that make it true. The records are replayed at once and appended;
 * the answer and {@code committed} wait for the commit.
 *
 * @param response  the answer; may be null when the handler completes a future of its own
 * @param records   in order; all or none become durable, unless {@code divisible}
 * @param divisible the records may be spread over several appends (many tombstones)
 * @param replayed  runs right after the records were replayed, or null: for volatile state (timers, waiting members)
 * @param committed runs on the shard's executor after the records were committed, or null. It never runs when the append
 *                  fails: the whole state is dropped then, and {@link CoordinatorShard#unloaded} answers whoever waits
 * @param rejected  runs instead of all that when the records are too large to be appended, or null
 */
public record Result<T>(T response, List<? extends CoordinatorRecord> records, boolean divisible, Runnable replayed,
                        Runnable committed, Consumer<ApiException> rejected) {

    public Result {
        records = List.copyOf(records);
    }

    /** An answer that changes nothing. */
    public static <T> Result<T> of(T response) {
        return new Result<>(response, List.of(), false, null, null, null);
    }

    public static <T> Result<T> of(T response, List<? extends CoordinatorRecord> records) {
        return new Result<>(response, records, false, null, null, null);
    }

    public Result<T> whenReplayed(Runnable action) {
        return new Result<>(response, records, divisible, action, committed, rejected);
    }

    public Result<T> whenCommitted(Runnable action) {
        return new Result<>(response, records, divisible, replayed, action, rejected);
    }

    public Result<T> whenRejected(Consumer<ApiException> action) {
        return new Result<>(response, records, divisible, replayed, committed, action);
    }

    public Result<T> inParts() {
        return new Result<>(response, records, true, replayed, committed, rejected);
    }

    /** The same records and actions with another answer. */
    public <R> Result<R> answering(R other) {
        return new Result<>(other, records, divisible, replayed, committed, rejected);
    }
}
