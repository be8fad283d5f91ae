package org.milena.broker.ejb;

import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.LogConfig;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.topic.PartitionLifecycle;

/** Topic administration's view of the replica manager. */
record LedPartitions(ReplicaManager replicas, int nodeId) implements PartitionLifecycle {

    @Override
    public void create(TopicImage topic, List<PartitionImage> partitions, LogConfig config) {
        partitions.stream().filter(p -> p.leader() == nodeId)
            .forEach(p -> replicas.lead(new TopicPartition(topic.name(), p.index()), topic.id(), p.leaderEpoch(), config));
    }

    @Override
    public void remove(TopicImage topic, List<PartitionImage> partitions) {
        replicas.delete(topic.id(), partitions.stream().map(PartitionImage::index).toList());
    }

    @Override
    public void reconfigure(TopicImage topic, LogConfig config) {
        replicas.reconfigure(topic.id(), config);
    }

    @Override
    public OptionalLong highWatermark(TopicPartition partition) {
        try {
            return OptionalLong.of(replicas.partition(partition.topic(), partition.partition()).highWatermark());
        } catch (ApiException e) {
            return OptionalLong.empty();
        }
    }
}
