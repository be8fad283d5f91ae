package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.NoReassignmentInProgressException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignablePartitionResponse;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData.ReassignableTopicResponse;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.ElectLeadersResponseData.PartitionResult;
import org.apache.kafka.common.message.ElectLeadersResponseData.ReplicaElectionResult;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;

/**
 * Elections and reassignments as one node can have them: every partition's only replica is its preferred leader, and can go
 * nowhere else. Works on the image alone.
 */
final class Leadership {

    private final AdminContext context;

    Leadership(AdminContext context) {
        this.context = context;
    }

    ElectLeadersResponseData elect(ElectLeadersRequestData request) {
        ElectionType type;
        try {
            type = ElectionType.valueOf(request.electionType());
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("Unknown election type " + request.electionType());
        }
        ElectLeadersResponseData response = new ElectLeadersResponseData();
        MetadataImage image = context.image();
        if (request.topicPartitions() == null) {
            image.topicsByName().values().forEach(topic -> {
                List<PartitionResult> results = topic.partitions().stream().map(p -> result(p.index(), elect(topic, p, type)))
                        .filter(r -> r.errorCode() != Errors.ELECTION_NOT_NEEDED.code()).toList();
                if (!results.isEmpty()) {
                    response.replicaElectionResults().add(new ReplicaElectionResult().setTopic(topic.name()).setPartitionResult(results));
                }
            });
            return response;
        }
        request.topicPartitions().forEach(asked -> {
            ReplicaElectionResult results = new ReplicaElectionResult().setTopic(asked.topic());
            for (int index : asked.partitions()) {
                results.partitionResult().add(result(index, elect(image, asked.topic(), index, type)));
            }
            response.replicaElectionResults().add(results);
        });
        return response;
    }

    private static ApiError elect(MetadataImage image, String name, int index, ElectionType type) {
        TopicImage topic = image.topic(name);
        if (topic == null) {
            return new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, "No such topic as " + name);
        }
        if (index < 0 || index >= topic.partitions().size()) {
            return new ApiError(Errors.UNKNOWN_TOPIC_OR_PARTITION, "No such partition as " + name + "-" + index);
        }
        return elect(topic, topic.partitions().get(index), type);
    }

    private static ApiError elect(TopicImage topic, PartitionImage partition, ElectionType type) {
        boolean needed = type == ElectionType.PREFERRED ? partition.leader() != partition.replicas().get(0) : partition.leader() < 0;
        if (!needed) {
            return new ApiError(Errors.ELECTION_NOT_NEEDED);
        }
        return new ApiError(type == ElectionType.PREFERRED ? Errors.PREFERRED_LEADER_NOT_AVAILABLE : Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE,
                "The only replica of " + topic.name() + "-" + partition.index() + " is in an offline log directory.");
    }

    private static PartitionResult result(int index, ApiError error) {
        return new PartitionResult().setPartitionId(index).setErrorCode(error.error().code()).setErrorMessage(error.message());
    }

    AlterPartitionReassignmentsResponseData reassign(AlterPartitionReassignmentsRequestData request) {
        AlterPartitionReassignmentsResponseData response = new AlterPartitionReassignmentsResponseData().setErrorMessage(null)
                .setAllowReplicationFactorChange(request.allowReplicationFactorChange());
        request.topics().forEach(topic -> {
            ReassignableTopicResponse results = new ReassignableTopicResponse().setName(topic.name());
            topic.partitions().forEach(partition -> {
                ApiError error = ApiError.NONE;
                try {
                    reassign(topic.name(), partition);
                } catch (RuntimeException e) {
                    error = ApiError.fromThrowable(e);
                }
                results.partitions().add(new ReassignablePartitionResponse().setPartitionIndex(partition.partitionIndex())
                        .setErrorCode(error.error().code()).setErrorMessage(error.message()));
            });
            response.responses().add(results);
        });
        return response;
    }

    private void reassign(String name, ReassignablePartition target) {
        TopicImage topic = context.image().topic(name);
        if (topic == null) {
            throw new UnknownTopicOrPartitionException("Unable to find a topic named " + name + ".");
        }
        if (target.partitionIndex() < 0 || target.partitionIndex() >= topic.partitions().size()) {
            throw new UnknownTopicOrPartitionException("Unable to find partition " + name + ":" + target.partitionIndex() + ".");
        }
        if (target.replicas() == null) {
            throw new NoReassignmentInProgressException(Errors.NO_REASSIGNMENT_IN_PROGRESS.message());
        }
        new Placement(context.image()).checkManual(target.replicas(), -1);
        List<Integer> current = new ArrayList<>(topic.partitions().get(target.partitionIndex()).replicas());
        if (!current.equals(target.replicas())) {
            throw new InvalidReplicaAssignmentException("The replicas of " + name + "-" + target.partitionIndex() + " are " + current
                    + " and can't be moved: this broker is alone.");
        }
    }

    /** Reassignments in progress: a single node has none. */
    ListPartitionReassignmentsResponseData list() {
        return new ListPartitionReassignmentsResponseData().setErrorMessage(null);
    }
}
