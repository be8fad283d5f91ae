package org.milena.broker.api;

/** The coordinators of transactions can't say yet: they are being loaded, wait for a disk, or are busy with the same transaction. Ask again. */
public class TransactionsUnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    public TransactionsUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
