package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.errors.UnsupportedAssignorException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.RequestInfo;

/** Who may join, stay and leave, and what the answer says. */
class HeartbeatTest {

    private final GroupHarness shard = new GroupHarness();
    private final Uuid foo = shard.topic("foo", 4);

    private TestMember member(String id) {
        return new TestMember(shard, "g", id, "foo");
    }

    private void assertInvalid(UnaryOperator<ConsumerGroupHeartbeatRequestData> change, String message) {
        assertThatThrownBy(() -> shard.beat(change.apply(member("m").full()))).isInstanceOf(InvalidRequestException.class).hasMessage(message);
        assertThat(shard.log).isEmpty();
    }

    @Test
    void aMalformedRequestIsRefusedWithAReason() {
        assertInvalid(r -> r.setGroupId(""), "GroupId can't be empty.");
        assertInvalid(r -> r.setMemberId(""), "MemberId can't be empty.");
        assertInvalid(r -> r.setMemberEpoch(3).setMemberId(" "), "MemberId can't be empty.");
        assertInvalid(r -> r.setInstanceId(""), "InstanceId can't be empty.");
        assertInvalid(r -> r.setRackId(""), "RackId can't be empty.");
        assertInvalid(r -> r.setRebalanceTimeoutMs(-1), "RebalanceTimeoutMs must be provided in first request.");
        assertInvalid(r -> r.setTopicPartitions(null), "TopicPartitions must be empty when (re-)joining.");
        assertInvalid(r -> r.setSubscribedTopicNames(null),
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
        assertInvalid(r -> r.setMemberEpoch(-3), "MemberEpoch is invalid.");
        assertInvalid(r -> r.setMemberEpoch(-2), "InstanceId can't be null.");
        assertThatThrownBy(() -> shard.beat(member("m").full().setServerAssignor("sticky"))).isInstanceOf(UnsupportedAssignorException.class)
                .hasMessage("ServerAssignor sticky is not supported. Supported assignors: uniform, range.");
    }

    @Test
    void theFirstMemberGetsEverythingInEpochOne() {
        TestMember m = member("m");
        ConsumerGroupHeartbeatResponseData answer = m.join();
        assertThat(answer.memberId()).isEqualTo("m");
        assertThat(answer.memberEpoch()).isEqualTo(1);
        assertThat(answer.heartbeatIntervalMs()).isEqualTo(5_000);
        assertThat(m.wanted).isEqualTo(Map.of(foo, Set.of(0, 1, 2, 3)));
        assertThat(shard.group("g").state()).isEqualTo("Stable");
    }

    @Test
    void version0LetsTheServerMakeTheMemberId() {
        ConsumerGroupHeartbeatResponseData answer = shard.run(shard.protocol.heartbeat(new RequestInfo((short) 0, "c", "/h"), member("").full()));
        assertThat(answer.memberId()).isEqualTo("generated-1");
        assertThat(shard.group("g").member("generated-1")).isNotNull();
    }

    @Test
    void aHeartbeatThatChangesNothingWritesNothingAndAFullOneIsAnsweredInFull() {
        TestMember m = member("m");
        m.join();
        m.apply();
        int written = shard.log.size();
        assertThat(m.beat().assignment()).isNull();
        assertThat(m.beat().assignment()).isNull();
        assertThat(shard.log).hasSize(written);
        assertThat(m.beatFull().assignment()).isNotNull();
        assertThat(shard.log).hasSize(written);
    }

    @Test
    void clientHostRackAndAssignorAreKeptAndPartialRequestsLeaveThemAlone() {
        TestMember m = member("m");
        shard.beat(m.full().setRackId("r1").setServerAssignor("range"));
        m.epoch = 1;
        m.beat();
        var described = shard.protocol.describe("g");
        assertThat(described.assignorName()).isEqualTo("range");
        assertThat(described.groupState()).isEqualTo("Stable");
        assertThat(described.groupEpoch()).isEqualTo(1);
        assertThat(described.assignmentEpoch()).isEqualTo(1);
        var one = described.members().get(0);
        assertThat(List.of(one.memberId(), one.rackId(), one.clientId(), one.clientHost())).containsExactly("m", "r1", "client", "/10.0.0.1");
        assertThat(one.subscribedTopicNames()).containsExactly("foo");
        assertThat(one.memberType()).isEqualTo((byte) 1);
        assertThat(one.assignment().topicPartitions()).hasSize(1).allSatisfy(t -> {
            assertThat(t.topicName()).isEqualTo("foo");
            assertThat(t.partitions()).containsExactly(0, 1, 2, 3);
        });
        assertThat(one.targetAssignment()).isEqualTo(one.assignment());
    }

    @Test
    void unknownGroupsAndMembersAreToldSo() {
        assertThatThrownBy(() -> shard.beat(member("m").request().setMemberEpoch(1))).isInstanceOf(GroupIdNotFoundException.class)
                .hasMessage("Consumer group g not found.");
        member("m").join();
        assertThatThrownBy(() -> shard.beat(member("x").request().setMemberEpoch(1))).isInstanceOf(UnknownMemberIdException.class)
                .hasMessage("Member x is not a member of group g.");
        assertThatThrownBy(() -> shard.beat(member("x").request().setMemberEpoch(-1))).isInstanceOf(UnknownMemberIdException.class);
        assertThatThrownBy(() -> shard.beat(member("x").request().setInstanceId("i").setMemberEpoch(-2)))
                .isInstanceOf(UnknownMemberIdException.class).hasMessage("Instance id i is unknown.");
    }

    @Test
    void aWrongEpochIsFencedAndThePreviousOneOnlyWithoutNewPartitions() {
        TestMember a = member("a");
        TestMember b = member("b");
        a.join();
        a.apply();
        b.join();
        TestMember.settle(List.of(a, b), 10);
        assertThat(a.epoch).isEqualTo(2);
        assertThatThrownBy(() -> shard.beat(a.request().setMemberEpoch(3))).isInstanceOf(FencedMemberEpochException.class)
                .hasMessageStartingWith("The consumer group member has a greater member epoch (3)");
        assertThatThrownBy(() -> shard.beat(a.request().setMemberEpoch(1))).isInstanceOf(FencedMemberEpochException.class)
                .hasMessageStartingWith("The consumer group member has a smaller member epoch (1)");
        assertThat(shard.beat(a.full().setMemberEpoch(1)).memberEpoch()).as("the answer was lost").isEqualTo(2);
        assertThatThrownBy(() -> shard.beat(a.full().setMemberEpoch(1).setTopicPartitions(b.full().topicPartitions())))
                .isInstanceOf(FencedMemberEpochException.class);
        assertThat(shard.beat(a.full().setMemberEpoch(0).setTopicPartitions(List.of())).memberEpoch()).as("starts anew").isEqualTo(2);
    }

    @Test
    void aFullGroupTakesNobodyButItsMembers() {
        shard.set("group.consumer.max.size", 1);
        TestMember m = member("m");
        m.join();
        assertThatThrownBy(() -> member("n").join()).isInstanceOf(GroupMaxSizeReachedException.class)
                .hasMessage("The consumer group has reached its maximum capacity of 1 members.");
        m.beat();
    }

    @Test
    void aStaticMembersInstanceIdIsItsOwnUntilItLeaves() {
        TestMember a = member("a").instance("i");
        a.join();
        a.apply();
        TestMember b = member("b").instance("i");
        assertThatThrownBy(b::join).isInstanceOf(UnreleasedInstanceIdException.class)
                .hasMessage("Static member b with instance id i cannot join the group because the instance id is owned by a member.");
        ConsumerGroupHeartbeatResponseData away = shard.beat(a.request().setMemberEpoch(-2));
        assertThat(away.memberEpoch()).isEqualTo(-2);
        int epoch = shard.group("g").epoch();

        assertThat(b.join().memberEpoch()).isEqualTo(epoch);
        assertThat(b.wanted).isEqualTo(a.owned);
        assertThat(shard.group("g").epoch()).as("no rebalance").isEqualTo(epoch);
        assertThat(shard.group("g").members()).containsOnlyKeys("b");
        assertThatThrownBy(() -> shard.beat(a.request().setMemberEpoch(epoch))).isInstanceOf(FencedInstanceIdException.class)
                .hasMessage("Static member a with instance id i was fenced by member b.");
        shard.beat(b.request().setMemberEpoch(-1));
        assertThat(shard.group("g").state()).isEqualTo("Empty");
    }

    @Test
    void aStaticMemberThatWasPutOutLearnsThatAnotherTookItsInstanceId() {
        TestMember a = member("a").instance("i");
        a.join();
        a.apply();
        shard.advance(46_000);
        TestMember b = member("b").instance("i");
        b.join();
        assertThatThrownBy(a::beat).isInstanceOf(FencedInstanceIdException.class)
                .hasMessage("Static member a with instance id i was fenced by member b.");
        assertThatThrownBy(() -> shard.beat(a.request().setMemberEpoch(-1))).isInstanceOf(FencedInstanceIdException.class);
        assertThat(shard.group("g").members()).containsOnlyKeys("b");
        shard.advance(46_000);
        assertThatThrownBy(a::beat).as("nobody has it any more").isInstanceOf(UnknownMemberIdException.class)
                .hasMessage("Instance id i is unknown.");
    }

    @Test
    void aStaticMemberThatDoesNotComeBackIsRemovedAfterItsSession() {
        TestMember a = member("a").instance("i");
        TestMember b = member("b");
        a.join();
        a.apply();
        b.join();
        TestMember.settle(List.of(a, b), 10);
        shard.beat(a.request().setMemberEpoch(-2));
        shard.advance(44_000);
        b.beat();
        assertThat(shard.group("g").members()).containsOnlyKeys("a", "b");
        shard.advance(2_000);
        assertThat(shard.group("g").members()).containsOnlyKeys("b");
        TestMember.settle(List.of(b), 5);
        assertThat(b.count()).isEqualTo(4);
    }

    @Test
    void aSilentMemberIsRemovedAndTheGroupsOwnTimeoutWins() {
        shard.groupConfigs(Map.of("g", Map.of("consumer.session.timeout.ms", "50000", "consumer.heartbeat.interval.ms", "7000")));
        TestMember a = member("a");
        TestMember b = member("b");
        assertThat(a.join().heartbeatIntervalMs()).isEqualTo(7_000);
        a.apply();
        b.join();
        shard.advance(46_000);
        a.beat();
        assertThat(shard.group("g").members()).containsOnlyKeys("a", "b");
        shard.advance(4_000);
        assertThat(shard.group("g").members()).containsOnlyKeys("a");
        assertThatThrownBy(b::beat).isInstanceOf(UnknownMemberIdException.class);
    }

    @Test
    void theLastMemberLeavesAnEmptyGroupThatCanBeDeleted() {
        TestMember m = member("m");
        m.join();
        m.leave();
        ConsumerGroup group = shard.group("g");
        assertThat(group.state()).isEqualTo("Empty");
        assertThat(group.epoch()).isEqualTo(2);
        group.validateDeleteGroup();
        shard.run(org.milena.broker.coordinator.Result.of(null, ConsumerRecords.tombstones(group)));
        assertThat(shard.groups.get("g")).isNull();
        shard.restart();
        assertThat(shard.groups.get("g")).isNull();
    }
}
