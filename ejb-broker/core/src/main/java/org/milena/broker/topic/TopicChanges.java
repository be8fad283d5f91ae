package org.milena.broker.topic;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * The order of changes to topics: those of one topic run one after the other, each from its first step on the serial executor to
 * its last, whatever disks it waits for in between. A topic on a disk that hangs waits alone. Called on the serial executor only.
 */
final class TopicChanges {

    private final Executor serial;
    private final Map<String, CompletableFuture<?>> last = new HashMap<>();

    TopicChanges(Executor serial) {
        this.serial = serial;
    }

    /** Begins a change, on the serial executor, as soon as that topic's earlier ones are done. */
    <T> CompletableFuture<T> run(String topic, Supplier<CompletableFuture<T>> change) {
        CompletableFuture<?> before = last.get(topic);
        CompletableFuture<T> mine = before == null ? begin(change)
                : before.handle((done, error) -> null).thenComposeAsync(ready -> begin(change), serial);
        last.put(topic, mine);
        mine.whenCompleteAsync((done, error) -> last.remove(topic, mine), serial);
        return mine;
    }

    private static <T> CompletableFuture<T> begin(Supplier<CompletableFuture<T>> change) {
        try {
            return change.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** What really went wrong in a step of a change. */
    static Throwable cause(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}
