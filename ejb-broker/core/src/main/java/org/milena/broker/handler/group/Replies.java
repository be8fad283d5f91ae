package org.milena.broker.handler.group;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.network.RequestContext;

/** What the group handlers share. */
final class Replies {

    /** The operations of a group resource, as a bit field: read, delete, describe, describe configs, alter configs. */
    static final int ALL_GROUP_OPERATIONS = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

    private Replies() {
    }

    static RequestInfo info(RequestContext context) {
        return new RequestInfo(context.apiVersion(), context.clientId(), "/" + context.clientAddress().getHostAddress());
    }

    /** Replies with what the future brings; the thread is the one that completes it. */
    static <T> void reply(RequestContext context, CompletableFuture<T> future, Function<T, ApiMessage> response) {
        future.thenApply(response).whenComplete((message, error) -> {
            if (error != null) {
                context.fail(Errors.maybeUnwrapException(error));
            } else {
                context.reply(message);
            }
        });
    }

    static <T extends ApiMessage> void reply(RequestContext context, CompletableFuture<T> future) {
        reply(context, future, message -> message);
    }
}
