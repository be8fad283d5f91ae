package org.milena.broker.ejb;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;

/** The plain objects that the beans hand to each other while they start, each put here by the bean that owns it. */
@ApplicationScoped
public class Parts {

    private final Map<Class<?>, Object> parts = new ConcurrentHashMap<>();

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
}
