package org.milena.broker.group;

/** The topic of committed offsets and groups. */
public final class OffsetsTopic {

    public static final String NAME = "__consumer_offsets";

    private OffsetsTopic() {
    }
}
