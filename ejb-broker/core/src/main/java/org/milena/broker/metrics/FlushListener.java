package org.milena.broker.metrics;

/** Told of every fsync in a log directory. Called on the thread that flushed; must be cheap and must not throw. */
@FunctionalInterface
public interface FlushListener {

    FlushListener NONE = nanos -> {
    };

    void flushed(long nanos);
}
