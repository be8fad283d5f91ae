package org.milena.broker.handler.transaction;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.network.RequestContext;

/** What the transaction handlers share. */
final class Replies {

    private Replies() {
    }

    /** Clients that don't know PRODUCER_FENCED yet know this one, and do the same about it. */
    static short code(Errors error, boolean knowsFenced) {
        return (error == Errors.PRODUCER_FENCED && !knowsFenced ? Errors.INVALID_PRODUCER_EPOCH : error).code();
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
}
