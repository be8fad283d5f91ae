package org.milena.broker.group.record;

/** Keys of {@code __consumer_offsets}; field names are Kafka's. */
public sealed interface GroupKey {

    String groupId();

    RecordType type();

    record OffsetCommit(String groupId, String topic, int partition) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.OFFSET_COMMIT;
        }
    }

    record GroupMetadata(String groupId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.GROUP_METADATA;
        }
    }

    record ConsumerGroupMetadata(String groupId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_METADATA;
        }
    }

    /** Replaced by the metadata hash in Kafka 4.1 (KIP-1101); read, and removed by tombstones. */
    record ConsumerGroupPartitionMetadata(String groupId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_PARTITION_METADATA;
        }
    }

    record ConsumerGroupMemberMetadata(String groupId, String memberId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_MEMBER_METADATA;
        }
    }

    record ConsumerGroupTargetAssignmentMetadata(String groupId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA;
        }
    }

    record ConsumerGroupTargetAssignmentMember(String groupId, String memberId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER;
        }
    }

    record ConsumerGroupCurrentMemberAssignment(String groupId, String memberId) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT;
        }
    }

    record ConsumerGroupRegularExpression(String groupId, String regularExpression) implements GroupKey {
        @Override public RecordType type() {
            return RecordType.CONSUMER_GROUP_REGULAR_EXPRESSION;
        }
    }
}
