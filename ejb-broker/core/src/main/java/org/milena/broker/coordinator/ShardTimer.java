package org.milena.broker.coordinator;

import java.util.function.Supplier;

/** The timers of one shard, by key. They fire on the shard's executor, and only while the shard is active. */
public interface ShardTimer {

    /** Runs {@code operation} once, {@code delayMs} from now; replaces what was set under {@code key}. Cheap to call again and again. */
    void schedule(String key, long delayMs, Supplier<Result<Void>> operation);

    void cancel(String key);

    boolean isScheduled(String key);
}
