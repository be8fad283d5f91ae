package org.milena.broker.api;

/** The coordinator of consumer groups. */
public interface GroupCoordination {

    /** The partition of {@code __consumer_offsets} that keeps a group. */
    int partitionFor(String groupId);
}
