package org.milena.broker.group.assignor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;

/**
 * The uniform assignment of a group whose members all want the same topics: quotas that differ by at most one. The larger
 * quotas go to members that can use them to keep what they have, which makes the number of moves minimal.
 */
final class HomogeneousBalance {

    private final GroupSpec group;
    private final Map<String, Map<Uuid, Set<Integer>>> target = new HashMap<>();
    private final Map<String, Integer> room = new HashMap<>();
    private final Map<Uuid, Set<Integer>> taken = new HashMap<>();

    HomogeneousBalance(GroupSpec group) {
        this.group = group;
    }

    Map<String, Map<Uuid, Set<Integer>>> assign() {
        Set<Uuid> topics = new TreeSet<>(group.members().get(group.members().firstKey()).topics());
        int total = topics.stream().mapToInt(group.partitions()::get).sum();
        int quota = total / group.members().size();
        int larger = total % group.members().size();
        for (String memberId : group.members().keySet()) {
            Deque<PartitionOf> mine = valid(memberId, topics);
            boolean extra = larger > 0 && mine.size() > quota;
            larger -= extra ? 1 : 0;
            keep(memberId, mine, quota + (extra ? 1 : 0));
        }
        for (String memberId : group.members().keySet()) {
            if (larger > 0 && count(target.get(memberId)) <= quota) {
                room.merge(memberId, 1, Integer::sum);
                larger--;
            }
        }
        distribute(topics);
        return target;
    }

    /** What the member may keep: subscribed, existing, and not claimed by a member before it. */
    private Deque<PartitionOf> valid(String memberId, Set<Uuid> topics) {
        Deque<PartitionOf> valid = new ArrayDeque<>();
        Map<Uuid, Set<Integer>> current = group.members().get(memberId).current();
        for (Uuid topic : topics) {
            int partitions = group.partitions().get(topic);
            Set<Integer> claimed = taken.computeIfAbsent(topic, t -> new HashSet<>());
            for (int partition : new TreeSet<>(current.getOrDefault(topic, Set.of()))) {
                if (partition < partitions && !claimed.contains(partition)) {
                    valid.add(new PartitionOf(topic, partition));
                }
            }
        }
        return valid;
    }

    private void keep(String memberId, Deque<PartitionOf> mine, int quota) {
        Map<Uuid, Set<Integer>> kept = new HashMap<>();
        target.put(memberId, kept);
        int left = quota;
        for (; left > 0 && !mine.isEmpty(); left--) {
            PartitionOf partition = mine.poll();
            kept.computeIfAbsent(partition.topic(), t -> new TreeSet<>()).add(partition.index());
            taken.get(partition.topic()).add(partition.index());
        }
        room.put(memberId, left);
    }

    /** Hands out what nobody keeps, one to each member in turn: a topic's partitions spread over the members. */
    private void distribute(Set<Uuid> topics) {
        Deque<String> open = new ArrayDeque<>();
        group.members().keySet().stream().filter(id -> room.get(id) > 0).forEach(open::add);
        for (Uuid topic : topics) {
            for (int partition = 0; partition < group.partitions().get(topic); partition++) {
                if (!taken.get(topic).contains(partition)) {
                    String memberId = open.poll();
                    target.get(memberId).computeIfAbsent(topic, t -> new TreeSet<>()).add(partition);
                    if (room.merge(memberId, -1, Integer::sum) > 0) {
                        open.add(memberId);
                    }
                }
            }
        }
    }

    private static int count(Map<Uuid, Set<Integer>> partitions) {
        return partitions.values().stream().mapToInt(Set::size).sum();
    }

    private record PartitionOf(Uuid topic, int index) {
    }
}
