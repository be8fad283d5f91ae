package org.milena.broker.handler.produce;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import org.milena.broker.network.RequestContext;

/**
 * Keeps the order of a connection's requests while one of them waits for the transaction coordinator: those behind it wait, too. What is
 * known of a connection is touched on its event loop only.
 */
final class Turns {

    private final Map<String, Queue<Runnable>> held = new ConcurrentHashMap<>();

    boolean mustWait(RequestContext context) {
        return !held.isEmpty() && held.containsKey(context.connectionId());
    }

    /** Runs the request when those before it are through. */
    void await(RequestContext context, Runnable request) {
        held.get(context.connectionId()).add(request);
    }

    /** The request in hand has to wait. {@link #resume} must follow. */
    void hold(RequestContext context) {
        held.putIfAbsent(context.connectionId(), new ArrayDeque<>());
    }

    /** The request that waited is through; so are those behind it, up to the next that has to wait. */
    void resume(RequestContext context, Runnable request) {
        Queue<Runnable> behind = held.remove(context.connectionId());
        request.run();
        while (!behind.isEmpty()) {
            behind.remove().run();
            Queue<Runnable> heldAgain = held.get(context.connectionId());
            if (heldAgain != null) {
                heldAgain.addAll(behind);
                return;
            }
        }
    }
}
