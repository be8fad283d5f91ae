package org.milena.persistence;

/** The metadata database can't be used; the message says which one and, where known, what to do. */
public class DatabaseException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public DatabaseException(String message, Throwable cause) {
        super(message, cause);
    }
}
