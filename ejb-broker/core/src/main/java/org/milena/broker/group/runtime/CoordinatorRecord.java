package org.milena.broker.group.runtime;

/** One change of durable state, ready for the internal topic and for {@code replay}. Immutable. */
public interface CoordinatorRecord {

    byte[] encodeKey();

    /** Null for a tombstone. */
    byte[] encodeValue();

    /**
     * What an answer without records has to wait for: while records of a scope are uncommitted, answers that are given
     * for this scope wait. Null when nothing but the record's own request needs to.
     */
    String scope();
}
