package org.milena.persistence;

import jakarta.persistence.EntityManager;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Topics and their partitions, within the transaction of the entity manager. */
public record TopicRepository(EntityManager entities) {

    /** By name. */
    public List<Topic> topics() {
        return Rows.of(Topic.class, entities).sorted(Comparator.comparing(Topic::getName)).toList();
    }

    /** Of all topics, by topic and index. */
    public List<Partition> partitions() {
        return Rows.of(Partition.class, entities).sorted(Comparator.comparing(Partition::getTopicId).thenComparing(Partition::getIndex)).toList();
    }

    public Optional<Topic> topic(UUID id) {
        return Optional.ofNullable(entities.find(Topic.class, id));
    }

    public Optional<Topic> named(String name) {
        return entities.createQuery("select t from Topic t where t.name = :name", Topic.class).setParameter("name", name).getResultStream().findFirst();
    }

    public Optional<Partition> partition(UUID topicId, int index) {
        return Optional.ofNullable(entities.find(Partition.class, new Partition.Key(topicId, index)));
    }

    public int partitionCount(UUID topicId) {
        return entities.createQuery("select count(p) from Partition p where p.key.topicId = :topic", Long.class)
            .setParameter("topic", topicId).getSingleResult().intValue();
    }

    public void add(Topic topic) {
        entities.persist(topic);
    }

    public void add(Partition partition) {
        entities.persist(partition);
    }

    /** Remembers it as deleted. */
    public void delete(Topic topic) {
        entities.persist(new DeletedTopic(topic));
        entities.createQuery("delete from Partition p where p.key.topicId = :topic").setParameter("topic", topic.getId()).executeUpdate();
        entities.remove(topic);
    }

    /** Those not yet forgotten. */
    public List<DeletedTopic> deleted() {
        return Rows.of(DeletedTopic.class, entities).toList();
    }

    public void forgetDeleted(Collection<UUID> ids) {
        for (UUID id : ids) {
            DeletedTopic deleted = entities.find(DeletedTopic.class, id);
            if (deleted != null) {
                entities.remove(deleted);
            }
        }
    }
}
