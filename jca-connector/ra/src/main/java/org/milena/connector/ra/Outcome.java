package org.milena.connector.ra;

/**
 * What became of a delivery.
 *
 * @param cause of everything but {@link Kind#DONE}
 */
record Outcome(Kind kind, Throwable cause) {

    enum Kind {
        /** The bean is done, and the offset is committed. */
        DONE,
        /** The bean is done, without a transaction, but the offset is not committed yet. */
        NOT_COMMITTED,
        /** It failed, and nothing of it is left; the record may be the reason. */
        FAILED,
        /** It was not delivered, or nothing of it is left, for a reason that has nothing to do with the record. */
        PREVENTED,
        /** Who knows whether it was committed. */
        UNKNOWN
    }

    static final Outcome DONE = new Outcome(Kind.DONE, null);
}
