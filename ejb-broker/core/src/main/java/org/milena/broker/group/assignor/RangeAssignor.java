package org.milena.broker.group.assignor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;

/**
 * Gives each subscriber of a topic one contiguous range of its partitions. Topics with the same number of partitions and the
 * same subscribers are cut alike, so that their partitions of one number meet in one member. Static members come first, by
 * instance id, which keeps their ranges where they are over a restart.
 */
public final class RangeAssignor implements PartitionAssignor {

    @Override
    public String name() {
        return "range";
    }

    @Override
    public Map<String, Map<Uuid, Set<Integer>>> assign(GroupSpec group) {
        List<String> order = new ArrayList<>(group.members().keySet());
        order.sort(Comparator.comparing((String id) -> group.members().get(id).instanceId(), Comparator.nullsLast(Comparator.naturalOrder()))
                .thenComparing(Comparator.naturalOrder()));
        Map<String, Map<Uuid, Set<Integer>>> target = new HashMap<>();
        order.forEach(id -> target.put(id, new HashMap<>()));
        group.subscribers(order).forEach((topic, subscribers) -> {
            int partitions = group.partitions().get(topic);
            int quota = partitions / subscribers.size();
            int larger = partitions % subscribers.size();
            int next = 0;
            for (int i = 0; i < subscribers.size() && next < partitions; i++) {
                Set<Integer> range = new TreeSet<>();
                for (int end = next + quota + (i < larger ? 1 : 0); next < end; next++) {
                    range.add(next);
                }
                target.get(subscribers.get(i)).put(topic, range);
            }
        });
        return target;
    }
}
