package org.milena.broker.replication;

import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;

/**
 * The partitions that transactions end in. One that could not be opened at the start, since its log is damaged or its directory offline, is not led here; but
 * it exists, and what was decided is still to be written there when it is back (rules 14). To clients both are unknown, as in Kafka.
 */
final class TransactionPartitions {

    private final ReplicaManager replicas;
    private final Supplier<MetadataImage> metadata;

    TransactionPartitions(ReplicaManager replicas, Supplier<MetadataImage> metadata) {
        this.replicas = replicas;
        this.metadata = metadata;
    }

    /**
     * @throws UnknownTopicOrPartitionException it was deleted
     * @throws org.apache.kafka.common.errors.ApiException any other: it can't be reached now
     */
    Partition partition(TopicPartition tp) {
        try {
            return replicas.partition(tp.topic(), tp.partition());
        } catch (UnknownTopicOrPartitionException e) {
            TopicImage topic = metadata.get().topic(tp.topic());
            if (topic != null && topic.partitions().stream().anyMatch(each -> each.index() == tp.partition())) {
                throw new NotLeaderOrFollowerException("Partition " + tp + " has no leader: it could not be opened");
            }
            throw e;
        }
    }
}
