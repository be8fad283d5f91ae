package org.milena.broker.replication;

import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogDirectory;

/** Decides whether a log directory may be written to now: we must never fill the disk of our host. */
@FunctionalInterface
public interface AppendGate {

    AppendGate OPEN = (directory, origin) -> {
    };

    /**
     * Called before every append, on the appender's thread: must not block, nor make garbage while the gate is open.
     *
     * @param origin coordinators and replication may go on where clients are refused: a commit or an offset must not fail for space
     *               that was kept for it
     * @throws org.apache.kafka.common.errors.ApiException the append is refused, with the reason; retriable
     */
    void check(LogDirectory directory, AppendOrigin origin);
}
