package org.milena.connector.client;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;

/**
 * A topic as the cluster last described it.
 *
 * @param leaders     by partition: the leader's node id, -1 where there is none now
 * @param loadedNanos {@link System#nanoTime()} of the answer
 */
record Topic(String name, Uuid id, int[] leaders, long loadedNanos) {

    static Topic of(MetadataResponseTopic described) {
        int[] leaders = new int[described.partitions().size()];
        described.partitions().forEach(p -> leaders[p.partitionIndex()] = p.leaderId());
        return new Topic(described.name(), described.topicId(), leaders, System.nanoTime());
    }

    int partitions() {
        return leaders.length;
    }
}
