package org.milena.connector;

/** Names of the headers that a record has in its dead-letter topic, beside its own. All values are texts in UTF-8. */
public final class DeadLetter {

    /** The topic from which it was delivered. */
    public static final String TOPIC = "milena.dead-letter.topic";
    public static final String PARTITION = "milena.dead-letter.partition";
    public static final String OFFSET = "milena.dead-letter.offset";
    /** Milliseconds since 1970. */
    public static final String TIMESTAMP = "milena.dead-letter.timestamp";
    /** The group in which it could not be delivered. */
    public static final String GROUP = "milena.dead-letter.group";
    /** How often it was delivered; 0 when it could not be deserialised. */
    public static final String ATTEMPTS = "milena.dead-letter.attempts";
    /** The class of the last exception; absent where the server died instead. */
    public static final String CAUSE = "milena.dead-letter.cause";
    public static final String CAUSE_MESSAGE = "milena.dead-letter.cause.message";

    private DeadLetter() {
    }
}
