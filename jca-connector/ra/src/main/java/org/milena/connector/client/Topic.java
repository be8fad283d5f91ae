package org.milena.connector.client;

import org.apache.kafka.common.Uuid;

/**
 * A topic as the cluster last described it.
 *
 * @param leaders     by partition: the leader's node id, -1 where there is none now
 * @param loadedNanos {@link System#nanoTime()} of the answer
 */
record Topic(String name, Uuid id, int[] leaders, long loadedNanos) {

    int partitions() {
        return leaders.length;
    }
}
