package org.milena.broker.group.assignor;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;

/**
 * Computes the target assignment of a group of the consumer protocol (KIP-848). Pure: the same input gives the same answer.
 */
public interface PartitionAssignor {

    /** The name a client asks for, and that {@code group.consumer.assignors} lists. */
    String name();

    /**
     * Assigns every partition of every subscribed topic to exactly one of the topic's subscribers.
     *
     * @return partitions by topic id by member id, one entry per member, without empty topics
     */
    Map<String, Map<Uuid, Set<Integer>>> assign(GroupSpec group);
}
