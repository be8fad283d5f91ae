package org.milena.broker.metrics;

import org.milena.broker.log.LogAppendInfo;

/**
 * Told of what goes into and out of topics. Called on data loops for every batch: must be cheap, make no garbage and not throw.
 * The counters are those of the partition at hand, {@code Partition.counters()}.
 */
public interface TopicMetrics {

    TopicMetrics NONE = new TopicMetrics() {
    };

    default void appended(TopicCounters counters, int bytes, LogAppendInfo info) {
    }

    default void appendFailed(TopicCounters counters, Throwable error) {
    }

    /** A partition was answered; {@code bytes} is 0 when there was nothing to send. */
    default void fetched(TopicCounters counters, int bytes) {
    }

    default void fetchFailed(TopicCounters counters, short errorCode) {
    }

    /** A fetch request begins to wait for records; {@link #fetchWaitEnded} follows. */
    default void fetchWaits() {
    }

    default void fetchWaitEnded() {
    }
}
