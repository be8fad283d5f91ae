package org.milena.broker.group.assignor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;

/**
 * The uniform assignment of a group whose members want different topics. Members keep what they have, what is free goes to
 * the least loaded subscriber, and then partitions move along <em>cost-reducing paths</em>: from a member over topics and
 * members to one that has at least two partitions less. When no such path is left, no assignment is better balanced
 * (Harvey, Ladner, Lovász, Tamir: Semi-matchings for bipartite graphs and load balancing).
 */
final class HeterogeneousBalance {

    private final GroupSpec group;
    private final SortedMap<Uuid, List<String>> subscribers;
    private final Map<String, SortedMap<Uuid, TreeSet<Integer>>> target = new HashMap<>();
    private final Map<String, Integer> load = new HashMap<>();

    HeterogeneousBalance(GroupSpec group) {
        this.group = group;
        this.subscribers = group.subscribers(group.members().keySet());
    }

    Map<String, Map<Uuid, Set<Integer>>> assign() {
        Map<Uuid, Set<Integer>> taken = keep();
        place(taken);
        balance();
        Map<String, Map<Uuid, Set<Integer>>> result = new HashMap<>();
        target.forEach((memberId, partitions) -> result.put(memberId, new HashMap<>(partitions)));
        return result;
    }

    private Map<Uuid, Set<Integer>> keep() {
        Map<Uuid, Set<Integer>> taken = new HashMap<>();
        group.members().forEach((memberId, member) -> {
            target.put(memberId, new TreeMap<>());
            load.put(memberId, 0);
            for (Uuid topic : new TreeSet<>(member.topics())) {
                int partitions = group.partitions().get(topic);
                for (int partition : new TreeSet<>(member.current().getOrDefault(topic, Set.of()))) {
                    if (partition < partitions && taken.computeIfAbsent(topic, t -> new HashSet<>()).add(partition)) {
                        give(memberId, topic, partition);
                    }
                }
            }
        });
        return taken;
    }

    /** Topics with few subscribers first: they have the least choice. */
    private void place(Map<Uuid, Set<Integer>> taken) {
        List<Uuid> topics = new ArrayList<>(subscribers.keySet());
        topics.sort(Comparator.comparingInt((Uuid topic) -> subscribers.get(topic).size()).thenComparing(Comparator.naturalOrder()));
        for (Uuid topic : topics) {
            Set<Integer> claimed = taken.getOrDefault(topic, Set.of());
            TreeSet<String> byLoad = new TreeSet<>(Comparator.comparing((String id) -> load.get(id)).thenComparing(Comparator.naturalOrder()));
            byLoad.addAll(subscribers.get(topic));
            for (int partition = 0; partition < group.partitions().get(topic); partition++) {
                if (!claimed.contains(partition)) {
                    String least = byLoad.pollFirst();
                    give(least, topic, partition);
                    byLoad.add(least);
                }
            }
        }
    }

    /**
     * The most loaded member first. What a fruitless search has reached is settled: nobody there has two less than a member
     * of that load, and no path leads out of it, so that later searches, from members with no more load, need not enter.
     */
    private void balance() {
        TreeSet<String> byLoad = new TreeSet<>(Comparator.comparing((String id) -> load.get(id)).reversed().thenComparing(Comparator.naturalOrder()));
        byLoad.addAll(group.members().keySet());
        Set<String> settled = new HashSet<>();
        while (!byLoad.isEmpty()) {
            String from = byLoad.first();
            Map<String, Step> reached = new HashMap<>();
            String to = search(from, reached, settled);
            if (to == null) {
                settled.addAll(reached.keySet());
                byLoad.removeAll(reached.keySet());
            } else {
                byLoad.remove(from);
                byLoad.remove(to);
                move(to, reached);
                byLoad.add(from);
                byLoad.add(to);
            }
        }
    }

    /** Breadth first, so that a path is as short as can be. @return a member with at least two partitions less, or null */
    private String search(String from, Map<String, Step> reached, Set<String> settled) {
        Set<Uuid> crossed = new HashSet<>();
        Deque<String> queue = new ArrayDeque<>(List.of(from));
        reached.put(from, new Step(null, null));
        while (!queue.isEmpty()) {
            String via = queue.poll();
            for (Uuid topic : target.get(via).keySet()) {
                if (!crossed.add(topic)) {
                    continue;
                }
                for (String next : subscribers.get(topic)) {
                    if (!settled.contains(next) && reached.putIfAbsent(next, new Step(via, topic)) == null) {
                        if (load.get(next) <= load.get(from) - 2) {
                            return next;
                        }
                        queue.add(next);
                    }
                }
            }
        }
        return null;
    }

    private void move(String to, Map<String, Step> path) {
        String receiver = to;
        for (Step step = path.get(to); step.from() != null; step = path.get(receiver)) {
            int partition = choose(step.from(), receiver, step.topic());
            take(step.from(), step.topic(), partition);
            give(receiver, step.topic(), partition);
            receiver = step.from();
        }
    }

    /** Rather one that the receiver had before, or that the giver did not have: such a move costs nobody anything. */
    private int choose(String from, String to, Uuid topic) {
        Set<Integer> had = group.members().get(to).current().getOrDefault(topic, Set.of());
        Set<Integer> keeps = group.members().get(from).current().getOrDefault(topic, Set.of());
        TreeSet<Integer> choice = target.get(from).get(topic);
        for (int partition : choice) {
            if (had.contains(partition)) {
                return partition;
            }
        }
        for (int partition : choice.descendingSet()) {
            if (!keeps.contains(partition)) {
                return partition;
            }
        }
        return choice.last();
    }

    private void give(String memberId, Uuid topic, int partition) {
        target.get(memberId).computeIfAbsent(topic, t -> new TreeSet<>()).add(partition);
        load.merge(memberId, 1, Integer::sum);
    }

    private void take(String memberId, Uuid topic, int partition) {
        Set<Integer> left = target.get(memberId).get(topic);
        left.remove(partition);
        if (left.isEmpty()) {
            target.get(memberId).remove(topic);
        }
        load.merge(memberId, -1, Integer::sum);
    }

    /** How a member was reached: {@code from} can give it a partition of {@code topic}. */
    private record Step(String from, Uuid topic) {
    }
}
