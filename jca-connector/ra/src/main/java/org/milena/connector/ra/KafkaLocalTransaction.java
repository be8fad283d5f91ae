package org.milena.connector.ra;

import jakarta.resource.spi.LocalTransaction;
import jakarta.resource.spi.LocalTransactionException;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.Transaction;

/** A Kafka transaction as the server's local transaction: it takes part in a JTA transaction as its one resource, or its last. */
final class KafkaLocalTransaction implements LocalTransaction {

    private final MilenaManagedConnection connection;
    private final Transaction transaction;
    private boolean active;

    KafkaLocalTransaction(MilenaManagedConnection connection, Transaction transaction) {
        this.connection = connection;
        this.transaction = transaction;
    }

    /** Null outside of a transaction. */
    Transaction active() {
        return active ? transaction : null;
    }

    @Override
    public void begin() throws LocalTransactionException {
        if (active) {
            throw new LocalTransactionException("The connection is in a transaction already");
        }
        active = true;
    }

    /** @throws LocalTransactionException it was rolled back; or nobody knows, which the message says */
    @Override
    public void commit() throws LocalTransactionException {
        end();
        try {
            transaction.commit();
        } catch (ClientException e) {
            LocalTransactionException told = new LocalTransactionException((e.outcomeUnknown() ? "Nobody knows whether it was committed: " : "")
                    + e.getMessage(), e);
            if (e.outcomeUnknown()) {
                connection.broken(null, told);
            }
            throw told;
        }
    }

    @Override
    public void rollback() throws LocalTransactionException {
        end();
        transaction.rollback();
    }

    /** The connection goes: rolls back what is open. */
    void abandon() {
        if (active) {
            active = false;
            transaction.rollback();
        }
    }

    private void end() throws LocalTransactionException {
        if (!active) {
            throw new LocalTransactionException("The connection is in no transaction");
        }
        active = false;
    }
}
