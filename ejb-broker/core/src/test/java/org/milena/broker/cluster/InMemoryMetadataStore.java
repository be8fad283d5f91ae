package org.milena.broker.cluster;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;

/** A {@link MetadataStore} without a database. Survives a simulated restart of the broker: hand the same one to the next. */
public final class InMemoryMetadataStore implements MetadataStore {

    private final Map<Uuid, TopicRow> topics = new LinkedHashMap<>();
    private final Map<String, Map<String, Map<String, String>>> configs = new HashMap<>();
    private final Set<Uuid> deleted = new HashSet<>();
    private final Map<Integer, Long> incarnations = new HashMap<>();
    private String clusterId;
    private long nextProducerId;
    private RuntimeException failure;

    /** Every write fails with this until null is set: the database is gone. */
    public synchronized void failWith(RuntimeException error) {
        failure = error;
    }

    private void write() {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public synchronized Snapshot load() {
        Map<String, Map<String, Map<String, String>>> copy = new HashMap<>();
        configs.forEach((type, byName) -> {
            if (!type.equals("topic")) {
                Map<String, Map<String, String>> names = new HashMap<>();
                byName.forEach((name, values) -> names.put(name, new TreeMap<>(values)));
                copy.put(type, names);
            }
        });
        return new Snapshot(List.copyOf(topics.values()), copy, Set.copyOf(deleted));
    }

    @Override
    public synchronized String clusterId(String preferred) {
        if (clusterId == null) {
            write();
            clusterId = preferred != null ? preferred : Uuid.randomUuid().toString();
        }
        return clusterId;
    }

    @Override
    public synchronized long newIncarnation(int brokerId) {
        write();
        return incarnations.merge(brokerId, 1L, Long::sum);
    }

    @Override
    public synchronized void createTopic(TopicRow topic) {
        write();
        if (topics.values().stream().anyMatch(t -> t.name().equals(topic.name()))) {
            throw new TopicExistsException("Topic '" + topic.name() + "' already exists.");
        }
        topics.put(topic.id(), topic);
    }

    @Override
    public synchronized void deleteTopic(Uuid id) {
        write();
        if (topics.remove(id) != null) {
            deleted.add(id);
        }
    }

    @Override
    public synchronized void forgetDeleted(Collection<Uuid> ids) {
        write();
        deleted.removeAll(ids);
    }

    private TopicRow topic(Uuid id) {
        TopicRow row = topics.get(id);
        if (row == null) {
            throw new UnknownTopicIdException("no topic " + id);
        }
        return row;
    }

    @Override
    public synchronized void addPartitions(Uuid topicId, List<PartitionRow> added) {
        write();
        TopicRow row = topic(topicId);
        List<PartitionRow> all = new ArrayList<>(row.partitions());
        for (PartitionRow partition : added) {
            if (partition.index() != all.size()) {
                throw new IllegalArgumentException("partition " + partition.index() + " does not continue " + all.size());
            }
            all.add(partition);
        }
        topics.put(topicId, new TopicRow(row.id(), row.name(), row.internal(), row.configsHeld(), List.copyOf(all), row.configs()));
    }

    @Override
    public synchronized boolean updatePartition(Uuid topicId, PartitionRow next, long expectedVersion) {
        write();
        TopicRow row = topic(topicId);
        if (row.partitions().get(next.index()).version() != expectedVersion) {
            return false;
        }
        List<PartitionRow> all = new ArrayList<>(row.partitions());
        all.set(next.index(), new PartitionRow(next.index(), next.leader(), next.leaderEpoch(), next.replicas(), next.isr(),
                expectedVersion + 1));
        topics.put(topicId, new TopicRow(row.id(), row.name(), row.internal(), row.configsHeld(), List.copyOf(all), row.configs()));
        return true;
    }

    @Override
    public synchronized void alterConfigs(String type, String name, Map<String, String> changes) {
        write();
        if (type.equals("topic")) {
            TopicRow row = topics.values().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
            topics.put(row.id(), new TopicRow(row.id(), row.name(), row.internal(), row.configsHeld(), row.partitions(),
                    changed(row.configs(), changes)));
            return;
        }
        configs.computeIfAbsent(type, t -> new HashMap<>()).compute(name, (n, old) -> changed(old == null ? Map.of() : old, changes));
    }

    private static Map<String, String> changed(Map<String, String> old, Map<String, String> changes) {
        Map<String, String> result = new TreeMap<>(old);
        changes.forEach((key, value) -> {
            if (value == null) {
                result.remove(key);
            } else {
                result.put(key, value);
            }
        });
        return result;
    }

    @Override
    public synchronized void releaseConfigs(Uuid topicId) {
        write();
        TopicRow row = topic(topicId);
        topics.put(topicId, new TopicRow(row.id(), row.name(), row.internal(), false, row.partitions(), row.configs()));
    }

    @Override
    public synchronized long allocateProducerIds(long above, int size) {
        write();
        long first = Math.max(nextProducerId, above + 1);
        nextProducerId = first + size;
        return first;
    }
}
