package org.milena.broker.group.offset;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupValue.OffsetCommit;

/**
 * The committed offsets of one shard's groups, and those of open transactions. Only replay changes it.
 */
public final class OffsetStore {

    /** An offset with its place in the log: of two, the later one counts, also when a transaction ends after it (KAFKA-15653). */
    private record Entry(long order, OffsetCommit offset) {
    }

    interface Visitor {
        void visit(String groupId, TopicPartition partition, OffsetCommit offset);
    }

    private final Map<String, Map<TopicPartition, Entry>> committed = new HashMap<>();
    private final Map<Long, Map<String, Map<TopicPartition, Entry>>> pendingByProducer = new HashMap<>();
    private final Map<String, Set<Long>> openProducers = new HashMap<>();
    private long order;

    // ---- replay

    /** @param offset null for a tombstone */
    public void replay(GroupKey.OffsetCommit key, OffsetCommit offset, long producerId) {
        TopicPartition partition = new TopicPartition(key.topic(), key.partition());
        order++;
        if (offset == null) {
            remove(committed, key.groupId(), partition);
            for (long producer : openProducers.getOrDefault(key.groupId(), Set.of())) {
                remove(pendingByProducer.get(producer), key.groupId(), partition);
            }
        } else if (producerId < 0) {
            put(committed, key.groupId(), partition, new Entry(order, offset));
        } else {
            put(pendingByProducer.computeIfAbsent(producerId, p -> new HashMap<>()), key.groupId(), partition, new Entry(order, offset));
            openProducers.computeIfAbsent(key.groupId(), g -> new HashSet<>(2)).add(producerId);
        }
    }

    /** The end of a transaction applies its offsets, or drops them; nothing may refuse it (rules 14). */
    public void endTransaction(long producerId, boolean commit) {
        Map<String, Map<TopicPartition, Entry>> pending = pendingByProducer.remove(producerId);
        openProducers.values().removeIf(producers -> producers.remove(producerId) && producers.isEmpty());
        if (pending == null || !commit) {
            return;
        }
        pending.forEach((groupId, offsets) -> offsets.forEach((partition, entry) -> {
            Entry existing = committed.getOrDefault(groupId, Map.of()).get(partition);
            if (existing == null || existing.order < entry.order) {
                put(committed, groupId, partition, entry);
            }
        }));
    }

    private static void put(Map<String, Map<TopicPartition, Entry>> offsets, String groupId, TopicPartition partition, Entry entry) {
        offsets.computeIfAbsent(groupId, g -> new HashMap<>()).put(partition, entry);
    }

    private static void remove(Map<String, Map<TopicPartition, Entry>> offsets, String groupId, TopicPartition partition) {
        Map<TopicPartition, Entry> ofGroup = offsets == null ? null : offsets.get(groupId);
        if (ofGroup != null && ofGroup.remove(partition) != null && ofGroup.isEmpty()) {
            offsets.remove(groupId);
        }
    }

    // ---- questions

    /** Null when there is none. */
    public OffsetCommit offset(String groupId, TopicPartition partition) {
        Entry entry = committed.getOrDefault(groupId, Map.of()).get(partition);
        return entry == null ? null : entry.offset;
    }

    /** A copy. */
    public Map<TopicPartition, OffsetCommit> offsets(String groupId) {
        Map<TopicPartition, OffsetCommit> copy = new HashMap<>();
        committed.getOrDefault(groupId, Map.of()).forEach((partition, entry) -> copy.put(partition, entry.offset));
        return copy;
    }

    public boolean hasOffsets(String groupId) {
        return committed.containsKey(groupId);
    }

    public boolean hasOpenTransaction(String groupId) {
        return openProducers.containsKey(groupId);
    }

    /** An open transaction holds an offset for the partition. */
    public boolean isPending(String groupId, TopicPartition partition) {
        for (long producer : openProducers.getOrDefault(groupId, Set.of())) {
            if (isPending(producer, groupId, partition)) {
                return true;
            }
        }
        return false;
    }

    boolean isPending(long producerId, String groupId, TopicPartition partition) {
        return pendingByProducer.getOrDefault(producerId, Map.of()).getOrDefault(groupId, Map.of()).containsKey(partition);
    }

    /** The producers whose transactions are open. Not to be changed. */
    Set<Long> openProducers() {
        return pendingByProducer.keySet();
    }

    void forEachPending(long producerId, Visitor visitor) {
        pendingByProducer.getOrDefault(producerId, Map.of()).forEach((groupId, offsets) ->
                offsets.forEach((partition, entry) -> visitor.visit(groupId, partition, entry.offset)));
    }

    /** The groups that have offsets, committed or pending. */
    public Set<String> groupIds() {
        Set<String> ids = new HashSet<>(committed.keySet());
        ids.addAll(openProducers.keySet());
        return ids;
    }

    /** The partitions of a group's offsets, committed and pending, that match. */
    public Set<TopicPartition> partitions(String groupId, Predicate<TopicPartition> filter) {
        Set<TopicPartition> found = new HashSet<>();
        committed.getOrDefault(groupId, Map.of()).keySet().stream().filter(filter).forEach(found::add);
        for (long producer : openProducers.getOrDefault(groupId, Set.of())) {
            pendingByProducer.get(producer).getOrDefault(groupId, Map.of()).keySet().stream().filter(filter).forEach(found::add);
        }
        return found;
    }
}
