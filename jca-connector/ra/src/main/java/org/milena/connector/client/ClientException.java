package org.milena.connector.client;

import java.util.List;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.connector.RecordMetadata;

/** A request that failed: by the broker's word ({@link #error}), or because the broker could not be asked. */
public final class ClientException extends Exception {

    private static final long serialVersionUID = 1L;

    private final Errors error;
    private final boolean outcomeUnknown;
    private boolean gaveUp;
    private boolean cutShort;
    private final transient List<RecordMetadata> results;

    private ClientException(String message, Errors error, boolean outcomeUnknown, Throwable cause, List<RecordMetadata> results) {
        super(message, cause);
        this.error = error;
        this.outcomeUnknown = outcomeUnknown;
        this.results = results;
    }

    /** The broker said no, or asks to try again. */
    static ClientException of(String message, Errors error) {
        return new ClientException(message, error, false, null, null);
    }

    /** The connection broke or gave no answer: who knows whether the request was carried out. */
    static ClientException unanswered(String message, Throwable cause) {
        return new ClientException(message, Errors.NETWORK_EXCEPTION, true, cause, null);
    }

    /** The request was never sent. */
    static ClientException unreachable(String message, Throwable cause) {
        return new ClientException(message, Errors.NETWORK_EXCEPTION, false, cause, null);
    }

    /** Apache Kafka, or a Milena from before there were branches. */
    static ClientException noBranches(Endpoint endpoint) {
        return of(endpoint + " takes no part in XA transactions: it has no durable prepare. That needs Milena; with Apache Kafka use LocalTransaction"
                + " or NoTransaction as the connection factory's transaction support", Errors.UNSUPPORTED_VERSION);
    }

    /** This client was closed: no further attempt will do better. */
    static ClientException closed() {
        return new ClientException("The client is closed", null, false, null, null);
    }

    /** The caller's deadline ended the waiting, which says nothing of the broker. */
    ClientException cutShort() {
        cutShort = true;
        return this;
    }

    /** Of this failure and the one before it (may be null), the one that tells more. */
    ClientException orBefore(ClientException before) {
        return cutShort && before != null ? before : this;
    }

    static ClientException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new ClientException("Interrupted while waiting for the broker", null, true, cause, null);
    }

    /** The time is over; {@code last} tells why the attempts before failed, if there were any. */
    static ClientException timedOut(String what, Deadline deadline, ClientException last, boolean outcomeUnknown) {
        ClientException timedOut = new ClientException(what + " within " + deadline.millis() + " ms" + (last == null ? "" : "; last: " + last.getMessage()),
                last == null ? Errors.REQUEST_TIMED_OUT : last.error(), outcomeUnknown, last, null);
        timedOut.gaveUp = true;
        return timedOut;
    }

    ClientException withOutcomeUnknown() {
        return new ClientException(getMessage(), error, true, getCause(), results);
    }

    ClientException withResults(String message, List<RecordMetadata> partial) {
        return new ClientException(message, error, outcomeUnknown, this, partial);
    }

    /** Null where no broker said one. */
    public Errors error() {
        return error;
    }

    /** True when what failed may have happened nevertheless. */
    public boolean outcomeUnknown() {
        return outcomeUnknown;
    }

    /** Of a send of many records: where each is, null for those not sent. Null when it was no such send. */
    public List<RecordMetadata> results() {
        return results;
    }

    /** Worth another attempt; not so once somebody has made them all. */
    boolean retriable() {
        return !gaveUp && error != null && error.exception() instanceof RetriableException;
    }
}
