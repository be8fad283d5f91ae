package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cluster.MetadataStore.PartitionRow;

/** Which brokers get a new partition. Error texts are Kafka's: tools show them. */
final class Placement {

    private final Set<Integer> brokers;

    Placement(MetadataImage image) {
        brokers = image.brokers().stream().map(BrokerImage::id).collect(Collectors.toSet());
    }

    /** Places {@code count} partitions from {@code first} on. */
    List<PartitionRow> place(int first, int count, int replicationFactor) {
        if (replicationFactor > brokers.size()) {
            throw new InvalidReplicationFactorException("Unable to replicate the partition " + replicationFactor
                    + " time(s): The target replication factor of " + replicationFactor + " cannot be reached because only "
                    + brokers.size() + " broker(s) are registered.");
        }
        List<Integer> order = brokers.stream().sorted().toList();
        List<PartitionRow> rows = new ArrayList<>(count);
        for (int index = first; index < first + count; index++) {
            List<Integer> replicas = new ArrayList<>(replicationFactor);
            for (int i = 0; i < replicationFactor; i++) {
                replicas.add(order.get((index + i) % order.size()));
            }
            rows.add(row(index, replicas));
        }
        return rows;
    }

    static PartitionRow row(int index, List<Integer> replicas) {
        return new PartitionRow(index, replicas.get(0), 0, List.copyOf(replicas), List.copyOf(replicas), 0);
    }

    /**
     * Checks an assignment made by hand.
     *
     * @param replicationFactor what the other partitions have, or -1 for the first
     */
    void checkManual(List<Integer> replicas, int replicationFactor) {
        if (replicas.isEmpty()) {
            throw new InvalidReplicaAssignmentException("The manual partition assignment includes an empty replica list.");
        }
        Set<Integer> seen = new HashSet<>();
        for (int broker : replicas.stream().sorted().toList()) {
            if (!brokers.contains(broker)) {
                throw new InvalidReplicaAssignmentException("The manual partition assignment includes broker " + broker
                        + ", but no such broker is registered.");
            }
            if (!seen.add(broker)) {
                throw new InvalidReplicaAssignmentException("The manual partition assignment includes the broker " + broker
                        + " more than once.");
            }
        }
        if (replicationFactor >= 0 && replicas.size() != replicationFactor) {
            throw new InvalidReplicaAssignmentException("The manual partition assignment includes a partition with " + replicas.size()
                    + " replica(s), but this is not consistent with previous partitions, which have " + replicationFactor
                    + " replica(s).");
        }
    }
}
