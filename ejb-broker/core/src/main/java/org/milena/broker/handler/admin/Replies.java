package org.milena.broker.handler.admin;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.protocol.ApiMessage;
import org.milena.broker.network.RequestContext;
import org.milena.broker.time.Timer;

/** Answers a request when its work is done. */
final class Replies {

    private Replies() {
    }

    static void reply(RequestContext context, CompletableFuture<? extends ApiMessage> work) {
        work.whenComplete((response, error) -> finish(context, response, error));
    }

    /** As above, or with REQUEST_TIMED_OUT when the client's time is over first; the work goes on. */
    static void reply(RequestContext context, CompletableFuture<? extends ApiMessage> work, int timeoutMs) {
        if (timeoutMs <= 0 || work.isDone()) {
            reply(context, work);
            return;
        }
        AtomicBoolean answered = new AtomicBoolean();
        Timer.Task task = context.schedule(timeoutMs, () -> {
            if (answered.compareAndSet(false, true)) {
                context.fail(new TimeoutException("The request was not done within its timeout of " + timeoutMs + " ms"));
            }
        });
        work.whenComplete((response, error) -> {
            if (answered.compareAndSet(false, true)) {
                task.cancel();
                finish(context, response, error);
            }
        });
    }

    private static void finish(RequestContext context, ApiMessage response, Throwable error) {
        if (error == null) {
            context.reply(response);
        } else {
            context.fail(error instanceof CompletionException && error.getCause() != null ? error.getCause() : error);
        }
    }
}
