package org.milena.broker.group.record;

import java.util.List;
import org.apache.kafka.common.Uuid;

/** Values of {@code __consumer_offsets}; field names are Kafka's. Immutable. */
public sealed interface GroupValue permits GroupMetadataValue, GroupValue.OffsetCommit, GroupValue.ConsumerGroupMetadata,
        GroupValue.ConsumerGroupPartitionMetadata, GroupValue.ConsumerGroupMemberMetadata,
        GroupValue.ConsumerGroupTargetAssignmentMetadata, GroupValue.ConsumerGroupTargetAssignmentMember,
        GroupValue.ConsumerGroupCurrentMemberAssignment, GroupValue.ConsumerGroupRegularExpression {

    /**
     * @param leaderEpoch     of the last consumed record, or -1
     * @param commitTimestamp milliseconds
     * @param expireTimestamp milliseconds, or -1 for the broker's retention; set only by OffsetCommit v2-4 with a retention of its own
     * @param topicId         {@link Uuid#ZERO_UUID} when unknown
     */
    record OffsetCommit(long offset, int leaderEpoch, String metadata, long commitTimestamp, long expireTimestamp, Uuid topicId)
            implements GroupValue {
    }

    /** @param metadataHash of all subscribed topics, 0 when unknown (KIP-1101) */
    record ConsumerGroupMetadata(int epoch, long metadataHash) implements GroupValue {
    }

    /** Only its presence matters since Kafka 4.1: the content isn't used. */
    record ConsumerGroupPartitionMetadata(List<TopicMetadata> topics) implements GroupValue {
        public ConsumerGroupPartitionMetadata {
            topics = List.copyOf(topics);
        }
    }

    record TopicMetadata(Uuid topicId, String topicName, int numPartitions) {
    }

    /** {@code instanceId}, {@code rackId}, {@code subscribedTopicRegex}, {@code serverAssignor}, {@code classicMemberMetadata} may be null. */
    record ConsumerGroupMemberMetadata(String instanceId, String rackId, String clientId, String clientHost,
                                       List<String> subscribedTopicNames, String subscribedTopicRegex, int rebalanceTimeoutMs,
                                       String serverAssignor, ClassicMemberMetadata classicMemberMetadata) implements GroupValue {
        public ConsumerGroupMemberMetadata {
            subscribedTopicNames = List.copyOf(subscribedTopicNames);
        }
    }

    record ClassicMemberMetadata(int sessionTimeoutMs, List<ClassicProtocol> supportedProtocols) {
        public ClassicMemberMetadata {
            supportedProtocols = List.copyOf(supportedProtocols);
        }
    }

    record ClassicProtocol(String name, Bytes metadata) {
    }

    /** @param assignmentTimestamp milliseconds, 0 when unknown (KIP-1263) */
    record ConsumerGroupTargetAssignmentMetadata(int assignmentEpoch, long assignmentTimestamp) implements GroupValue {
    }

    /** The {@code assignmentEpochs} of its topics are null. */
    record ConsumerGroupTargetAssignmentMember(List<TopicPartitions> topicPartitions) implements GroupValue {
        public ConsumerGroupTargetAssignmentMember {
            topicPartitions = List.copyOf(topicPartitions);
        }
    }

    record ConsumerGroupCurrentMemberAssignment(int memberEpoch, int previousMemberEpoch, byte state,
                                                List<TopicPartitions> assignedPartitions,
                                                List<TopicPartitions> partitionsPendingRevocation) implements GroupValue {
        public ConsumerGroupCurrentMemberAssignment {
            assignedPartitions = List.copyOf(assignedPartitions);
            partitionsPendingRevocation = List.copyOf(partitionsPendingRevocation);
        }
    }

    record ConsumerGroupRegularExpression(List<String> topics, long version, long timestamp) implements GroupValue {
        public ConsumerGroupRegularExpression {
            topics = List.copyOf(topics);
        }
    }

    /** @param assignmentEpochs as long as {@code partitions}, or null: the member epoch at which each was assigned (KIP-1251) */
    record TopicPartitions(Uuid topicId, List<Integer> partitions, List<Integer> assignmentEpochs) {
        public TopicPartitions {
            partitions = List.copyOf(partitions);
            assignmentEpochs = assignmentEpochs == null ? null : List.copyOf(assignmentEpochs);
        }
    }
}
