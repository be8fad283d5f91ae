package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;

/** The records of consumer groups, and the orders in which a member and a group come and go. */
final class ConsumerRecords {

    private ConsumerRecords() {
    }

    static GroupRecord group(String groupId, int epoch, long metadataHash) {
        return new GroupRecord(new GroupKey.ConsumerGroupMetadata(groupId), new GroupValue.ConsumerGroupMetadata(epoch, metadataHash));
    }

    static GroupRecord member(String groupId, ConsumerMember member) {
        return new GroupRecord(new GroupKey.ConsumerGroupMemberMetadata(groupId, member.memberId()), member.metadata());
    }

    static GroupRecord current(String groupId, String memberId, Current current) {
        return new GroupRecord(new GroupKey.ConsumerGroupCurrentMemberAssignment(groupId, memberId), current.toRecord());
    }

    static GroupRecord target(String groupId, String memberId, Map<Uuid, Set<Integer>> target) {
        return new GroupRecord(new GroupKey.ConsumerGroupTargetAssignmentMember(groupId, memberId),
                new GroupValue.ConsumerGroupTargetAssignmentMember(Partitions.ofTarget(target)));
    }

    static GroupRecord targetEpoch(String groupId, int epoch, long timestampMs) {
        return new GroupRecord(new GroupKey.ConsumerGroupTargetAssignmentMetadata(groupId),
                new GroupValue.ConsumerGroupTargetAssignmentMetadata(epoch, timestampMs));
    }

    static GroupRecord regex(String groupId, String regex, Set<String> topics, long version, long timestampMs) {
        return new GroupRecord(new GroupKey.ConsumerGroupRegularExpression(groupId, regex),
                new GroupValue.ConsumerGroupRegularExpression(ConsumerMember.normal(List.copyOf(topics)), version, timestampMs));
    }

    static GroupRecord regexTombstone(String groupId, String regex) {
        return GroupRecord.tombstone(new GroupKey.ConsumerGroupRegularExpression(groupId, regex));
    }

    static GroupRecord partitionMetadataTombstone(String groupId) {
        return GroupRecord.tombstone(new GroupKey.ConsumerGroupPartitionMetadata(groupId));
    }

    /** What it has goes first: Kafka refuses to read a member's end before that of its assignment. */
    static List<GroupRecord> removal(String groupId, String memberId) {
        return List.of(GroupRecord.tombstone(new GroupKey.ConsumerGroupCurrentMemberAssignment(groupId, memberId)),
                GroupRecord.tombstone(new GroupKey.ConsumerGroupTargetAssignmentMember(groupId, memberId)),
                GroupRecord.tombstone(new GroupKey.ConsumerGroupMemberMetadata(groupId, memberId)));
    }

    /** The end of a group; offsets stay. */
    static List<GroupRecord> tombstones(ConsumerGroup group) {
        String id = group.groupId();
        List<GroupRecord> records = new ArrayList<>();
        group.members().keySet().forEach(member -> records.add(GroupRecord.tombstone(new GroupKey.ConsumerGroupCurrentMemberAssignment(id, member))));
        group.members().keySet().forEach(member -> records.add(GroupRecord.tombstone(new GroupKey.ConsumerGroupTargetAssignmentMember(id, member))));
        records.add(GroupRecord.tombstone(new GroupKey.ConsumerGroupTargetAssignmentMetadata(id)));
        group.members().keySet().forEach(member -> records.add(GroupRecord.tombstone(new GroupKey.ConsumerGroupMemberMetadata(id, member))));
        group.resolved().keySet().forEach(regex -> records.add(regexTombstone(id, regex)));
        if (group.hasPartitionMetadataRecord()) {
            records.add(partitionMetadataTombstone(id));
        }
        records.add(GroupRecord.tombstone(new GroupKey.ConsumerGroupMetadata(id)));
        return records;
    }
}
