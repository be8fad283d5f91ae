package org.milena.broker.api;

/** Kafka's transactions, as other parts of the application see them. */
public interface TransactionCoordination {

    /** The partition of {@code __transaction_state} that holds a transactional id. */
    int partitionFor(String transactionalId);
}
