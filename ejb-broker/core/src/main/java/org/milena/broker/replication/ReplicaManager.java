package org.milena.broker.replication;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogManager;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.metrics.TopicCounters;
import org.milena.broker.topic.PartitionLifecycle;

/** The partitions this broker leads, by topic name and by topic id. */
public final class ReplicaManager implements PartitionLifecycle {

    private record Topic(String name, Uuid id, TopicCounters counters, Map<Integer, Partition> partitions) {
    }

    private static final long LATE_TRANSACTION_BUFFER_MS = 300_000;

    private final LogManager logs;
    private final AppendGate gate;
    private final Map<String, Topic> byName = new ConcurrentHashMap<>();
    private final Map<Uuid, Topic> byId = new ConcurrentHashMap<>();
    /** What topics that are gone had counted, so that the broker's totals never go back. Guarded by this. */
    private TopicCounters.Sums retired = TopicCounters.Sums.ZERO;

    public ReplicaManager(LogManager logs, AppendGate gate) {
        this.logs = logs;
        this.gate = gate;
    }

    @Override
    public void create(TopicImage topic, List<PartitionImage> partitions, LogConfig config) {
        for (PartitionImage partition : partitions) {
            if (partition.leader() >= 0) {
                lead(new TopicPartition(topic.name(), partition.index()), topic.id(), partition.leaderEpoch(), config);
            }
        }
    }

    /** Opens or creates the partition's log and begins to lead it under the given epoch. Blocks on the disk. Idempotent within an epoch. */
    Partition lead(TopicPartition tp, Uuid topicId, int leaderEpoch, LogConfig config) {
        boolean isNew = leaderEpoch == 0; // every start of the broker raises the epoch
        PartitionLog log = logs.getOrCreate(tp, topicId, config, isNew);
        log.updateConfig(config);
        if (config.flushMessages() != Long.MAX_VALUE && log.recoveryPoint() < log.logEndOffset()) {
            log.flush(); // what a crash left unsynced becomes readable now: a power cut must not take it back
        }
        Topic topic = byId.computeIfAbsent(topicId, id -> new Topic(tp.topic(), id, new TopicCounters(tp.topic()), new ConcurrentHashMap<>()));
        Partition partition = topic.partitions.compute(tp.partition(), (index, existing) ->
                existing != null && existing.leaderEpoch() == leaderEpoch ? existing : new Partition(topicId, log, leaderEpoch, gate, topic.counters));
        byName.put(tp.topic(), topic);
        return partition;
    }

    @Override
    public void reconfigure(TopicImage image, LogConfig config) {
        Topic topic = byId.get(image.id());
        if (topic != null) {
            topic.partitions.values().forEach(p -> p.log().updateConfig(config));
        }
    }

    @Override
    public void stop(TopicImage image, List<PartitionImage> partitions) {
        Topic topic = byId.get(image.id());
        if (topic == null) {
            return;
        }
        for (PartitionImage partition : partitions) {
            Partition led = topic.partitions.remove(partition.index());
            if (led != null) {
                led.markDeleted();
            }
        }
        if (topic.partitions.isEmpty()) {
            retire(topic);
        }
    }

    @Override
    public void remove(TopicImage image, List<PartitionImage> partitions) {
        stop(image, partitions);
        KafkaStorageException failure = null;
        for (PartitionImage partition : partitions) {
            try {
                logs.delete(new TopicPartition(image.name(), partition.index()));
            } catch (KafkaStorageException e) {
                failure = e; // the others must go as well, or they stand in the way of the next topic of this name
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public OptionalLong highWatermark(TopicPartition tp) {
        try {
            return OptionalLong.of(partition(tp.topic(), tp.partition()).highWatermark());
        } catch (ApiException e) {
            return OptionalLong.empty();
        }
    }

    /** @throws UnknownTopicOrPartitionException there is no such topic or partition */
    public Partition partition(String topic, int index) {
        return find(byName.get(topic), index, topic);
    }

    /** @throws UnknownTopicIdException there is no topic of that id @throws UnknownTopicOrPartitionException no such partition */
    public Partition partition(Uuid topicId, int index) {
        Topic topic = byId.get(topicId);
        if (topic == null) {
            throw new UnknownTopicIdException("This server does not host topic id " + topicId + ".");
        }
        return find(topic, index, topic.name);
    }

    private static Partition find(Topic topic, int index, String name) {
        Partition partition = topic == null ? null : topic.partitions.get(index);
        if (partition == null) {
            throw new UnknownTopicOrPartitionException("This server does not host the topic-partition " + name + "-" + index + ".");
        }
        if (!partition.online()) {
            throw new KafkaStorageException("Partition " + name + "-" + index + " is in an offline log directory: "
                    + partition.log().directory().failure().orElse("deleted"));
        }
        return partition;
    }

    /** The topic's name, or null when the id is not known here. */
    public String topicName(Uuid id) {
        Topic topic = byId.get(id);
        return topic == null ? null : topic.name;
    }

    /** The topic's id, or null when the name is not known here. */
    public Uuid topicId(String name) {
        Topic topic = byName.get(name);
        return topic == null ? null : topic.id;
    }

    /**
     * Partitions whose oldest open transaction should have been ended long ago: its producer was last heard of there five minutes more
     * than the longest timeout ago. Kafka's measure for transactions that hang (KIP-664).
     */
    public long partitionsWithLateTransactions(long nowMs, long maxTransactionTimeoutMs) {
        return partitions().stream().mapToLong(partition -> partition.log().oldestTransactionMs())
                .filter(oldest -> oldest >= 0 && nowMs - oldest > maxTransactionTimeoutMs + LATE_TRANSACTION_BUFFER_MS).count();
    }

    private synchronized void retire(Topic topic) {
        if (byId.remove(topic.id, topic)) {
            byName.remove(topic.name, topic);
            retired = retired.plus(topic.counters.sums());
        }
    }

    /** What the topics counted, and the sum over all there ever were. */
    public synchronized TrafficSnapshot traffic() {
        Map<String, TopicCounters.Sums> topics = new HashMap<>();
        TopicCounters.Sums total = retired;
        for (Topic topic : byId.values()) {
            TopicCounters.Sums sums = topic.counters.sums();
            topics.merge(topic.name, sums, TopicCounters.Sums::plus);
            total = total.plus(sums);
        }
        return new TrafficSnapshot(topics, total);
    }

    /** @param topics by name; only those led now */
    public record TrafficSnapshot(Map<String, TopicCounters.Sums> topics, TopicCounters.Sums total) {
    }

    public Collection<Partition> partitions() {
        List<Partition> all = new ArrayList<>();
        byId.values().forEach(t -> all.addAll(t.partitions.values()));
        return all;
    }
}
