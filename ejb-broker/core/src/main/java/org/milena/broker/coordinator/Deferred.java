package org.milena.broker.coordinator;

import java.util.concurrent.CompletableFuture;

/** An answer that waits for records to be committed, until its deadline (monotonic milliseconds). */
record Deferred<T>(CompletableFuture<T> future, T value, long deadlineMs) {

    void complete() {
        future.complete(value);
    }

    void fail(Throwable error) {
        future.completeExceptionally(error);
    }
}
