package org.milena.broker.metrics;

import org.milena.broker.log.LogAppendInfo;

/** Counts what goes into and out of topics. Called on data loops for every batch: must be cheap and must not throw. */
public interface TopicMetrics {

    TopicMetrics NONE = new TopicMetrics() {
    };

    default void appended(String topic, int bytes, LogAppendInfo info) {
    }

    default void appendFailed(String topic, Throwable error) {
    }

    default void fetched(String topic, int bytes) {
    }

    default void fetchFailed(String topic) {
    }
}
