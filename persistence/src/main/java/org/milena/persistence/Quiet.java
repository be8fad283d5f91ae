package org.milena.persistence;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Keeps a library from telling the server's log how it starts, for the moment in which we start it. A level that the server's
 * operator has set is left alone, and afterwards everything is as it was: the same logger may serve other applications.
 */
final class Quiet implements AutoCloseable {

    private final Logger logger;
    private final boolean changed;

    Quiet(String name, Level level) {
        logger = Logger.getLogger(name);
        changed = logger.getLevel() == null;
        if (changed) {
            logger.setLevel(level);
        }
    }

    @Override
    public void close() {
        if (changed) {
            logger.setLevel(null);
        }
    }
}
