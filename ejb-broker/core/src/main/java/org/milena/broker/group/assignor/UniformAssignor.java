package org.milena.broker.group.assignor;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;

/**
 * Gives every member as equal a number of partitions as the subscriptions allow, and within that moves as few as possible.
 * Balance goes before stickiness.
 */
public final class UniformAssignor implements PartitionAssignor {

    @Override
    public String name() {
        return "uniform";
    }

    @Override
    public Map<String, Map<Uuid, Set<Integer>>> assign(GroupSpec group) {
        if (group.members().isEmpty()) {
            return Map.of();
        }
        return group.homogeneous() ? new HomogeneousBalance(group).assign() : new HeterogeneousBalance(group).assign();
    }
}
