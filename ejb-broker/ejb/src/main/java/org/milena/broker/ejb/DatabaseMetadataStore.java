package org.milena.broker.ejb;

import jakarta.persistence.EntityManager;
import jakarta.persistence.OptimisticLockException;
import jakarta.persistence.PersistenceException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.milena.broker.cluster.MetadataStore;
import org.milena.persistence.ClusterRepository;
import org.milena.persistence.ConfigRepository;
import org.milena.persistence.Database;
import org.milena.persistence.Partition;
import org.milena.persistence.Topic;
import org.milena.persistence.TopicRepository;

/** The metadata store over the relational database. Epochs, incarnations and producer ids are synced to disk before they are used. */
public final class DatabaseMetadataStore implements MetadataStore {

    /** How often a counter is tried again when another broker was faster. */
    private static final int ATTEMPTS = 20;
    private static final String TOPIC = "topic";

    private final Database database;

    public DatabaseMetadataStore(Database database) {
        this.database = database;
    }

    @Override
    public Snapshot load() {
        return database.call(entities -> {
            TopicRepository repository = new TopicRepository(entities);
            Map<UUID, List<PartitionRow>> partitions = repository.partitions().stream().collect(Collectors.groupingBy(Partition::getTopicId,
                Collectors.mapping(DatabaseMetadataStore::row, Collectors.toList())));
            Map<String, Map<String, Map<String, String>>> configs = new HashMap<>();
            new ConfigRepository(entities).configs().forEach(c -> configs.computeIfAbsent(c.getId().type(), t -> new HashMap<>())
                .computeIfAbsent(c.getId().name(), n -> new HashMap<>()).put(c.getId().key(), c.getValue()));
            Map<String, Map<String, String>> ofTopics = configs.getOrDefault(TOPIC, Map.of());
            List<TopicRow> topics = repository.topics().stream().map(t -> new TopicRow(kafka(t.getId()), t.getName(), t.isInternal(),
                t.isConfigsHeld(), partitions.getOrDefault(t.getId(), List.of()), ofTopics.getOrDefault(t.getName(), Map.of()))).toList();
            return new Snapshot(topics, configs, repository.deleted().stream().map(t -> kafka(t.getId())).collect(Collectors.toSet()));
        });
    }

    @Override
    public String clusterId(String preferred) {
        return retrying(entities -> new ClusterRepository(entities).clusterId(
            () -> Objects.requireNonNullElseGet(preferred, () -> Uuid.randomUuid().toString())));
    }

    @Override
    public long newIncarnation(int brokerId) {
        return retrying(entities -> new ClusterRepository(entities).newIncarnation(brokerId));
    }

    @Override
    public void createTopic(TopicRow topic) {
        TopicExistsException exists = new TopicExistsException("Topic '" + topic.name() + "' already exists.");
        try {
            database.callDurably(entities -> {
                TopicRepository repository = new TopicRepository(entities);
                if (repository.named(topic.name()).isPresent()) {
                    throw exists;
                }
                Topic stored = new Topic(java(topic.id()), topic.name(), topic.internal(), topic.configsHeld());
                repository.add(stored);
                entities.flush();
                topic.partitions().forEach(p -> repository.add(partition(stored.getId(), p)));
                ConfigRepository configs = new ConfigRepository(entities);
                configs.deleteAll(TOPIC, topic.name());
                configs.alter(TOPIC, topic.name(), topic.configs());
                return null;
            });
        } catch (PersistenceException e) {
            if (database.<Boolean>call(entities -> new TopicRepository(entities).named(topic.name()).isPresent())) {
                throw exists;
            }
            throw e;
        }
    }

    @Override
    public void deleteTopic(Uuid id) {
        database.callDurably(entities -> {
            TopicRepository repository = new TopicRepository(entities);
            repository.topic(java(id)).ifPresent(topic -> {
                repository.delete(topic);
                new ConfigRepository(entities).deleteAll(TOPIC, topic.getName());
            });
            return null;
        });
    }

    @Override
    public void forgetDeleted(Collection<Uuid> ids) {
        database.call(entities -> {
            new TopicRepository(entities).forgetDeleted(ids.stream().map(DatabaseMetadataStore::java).toList());
            return null;
        });
    }

    @Override
    public void addPartitions(Uuid topicId, List<PartitionRow> added) {
        database.callDurably(entities -> {
            TopicRepository repository = new TopicRepository(entities);
            known(repository, topicId);
            int next = repository.partitionCount(java(topicId));
            for (PartitionRow row : added) {
                if (row.index() != next++) {
                    throw new IllegalArgumentException("Partition " + row.index() + " does not continue the topic's " + (next - 1));
                }
                repository.add(partition(java(topicId), row));
            }
            return null;
        });
    }

    @Override
    public boolean updatePartition(Uuid topicId, PartitionRow next, long expectedVersion) {
        try {
            return database.callDurably(entities -> {
                Partition stored = new TopicRepository(entities).partition(java(topicId), next.index()).orElse(null);
                if (stored == null || stored.getVersion() != expectedVersion) {
                    return false;
                }
                stored.lead(next.leader(), next.leaderEpoch(), next.replicas(), next.isr());
                return true;
            });
        } catch (PersistenceException e) {
            if (isLostRace(e)) {
                return false;
            }
            throw e;
        }
    }

    /** One transaction, and one query for all partitions: a start raises the epoch of every one. */
    @Override
    public boolean updatePartitions(List<PartitionUpdate> updates) {
        try {
            return database.callDurably(entities -> {
                Map<Partition.Key, Partition> stored = new TopicRepository(entities).partitions().stream()
                    .collect(Collectors.toMap(p -> new Partition.Key(p.getTopicId(), p.getIndex()), p -> p));
                for (PartitionUpdate update : updates) {
                    PartitionRow next = update.next();
                    Partition partition = stored.get(new Partition.Key(java(update.topicId()), next.index()));
                    if (partition == null || partition.getVersion() != update.expectedVersion()) {
                        entities.clear();
                        return false;
                    }
                    partition.lead(next.leader(), next.leaderEpoch(), next.replicas(), next.isr());
                }
                return true;
            });
        } catch (PersistenceException e) {
            if (isLostRace(e)) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void alterConfigs(String type, String name, Map<String, String> changes) {
        database.callDurably(entities -> {
            new ConfigRepository(entities).alter(type, name, changes);
            return null;
        });
    }

    @Override
    public void releaseConfigs(Uuid topicId) {
        database.callDurably(entities -> {
            known(new TopicRepository(entities), topicId).setConfigsHeld(false);
            return null;
        });
    }

    @Override
    public long allocateProducerIds(long above, int size) {
        return retrying(entities -> new ClusterRepository(entities).takeProducerIds(above, size));
    }

    private <T> T retrying(Function<EntityManager, T> work) {
        for (int attempt = 1;; attempt++) {
            try {
                return database.callDurably(work);
            } catch (PersistenceException e) {
                // Two brokers that insert the first row meet as a violated key, and only once; two that update it as a lost race.
                if (attempt == ATTEMPTS || !(isLostRace(e) || isDuplicate(e))) {
                    throw e;
                }
            }
        }
    }

    private static boolean isLostRace(Throwable error) {
        return error instanceof OptimisticLockException || error.getCause() != null && isLostRace(error.getCause());
    }

    private static boolean isDuplicate(Throwable error) {
        return error instanceof java.sql.SQLIntegrityConstraintViolationException
            || error instanceof java.sql.SQLException sql && "23505".equals(sql.getSQLState())
            || error.getCause() != null && isDuplicate(error.getCause());
    }

    private static Topic known(TopicRepository repository, Uuid topicId) {
        return repository.topic(java(topicId)).orElseThrow(() -> new UnknownTopicIdException("No topic has the id " + topicId));
    }

    private static PartitionRow row(Partition p) {
        return new PartitionRow(p.getIndex(), p.getLeader(), p.getLeaderEpoch(), p.getReplicas(), p.getIsr(), p.getVersion());
    }

    private static Partition partition(UUID topicId, PartitionRow row) {
        return new Partition(topicId, row.index(), row.leader(), row.leaderEpoch(), row.replicas(), row.isr());
    }

    private static UUID java(Uuid id) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    private static Uuid kafka(UUID id) {
        return new Uuid(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }
}
