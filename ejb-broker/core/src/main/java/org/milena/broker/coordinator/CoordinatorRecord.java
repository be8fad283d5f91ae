package org.milena.broker.coordinator;

/** One change of durable state, ready for the internal topic and for {@code replay}. Immutable. */
public interface CoordinatorRecord {

    byte[] encodeKey();

    /** Null for a tombstone. */
    byte[] encodeValue();

    /**
     * What the record is about, compared by {@code equals}: while records of a scope are uncommitted, answers about that
     * scope wait, and no other answer does. So a stalled disk holds back only what depends on it.
     */
    Object scope();
}
