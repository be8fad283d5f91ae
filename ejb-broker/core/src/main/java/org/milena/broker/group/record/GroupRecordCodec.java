package org.milena.broker.group.record;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.Uuid;
import org.milena.broker.group.record.GroupValue.ClassicMemberMetadata;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;
import org.milena.broker.group.record.GroupValue.TopicMetadata;
import org.milena.broker.group.record.GroupValue.TopicPartitions;

/**
 * The bytes of {@code __consumer_offsets}, exactly as Apache Kafka 4.3 writes them: the key starts with the record's kind, the value
 * with its version. Written in the version Kafka writes, read in all versions it ever wrote.
 */
public final class GroupRecordCodec {

    /** An offset with an expiry of its own is the exception: only version 1 can say it. */
    private static final int OFFSET_COMMIT_VERSION = 4;
    private static final int GROUP_METADATA_VERSION = 3;
    private static final int HIGHEST_SUPPORTED = 4;

    private GroupRecordCodec() {
    }

    public static byte[] encodeKey(GroupKey key) {
        RecordOutput out = new RecordOutput().int16(key.type().id()).string(key.groupId());
        if (key instanceof GroupKey.OffsetCommit k) {
            out.string(k.topic()).int32(k.partition());
        } else if (key instanceof GroupKey.ConsumerGroupMemberMetadata k) {
            out.string(k.memberId());
        } else if (key instanceof GroupKey.ConsumerGroupTargetAssignmentMember k) {
            out.string(k.memberId());
        } else if (key instanceof GroupKey.ConsumerGroupCurrentMemberAssignment k) {
            out.string(k.memberId());
        } else if (key instanceof GroupKey.ConsumerGroupRegularExpression k) {
            out.string(k.regularExpression());
        }
        return out.toByteArray();
    }

    /** Null for a kind this broker doesn't know; such records stay in the log and are passed over. */
    public static GroupKey decodeKey(ByteBuffer buffer) {
        ByteBuffer bytes = buffer.duplicate();
        RecordType type = RecordType.of(bytes.getShort());
        if (type == null) {
            return null;
        }
        RecordInput in = new RecordInput(bytes, false);
        String groupId = in.string();
        return switch (type) {
            case LEGACY_OFFSET_COMMIT, OFFSET_COMMIT -> new GroupKey.OffsetCommit(groupId, in.string(), in.int32());
            case GROUP_METADATA -> new GroupKey.GroupMetadata(groupId);
            case CONSUMER_GROUP_METADATA -> new GroupKey.ConsumerGroupMetadata(groupId);
            case CONSUMER_GROUP_PARTITION_METADATA -> new GroupKey.ConsumerGroupPartitionMetadata(groupId);
            case CONSUMER_GROUP_MEMBER_METADATA -> new GroupKey.ConsumerGroupMemberMetadata(groupId, in.string());
            case CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA -> new GroupKey.ConsumerGroupTargetAssignmentMetadata(groupId);
            case CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER -> new GroupKey.ConsumerGroupTargetAssignmentMember(groupId, in.string());
            case CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT -> new GroupKey.ConsumerGroupCurrentMemberAssignment(groupId, in.string());
            case CONSUMER_GROUP_REGULAR_EXPRESSION -> new GroupKey.ConsumerGroupRegularExpression(groupId, in.string());
        };
    }

    public static byte[] encodeValue(GroupValue value) {
        if (value instanceof GroupValue.OffsetCommit v) {
            return encode(v);
        } else if (value instanceof GroupMetadataValue v) {
            return ClassicGroupCodec.encode(v, GROUP_METADATA_VERSION);
        }
        RecordOutput out = new RecordOutput().int16(0);
        if (value instanceof GroupValue.ConsumerGroupMetadata v) {
            out.int32(v.epoch());
            tagUnless(out, v.metadataHash() == 0, new RecordOutput().int64(v.metadataHash()));
        } else if (value instanceof GroupValue.ConsumerGroupPartitionMetadata v) {
            out.compactArray(v.topics(), t -> out.uuid(t.topicId()).compactString(t.topicName()).int32(t.numPartitions()).varint(1).noTags())
                    .noTags();
        } else if (value instanceof GroupValue.ConsumerGroupMemberMetadata v) {
            encode(out, v);
        } else if (value instanceof GroupValue.ConsumerGroupTargetAssignmentMetadata v) {
            out.int32(v.assignmentEpoch());
            tagUnless(out, v.assignmentTimestamp() == 0, new RecordOutput().int64(v.assignmentTimestamp()));
        } else if (value instanceof GroupValue.ConsumerGroupTargetAssignmentMember v) {
            out.compactArray(v.topicPartitions(), t -> encode(out, t)).noTags();
        } else if (value instanceof GroupValue.ConsumerGroupCurrentMemberAssignment v) {
            out.int32(v.memberEpoch()).int32(v.previousMemberEpoch()).int8(v.state())
                    .compactArray(v.assignedPartitions(), t -> encode(out, t))
                    .compactArray(v.partitionsPendingRevocation(), t -> encode(out, t)).noTags();
        } else if (value instanceof GroupValue.ConsumerGroupRegularExpression v) {
            out.compactArray(v.topics(), out::compactString).int64(v.version()).int64(v.timestamp()).noTags();
        }
        return out.toByteArray();
    }

    /**
     * @return null for a tombstone
     * @throws IllegalStateException the value has a version that no Kafka up to 4.3 wrote, or is cut short
     */
    public static GroupValue decodeValue(GroupKey key, ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        ByteBuffer bytes = buffer.duplicate();
        try {
            short version = bytes.getShort();
            int highest = key instanceof GroupKey.OffsetCommit || key instanceof GroupKey.GroupMetadata ? HIGHEST_SUPPORTED : 0;
            if (version < 0 || version > highest) {
                throw new IllegalStateException("Version " + version + " of a value with key " + key
                        + " is not known here; up to " + highest + " can be read");
            }
            return decodeValue(key, version, bytes);
        } catch (java.nio.BufferUnderflowException | IllegalArgumentException | NullPointerException e) {
            throw new IllegalStateException("The value with key " + key + " is damaged", e);
        }
    }

    private static GroupValue decodeValue(GroupKey key, short version, ByteBuffer bytes) {
        if (key instanceof GroupKey.OffsetCommit) {
            return decodeOffsetCommit(version, new RecordInput(bytes, version >= 4));
        } else if (key instanceof GroupKey.GroupMetadata) {
            return ClassicGroupCodec.decode(version, new RecordInput(bytes, version >= 4));
        }
        RecordInput in = new RecordInput(bytes, true);
        return switch (key.type()) {
            case CONSUMER_GROUP_METADATA ->
                    new GroupValue.ConsumerGroupMetadata(in.int32(), orZero(in.tags(RecordInput::int64)));
            case CONSUMER_GROUP_PARTITION_METADATA -> new GroupValue.ConsumerGroupPartitionMetadata(in.array(() -> topicMetadata(in)));
            case CONSUMER_GROUP_MEMBER_METADATA -> decodeMember(in);
            case CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA ->
                    new GroupValue.ConsumerGroupTargetAssignmentMetadata(in.int32(), orZero(in.tags(RecordInput::int64)));
            case CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER ->
                    new GroupValue.ConsumerGroupTargetAssignmentMember(in.array(() -> topicPartitions(in)));
            case CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT -> new GroupValue.ConsumerGroupCurrentMemberAssignment(in.int32(), in.int32(),
                    in.int8(), in.array(() -> topicPartitions(in)), in.array(() -> topicPartitions(in)));
            case CONSUMER_GROUP_REGULAR_EXPRESSION ->
                    new GroupValue.ConsumerGroupRegularExpression(in.array(in::string), in.int64(), in.int64());
            default -> throw new IllegalStateException("No value belongs to key " + key);
        };
    }

    private static byte[] encode(GroupValue.OffsetCommit v) {
        if (v.expireTimestamp() != -1) {
            return new RecordOutput().int16(1).int64(v.offset()).string(v.metadata()).int64(v.commitTimestamp())
                    .int64(v.expireTimestamp()).toByteArray();
        }
        RecordOutput out = new RecordOutput().int16(OFFSET_COMMIT_VERSION).int64(v.offset()).int32(v.leaderEpoch())
                .compactString(v.metadata()).int64(v.commitTimestamp());
        tagUnless(out, v.topicId().equals(Uuid.ZERO_UUID), new RecordOutput().uuid(v.topicId()));
        return out.toByteArray();
    }

    private static GroupValue.OffsetCommit decodeOffsetCommit(short version, RecordInput in) {
        long offset = in.int64();
        int leaderEpoch = version >= 3 ? in.int32() : -1;
        String metadata = Objects.requireNonNull(in.string());
        long commitTimestamp = in.int64();
        long expireTimestamp = version == 1 ? in.int64() : -1;
        Uuid topicId = in.tags(RecordInput::uuid);
        return new GroupValue.OffsetCommit(offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp,
                topicId == null ? Uuid.ZERO_UUID : topicId);
    }

    private static void encode(RecordOutput out, GroupValue.ConsumerGroupMemberMetadata v) {
        out.compactString(v.instanceId()).compactString(v.rackId()).compactString(v.clientId()).compactString(v.clientHost())
                .compactArray(v.subscribedTopicNames(), out::compactString).compactString(v.subscribedTopicRegex())
                .int32(v.rebalanceTimeoutMs()).compactString(v.serverAssignor());
        ClassicMemberMetadata classic = v.classicMemberMetadata();
        if (classic == null) {
            out.noTags();
            return;
        }
        RecordOutput content = new RecordOutput();
        // A nullable struct in a tag starts with a byte that says that it is there.
        content.int8(1).int32(classic.sessionTimeoutMs())
                .compactArray(classic.supportedProtocols(), p -> content.compactString(p.name()).compactBytes(p.metadata()).noTags())
                .noTags();
        out.tag0(content.toByteArray());
    }

    private static GroupValue.ConsumerGroupMemberMetadata decodeMember(RecordInput in) {
        return new GroupValue.ConsumerGroupMemberMetadata(in.string(), in.string(), in.string(), in.string(), in.array(in::string),
                in.string(), in.int32(), in.string(), in.tags(GroupRecordCodec::classicMember));
    }

    private static ClassicMemberMetadata classicMember(RecordInput in) {
        if (in.int8() < 0) {
            return null;
        }
        return new ClassicMemberMetadata(in.int32(), in.array(() -> {
            ClassicProtocol protocol = new ClassicProtocol(in.string(), in.bytes());
            in.skipTags();
            return protocol;
        }));
    }

    private static void encode(RecordOutput out, TopicPartitions t) {
        out.uuid(t.topicId()).compactArray(t.partitions(), out::int32);
        if (t.assignmentEpochs() == null) {
            out.noTags();
        } else {
            RecordOutput content = new RecordOutput();
            out.tag0(content.compactArray(t.assignmentEpochs(), content::int32).toByteArray());
        }
    }

    private static TopicPartitions topicPartitions(RecordInput in) {
        Uuid topicId = in.uuid();
        List<Integer> partitions = in.array(in::int32);
        List<Integer> epochs = in.tags(tag -> tag.array(tag::int32));
        // Kafka writes "none" as null, as nothing and as an empty list; it counts only if there is one for each partition.
        return new TopicPartitions(topicId, partitions, epochs != null && epochs.size() == partitions.size() ? epochs : null);
    }

    private static TopicMetadata topicMetadata(RecordInput in) {
        TopicMetadata topic = new TopicMetadata(in.uuid(), in.string(), in.int32());
        in.array(() -> {
            in.int32();
            in.array(in::string);
            in.skipTags();
            return Boolean.TRUE;
        });
        in.skipTags();
        return topic;
    }

    private static void tagUnless(RecordOutput out, boolean isDefault, RecordOutput content) {
        if (isDefault) {
            out.noTags();
        } else {
            out.tag0(content.toByteArray());
        }
    }

    private static long orZero(Long value) {
        return value == null ? 0 : value;
    }
}
