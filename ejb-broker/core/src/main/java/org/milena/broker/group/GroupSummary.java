package org.milena.broker.group;

import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.TopicPartition;

/**
 * A group at one moment, for metrics and console. Immutable; may show what is not committed yet.
 *
 * @param state   Kafka's name, e.g. {@code Stable}
 * @param offsets the committed offsets
 */
public record GroupSummary(String groupId, Group.Type type, String state, String protocolType, int members,
                           Map<TopicPartition, Long> offsets) {

    public GroupSummary {
        offsets = Map.copyOf(offsets);
    }

    /**
     * How many records the group has yet to read, by partition.
     *
     * @param endOffsets the high watermark of a partition, or a negative number when it is not known (it is left out then)
     */
    public Map<TopicPartition, Long> lag(ToLongFunction<TopicPartition> endOffsets) {
        Map<TopicPartition, Long> lag = new java.util.HashMap<>();
        offsets.forEach((partition, offset) -> {
            long end = endOffsets.applyAsLong(partition);
            if (end >= 0) {
                lag.put(partition, Math.max(0, end - offset));
            }
        });
        return Map.copyOf(lag);
    }

    /** The sum of {@link #lag}. */
    public long totalLag(ToLongFunction<TopicPartition> endOffsets) {
        return lag(endOffsets).values().stream().mapToLong(Long::longValue).sum();
    }

    /** How many groups are in each state, of each type: {@code classic.Stable} → 3. */
    public static Map<String, Long> countsByState(List<GroupSummary> groups) {
        return groups.stream().collect(java.util.stream.Collectors.groupingBy(
                g -> g.type() + "." + g.state(), java.util.TreeMap::new, java.util.stream.Collectors.counting()));
    }
}
