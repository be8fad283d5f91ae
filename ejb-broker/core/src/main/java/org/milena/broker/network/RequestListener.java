package org.milena.broker.network;

import org.apache.kafka.common.protocol.ApiKeys;

/** Told of what happens on the wire, for metrics. Called on event loops: must be cheap and must not throw. */
public interface RequestListener {

    RequestListener NONE = new RequestListener() {
    };

    default void connectionOpened() {
    }

    default void connectionClosed() {
    }

    /** A connection that was refused or cut; {@code reason} is one of a small fixed set. */
    default void connectionRejected(String reason) {
    }

    /** A request was answered. {@code nanos} from the moment its last byte was read to the response being handed to the socket. */
    default void requestCompleted(ApiKeys key, short version, long nanos, int requestBytes, long responseBytes) {
    }
}
