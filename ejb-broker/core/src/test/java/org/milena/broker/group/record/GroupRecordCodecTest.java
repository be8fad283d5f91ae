package org.milena.broker.group.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupPartitionMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupPartitionMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataValue;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.LegacyOffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.LegacyOffsetCommitValue;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Our bytes against those of Apache Kafka 4.3.1's own generated classes, both ways. */
class GroupRecordCodecTest {

    private static final Uuid TOPIC = Uuid.fromString("x4kGyb3wR3ue7Zr1Yq6XGQ");

    static Stream<Arguments> keys() {
        return Stream.of(
                Arguments.of(new GroupKey.OffsetCommit("g", "tö", 7), 1, new OffsetCommitKey().setGroup("g").setTopic("tö").setPartition(7)),
                Arguments.of(new GroupKey.GroupMetadata(""), 2, new GroupMetadataKey().setGroup("")),
                Arguments.of(new GroupKey.ConsumerGroupMetadata("g"), 3, new ConsumerGroupMetadataKey().setGroupId("g")),
                Arguments.of(new GroupKey.ConsumerGroupPartitionMetadata("g"), 4, new ConsumerGroupPartitionMetadataKey().setGroupId("g")),
                Arguments.of(new GroupKey.ConsumerGroupMemberMetadata("g", "m"), 5, new ConsumerGroupMemberMetadataKey().setGroupId("g").setMemberId("m")),
                Arguments.of(new GroupKey.ConsumerGroupTargetAssignmentMetadata("g"), 6, new ConsumerGroupTargetAssignmentMetadataKey().setGroupId("g")),
                Arguments.of(new GroupKey.ConsumerGroupTargetAssignmentMember("g", "m"), 7, new ConsumerGroupTargetAssignmentMemberKey().setGroupId("g").setMemberId("m")),
                Arguments.of(new GroupKey.ConsumerGroupCurrentMemberAssignment("g", "m"), 8, new ConsumerGroupCurrentMemberAssignmentKey().setGroupId("g").setMemberId("m")),
                Arguments.of(new GroupKey.ConsumerGroupRegularExpression("g", "a.*"), 16, new ConsumerGroupRegularExpressionKey().setGroupId("g").setRegularExpression("a.*")));
    }

    @ParameterizedTest
    @MethodSource("keys")
    void keysAreKafkas(GroupKey key, int kind, ApiMessage kafkas) {
        ByteBuffer expected = MessageUtil.toCoordinatorTypePrefixedByteBuffer(kafkas);
        assertThat(expected.duplicate().getShort()).isEqualTo((short) kind);
        assertThat(ByteBuffer.wrap(GroupRecordCodec.encodeKey(key))).isEqualTo(expected);
        assertThat(GroupRecordCodec.decodeKey(expected)).isEqualTo(key);
    }

    static Stream<Arguments> values() {
        var topics = List.of(new GroupValue.TopicPartitions(TOPIC, List.of(0, 3), null));
        var epochs = List.of(new GroupValue.TopicPartitions(TOPIC, List.of(0, 3), List.of(4, 5)));
        return Stream.of(
                Arguments.of(GroupKeys.OFFSET, new GroupValue.OffsetCommit(5, 3, "höm", 77, -1, Uuid.ZERO_UUID), 4,
                        new OffsetCommitValue().setOffset(5).setLeaderEpoch(3).setMetadata("höm").setCommitTimestamp(77)),
                Arguments.of(GroupKeys.OFFSET, new GroupValue.OffsetCommit(5, -1, "", 77, -1, TOPIC), 4,
                        new OffsetCommitValue().setOffset(5).setMetadata("").setCommitTimestamp(77).setTopicId(TOPIC)),
                Arguments.of(GroupKeys.OFFSET, new GroupValue.OffsetCommit(5, -1, "m", 77, 99, Uuid.ZERO_UUID), 1,
                        new OffsetCommitValue().setOffset(5).setMetadata("m").setCommitTimestamp(77).setExpireTimestamp(99)),
                Arguments.of(GroupKeys.CLASSIC, classicGroup("cooperative", "m1", null), 3, kafkas("cooperative", "m1", null)),
                Arguments.of(GroupKeys.CLASSIC, classicGroup(null, null, "static-1"), 3, kafkas(null, null, "static-1")),
                Arguments.of(new GroupKey.ConsumerGroupMetadata("g"), new GroupValue.ConsumerGroupMetadata(9, 0), 0, new ConsumerGroupMetadataValue().setEpoch(9)),
                Arguments.of(new GroupKey.ConsumerGroupMetadata("g"), new GroupValue.ConsumerGroupMetadata(9, -4L), 0,
                        new ConsumerGroupMetadataValue().setEpoch(9).setMetadataHash(-4L)),
                Arguments.of(new GroupKey.ConsumerGroupPartitionMetadata("g"),
                        new GroupValue.ConsumerGroupPartitionMetadata(List.of(new GroupValue.TopicMetadata(TOPIC, "t", 12))), 0,
                        new ConsumerGroupPartitionMetadataValue().setTopics(List.of(new ConsumerGroupPartitionMetadataValue.TopicMetadata()
                                .setTopicId(TOPIC).setTopicName("t").setNumPartitions(12)))),
                Arguments.of(GroupKeys.MEMBER, member(null, null), 0, kafkas(null)),
                Arguments.of(GroupKeys.MEMBER, member("inst", new GroupValue.ClassicMemberMetadata(45_000,
                        List.of(new GroupValue.ClassicProtocol("range", Bytes.copyOf(new byte[] {1, 2}))))), 0, kafkas("inst")),
                Arguments.of(new GroupKey.ConsumerGroupTargetAssignmentMetadata("g"), new GroupValue.ConsumerGroupTargetAssignmentMetadata(6, 0), 0,
                        new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(6)),
                Arguments.of(new GroupKey.ConsumerGroupTargetAssignmentMetadata("g"), new GroupValue.ConsumerGroupTargetAssignmentMetadata(6, 123), 0,
                        new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(6).setAssignmentTimestamp(123)),
                Arguments.of(new GroupKey.ConsumerGroupTargetAssignmentMember("g", "m"), new GroupValue.ConsumerGroupTargetAssignmentMember(topics), 0,
                        new ConsumerGroupTargetAssignmentMemberValue().setTopicPartitions(List.of(
                                new ConsumerGroupTargetAssignmentMemberValue.TopicPartition().setTopicId(TOPIC).setPartitions(List.of(0, 3))))),
                Arguments.of(GroupKeys.CURRENT, new GroupValue.ConsumerGroupCurrentMemberAssignment(5, 4, (byte) 2, epochs, topics), 0,
                        new ConsumerGroupCurrentMemberAssignmentValue().setMemberEpoch(5).setPreviousMemberEpoch(4).setState((byte) 2)
                                .setAssignedPartitions(List.of(current(List.of(4, 5)))).setPartitionsPendingRevocation(List.of(current(null)))),
                Arguments.of(new GroupKey.ConsumerGroupRegularExpression("g", "a*"), new GroupValue.ConsumerGroupRegularExpression(List.of("a", "aa"), 3, 4), 0,
                        new ConsumerGroupRegularExpressionValue().setTopics(List.of("a", "aa")).setVersion(3).setTimestamp(4)));
    }

    @ParameterizedTest
    @MethodSource("values")
    void valuesAreKafkas(GroupKey key, GroupValue value, int version, ApiMessage kafkas) {
        ByteBuffer expected = MessageUtil.toVersionPrefixedByteBuffer((short) version, kafkas);
        assertThat(ByteBuffer.wrap(GroupRecordCodec.encodeValue(value))).isEqualTo(expected);
        assertThat(GroupRecordCodec.decodeValue(key, expected)).isEqualTo(value);
    }

    @Test
    void readsEveryVersionOfAnOffset() {
        for (short version = 0; version <= 4; version++) {
            var kafkas = new OffsetCommitValue().setOffset(8).setLeaderEpoch(2).setMetadata("x").setCommitTimestamp(7).setExpireTimestamp(9).setTopicId(TOPIC);
            var read = (GroupValue.OffsetCommit) GroupRecordCodec.decodeValue(GroupKeys.OFFSET, MessageUtil.toVersionPrefixedByteBuffer(version, kafkas));
            assertThat(read).as("version %d", version).isEqualTo(new GroupValue.OffsetCommit(8, version >= 3 ? 2 : -1, "x", 7,
                    version == 1 ? 9 : -1, version == 4 ? TOPIC : Uuid.ZERO_UUID));
        }
        var legacy = MessageUtil.toCoordinatorTypePrefixedByteBuffer(new LegacyOffsetCommitKey().setGroup("g").setTopic("t").setPartition(1));
        assertThat(GroupRecordCodec.decodeKey(legacy)).isEqualTo(new GroupKey.OffsetCommit("g", "t", 1));
        var value = MessageUtil.toVersionPrefixedByteBuffer((short) 0, new LegacyOffsetCommitValue().setOffset(1).setMetadata("m").setCommitTimestamp(2));
        assertThat(GroupRecordCodec.decodeValue(GroupKeys.OFFSET, value)).isEqualTo(new GroupValue.OffsetCommit(1, -1, "m", 2, -1, Uuid.ZERO_UUID));
    }

    @Test
    void readsEveryVersionOfAClassicGroup() {
        for (short version = 0; version <= 4; version++) {
            var read = (GroupMetadataValue) GroupRecordCodec.decodeValue(GroupKeys.CLASSIC,
                    MessageUtil.toVersionPrefixedByteBuffer(version, kafkas("range", "m1", "inst")));
            assertThat(read.members().get(0).groupInstanceId()).isEqualTo(version >= 3 ? "inst" : null);
            assertThat(read.members().get(0).rebalanceTimeout()).as("version 0 has one timeout").isEqualTo(version == 0 ? 30 : 60);
            assertThat(read.currentStateTimestamp()).isEqualTo(version >= 2 ? 1234 : -1);
        }
    }

    @Test
    void noAssignmentEpochsMayBeWrittenAsNull() {
        var kafkas = new ConsumerGroupCurrentMemberAssignmentValue().setAssignedPartitions(List.of(current(null).setAssignmentEpochs(null)));
        var read = (GroupValue.ConsumerGroupCurrentMemberAssignment) GroupRecordCodec.decodeValue(GroupKeys.CURRENT,
                MessageUtil.toVersionPrefixedByteBuffer((short) 0, kafkas));
        assertThat(read.assignedPartitions()).containsExactly(new GroupValue.TopicPartitions(TOPIC, List.of(0, 3), null));
    }

    @Test
    void whatNobodyKnowsIsPassedOver() {
        for (short kind : new short[] {9, 10, 11, 15, 17, 23, 99, -3}) {
            assertThat(GroupRecordCodec.decodeKey(ByteBuffer.allocate(10).putShort(0, kind))).isNull();
        }
        assertThat(GroupRecordCodec.decodeValue(GroupKeys.OFFSET, null)).isNull();
    }

    @Test
    void damageIsAnErrorWithTheKey() {
        ByteBuffer future = ByteBuffer.allocate(8).putShort(0, (short) 5);
        assertThatThrownBy(() -> GroupRecordCodec.decodeValue(GroupKeys.OFFSET, future))
                .hasMessageContaining("Version 5").hasMessageContaining("topic=t").hasMessageContaining("up to 4");
        byte[] whole = GroupRecordCodec.encodeValue(classicGroup("range", "m1", null));
        for (int length = 2; length < whole.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(whole, 0, length).slice();
            assertThatThrownBy(() -> GroupRecordCodec.decodeValue(GroupKeys.CLASSIC, cut)).isInstanceOf(IllegalStateException.class);
        }
    }

    /** Keys that the cases share. */
    private static final class GroupKeys {
        static final GroupKey OFFSET = new GroupKey.OffsetCommit("g", "t", 0);
        static final GroupKey CLASSIC = new GroupKey.GroupMetadata("g");
        static final GroupKey MEMBER = new GroupKey.ConsumerGroupMemberMetadata("g", "m");
        static final GroupKey CURRENT = new GroupKey.ConsumerGroupCurrentMemberAssignment("g", "m");
    }

    private static GroupMetadataValue classicGroup(String protocol, String leader, String instance) {
        return new GroupMetadataValue("consumer", 3, protocol, leader, 1234, List.of(new GroupMetadataValue.Member("m1", instance, "client",
                "/127.0.0.1", 60, 30, Bytes.copyOf(new byte[] {1}), Bytes.copyOf(new byte[] {2, 3}))));
    }

    private static org.apache.kafka.coordinator.group.generated.GroupMetadataValue kafkas(String protocol, String leader, String instance) {
        return new org.apache.kafka.coordinator.group.generated.GroupMetadataValue().setProtocolType("consumer").setGeneration(3)
                .setProtocol(protocol).setLeader(leader).setCurrentStateTimestamp(1234)
                .setMembers(List.of(new org.apache.kafka.coordinator.group.generated.GroupMetadataValue.MemberMetadata().setMemberId("m1")
                        .setGroupInstanceId(instance).setClientId("client").setClientHost("/127.0.0.1").setRebalanceTimeout(60)
                        .setSessionTimeout(30).setSubscription(new byte[] {1}).setAssignment(new byte[] {2, 3})));
    }

    private static GroupValue.ConsumerGroupMemberMetadata member(String instance, GroupValue.ClassicMemberMetadata classic) {
        return new GroupValue.ConsumerGroupMemberMetadata(instance, null, "client", "/h", List.of("a", "b"), null, 300, "uniform", classic);
    }

    private static ConsumerGroupMemberMetadataValue kafkas(String instance) {
        var value = new ConsumerGroupMemberMetadataValue().setInstanceId(instance).setRackId(null).setClientId("client").setClientHost("/h")
                .setSubscribedTopicNames(List.of("a", "b")).setSubscribedTopicRegex(null).setRebalanceTimeoutMs(300).setServerAssignor("uniform");
        return instance == null ? value : value.setClassicMemberMetadata(new ConsumerGroupMemberMetadataValue.ClassicMemberMetadata()
                .setSessionTimeoutMs(45_000).setSupportedProtocols(List.of(new ConsumerGroupMemberMetadataValue.ClassicProtocol()
                        .setName("range").setMetadata(new byte[] {1, 2}))));
    }

    private static ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions current(List<Integer> epochs) {
        var topic = new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions().setTopicId(TOPIC).setPartitions(List.of(0, 3));
        return epochs == null ? topic : topic.setAssignmentEpochs(epochs);
    }
}
