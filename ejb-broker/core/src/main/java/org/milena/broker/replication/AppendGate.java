package org.milena.broker.replication;

import org.apache.kafka.common.errors.KafkaStorageException;
import org.milena.broker.log.LogDirectory;

/** Decides whether clients may write to a log directory now: we must never fill the disk of our host. */
@FunctionalInterface
public interface AppendGate {

    AppendGate OPEN = directory -> {
    };

    /** @throws KafkaStorageException when produce is refused, with the reason */
    void check(LogDirectory directory);
}
