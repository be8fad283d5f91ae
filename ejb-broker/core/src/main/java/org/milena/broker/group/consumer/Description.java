package org.milena.broker.group.consumer;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.Assignment;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.DescribedGroup;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData.Member;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;

/** A consumer group as ConsumerGroupDescribe shows it. */
final class Description {

    /** {@code MemberType} of the response, since v1. */
    private static final byte CLASSIC = 0;
    private static final byte CONSUMER = 1;

    private Description() {
    }

    static DescribedGroup of(ConsumerGroup group, String defaultAssignor, MetadataImage image) {
        DescribedGroup described = new DescribedGroup().setGroupId(group.groupId()).setGroupState(group.state())
                .setGroupEpoch(group.epoch()).setAssignmentEpoch(group.assignmentEpoch())
                .setAssignorName(Rebalance.preferredAssignor(group.members().values(), defaultAssignor));
        group.members().values().forEach(member -> described.members().add(member(group, member, image)));
        return described;
    }

    private static Member member(ConsumerGroup group, ConsumerMember member, MetadataImage image) {
        Map<Uuid, Set<Integer>> target = group.target(member.memberId());
        return new Member().setMemberId(member.memberId()).setMemberEpoch(member.current().epoch())
                .setInstanceId(member.instanceId()).setRackId(member.metadata().rackId())
                .setClientId(member.metadata().clientId()).setClientHost(member.metadata().clientHost())
                .setSubscribedTopicNames(member.metadata().subscribedTopicNames()).setSubscribedTopicRegex(member.regex() == null ? "" : member.regex())
                .setAssignment(assignment(Partitions.numbers(member.current().assigned()), image))
                .setTargetAssignment(assignment(target == null ? Map.of() : target, image))
                .setMemberType(member.classic() ? CLASSIC : CONSUMER);
    }

    private static Assignment assignment(Map<Uuid, ? extends Set<Integer>> partitions, MetadataImage image) {
        Assignment assignment = new Assignment();
        partitions.forEach((id, numbers) -> {
            TopicImage topic = image.topic(id);
            if (topic != null) {
                assignment.topicPartitions().add(new ConsumerGroupDescribeResponseData.TopicPartitions().setTopicId(id)
                        .setTopicName(topic.name()).setPartitions(List.copyOf(numbers)));
            }
        });
        return assignment;
    }
}
