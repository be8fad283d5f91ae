package org.milena.connector.client;

/**
 * Where a group goes on in a partition.
 *
 * @param offset      of the next record to read
 * @param leaderEpoch of the last record read, or -1
 * @param metadata    what the group wants to remember beside it; not null
 */
public record GroupOffset(long offset, int leaderEpoch, String metadata) {

    public static GroupOffset at(long offset) {
        return new GroupOffset(offset, -1, "");
    }
}
