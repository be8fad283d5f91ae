package org.milena.broker.ejb;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;

/** The plain objects that the beans hand to each other while they start, each put here by the bean that owns it. */
@ApplicationScoped
public class Parts {

    private final Map<Class<?>, Object> parts = new ConcurrentHashMap<>();
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private boolean failed;

    <T> T put(Class<T> type, T part) {
        parts.put(type, part);
        return part;
    }

    /** @throws NoSuchElementException its owner has not started: an error in the order of the beans */
    <T> T get(Class<T> type) {
        Object part = parts.get(type);
        if (part == null) {
            throw new NoSuchElementException(type.getName());
        }
        return type.cast(part);
    }

    /** A part has started; it is undone at once if another has failed meanwhile, or when one does. */
    synchronized void started(Runnable undoIt) {
        if (failed) {
            undoIt.run();
        } else {
            undo.push(undoIt);
        }
    }

    /** The start has failed: gives back all that was opened, the last first. */
    synchronized void fail() {
        failed = true;
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
    }
}
