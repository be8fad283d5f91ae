package org.milena.broker.handler;

import org.apache.kafka.common.protocol.ApiMessage;
import org.milena.broker.network.RequestContext;

/**
 * Serves one API key. Called on the connection's event loop, for requests of one connection in their order.
 * Must not block: hands over to an executor that may, and replies from there.
 * An exception thrown from {@link #handle} is answered as {@link RequestContext#fail}.
 */
@FunctionalInterface
public interface RequestHandler<T extends ApiMessage> {

    void handle(RequestContext context, T request);
}
