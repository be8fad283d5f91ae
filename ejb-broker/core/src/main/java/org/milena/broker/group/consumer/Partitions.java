package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.common.Uuid;
import org.milena.broker.group.record.GroupValue.TopicPartitions;

/**
 * Sets of partitions by topic id: as a target, partition numbers; as an assignment, partition number to the member epoch at which
 * the member got it (KIP-1251). Everything returned is sorted, so that equal state makes equal records.
 */
final class Partitions {

    private Partitions() {
    }

    static SortedMap<Uuid, Set<Integer>> targetOf(List<TopicPartitions> topics) {
        SortedMap<Uuid, Set<Integer>> target = new TreeMap<>();
        topics.forEach(topic -> target.put(topic.topicId(), new TreeSet<>(topic.partitions())));
        return target;
    }

    /** @param epoch for partitions whose record, of an older broker, has no assignment epochs */
    static SortedMap<Uuid, SortedMap<Integer, Integer>> assignmentOf(List<TopicPartitions> topics, int epoch) {
        SortedMap<Uuid, SortedMap<Integer, Integer>> assignment = new TreeMap<>();
        for (TopicPartitions topic : topics) {
            List<Integer> epochs = topic.assignmentEpochs();
            boolean known = epochs != null && epochs.size() == topic.partitions().size();
            SortedMap<Integer, Integer> partitions = new TreeMap<>();
            for (int i = 0; i < topic.partitions().size(); i++) {
                partitions.put(topic.partitions().get(i), known ? epochs.get(i) : Integer.valueOf(epoch));
            }
            assignment.put(topic.topicId(), partitions);
        }
        return assignment;
    }

    static List<TopicPartitions> ofTarget(Map<Uuid, Set<Integer>> target) {
        return list(target, partitions -> new TreeSet<>(partitions), partitions -> null);
    }

    static List<TopicPartitions> ofAssignment(Map<Uuid, SortedMap<Integer, Integer>> assignment) {
        return list(assignment, SortedMap::keySet, partitions -> new ArrayList<>(partitions.values()));
    }

    private static <P> List<TopicPartitions> list(Map<Uuid, P> topics, Function<P, Collection<Integer>> numbers,
                                                  Function<P, List<Integer>> epochs) {
        List<TopicPartitions> list = new ArrayList<>();
        new TreeMap<>(topics).forEach((id, partitions) ->
                list.add(new TopicPartitions(id, List.copyOf(numbers.apply(partitions)), epochs.apply(partitions))));
        return list;
    }

    /** Without the epochs. */
    static SortedMap<Uuid, Set<Integer>> numbers(Map<Uuid, SortedMap<Integer, Integer>> assignment) {
        SortedMap<Uuid, Set<Integer>> numbers = new TreeMap<>();
        assignment.forEach((id, partitions) -> numbers.put(id, partitions.keySet()));
        return numbers;
    }

    static void add(Map<Uuid, SortedMap<Integer, Integer>> assignment, Uuid topic, int partition, int epoch) {
        assignment.computeIfAbsent(topic, t -> new TreeMap<>()).put(partition, epoch);
    }

    /** Null when the partition is not in there. */
    static Integer epoch(Map<Uuid, SortedMap<Integer, Integer>> assignment, Uuid topic, int partition) {
        SortedMap<Integer, Integer> partitions = assignment.get(topic);
        return partitions == null ? null : partitions.get(partition);
    }
}
