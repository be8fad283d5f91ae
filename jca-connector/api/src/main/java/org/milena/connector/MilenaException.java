package org.milena.connector;

import jakarta.resource.ResourceException;

/**
 * Something could not be sent or asked. {@link #getErrorCode()} is Kafka's name of the error ({@code MESSAGE_TOO_LARGE}), or null where
 * no broker said one.
 */
public class MilenaException extends ResourceException {

    private static final long serialVersionUID = 1L;

    private final boolean outcomeUnknown;

    public MilenaException(String message) {
        this(message, null, false, null);
    }

    public MilenaException(String message, Throwable cause) {
        this(message, null, false, cause);
    }

    /**
     * @param errorCode      Kafka's name of the error, or null
     * @param outcomeUnknown whether what failed may have happened nevertheless
     */
    public MilenaException(String message, String errorCode, boolean outcomeUnknown, Throwable cause) {
        super(message, errorCode);
        this.outcomeUnknown = outcomeUnknown;
        if (cause != null) {
            initCause(cause);
        }
    }

    /** True when the time was over before an answer came: the record may be in the log or not. */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }
}
