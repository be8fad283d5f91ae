package org.milena.tests.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;

/** The classic group protocol where clones go wrong: two connections, each a member. */
@ExtendWith(BrokerUnderTest.class)
class GroupBugsTest {
    private static final int JOIN = 9;
    private static final int SYNC = 5;
    private final String group = Cluster.name("group");
    private RawClient one;
    private RawClient two;

    @BeforeEach
    void connect() {
        one = new RawClient(BrokerUnderTest.bootstrap());
        two = new RawClient(BrokerUnderTest.bootstrap());
        Requests.awaitCoordinator(one, group);
    }

    @AfterEach
    void close() {
        one.close();
        two.close();
    }

    private String memberId(RawClient client) {
        JoinGroupResponseData answer = client.send(Requests.join(group, ""), JOIN);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.MEMBER_ID_REQUIRED);
        assertThat(answer.memberId()).startsWith(RawClient.CLIENT_ID + "-");
        return answer.memberId();
    }

    private Errors heartbeat(RawClient client, String member, int generation) {
        HeartbeatResponseData answer = client.send(new HeartbeatRequestData().setGroupId(group).setMemberId(member).setGenerationId(generation), 4);
        return Errors.forCode(answer.errorCode());
    }

    private Errors commit(RawClient client, String member, int generation, String topic) {
        OffsetCommitResponseData answer = client.send(new OffsetCommitRequestData().setGroupId(group).setMemberId(member)
            .setGenerationIdOrMemberEpoch(generation).setTopics(List.of(new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(topic)
                .setPartitions(List.of(new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(1))))), 8);
        return Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode());
    }

    private SyncGroupRequestData leaderSync(JoinGroupResponseData joined) {
        return Requests.sync(group, joined.memberId(), joined.generationId()).setAssignments(joined.members().stream()
            .map(member -> new SyncGroupRequestData.SyncGroupRequestAssignment().setMemberId(member.memberId())
                .setAssignment(member.memberId().getBytes())).toList());
    }

    private JoinGroupResponseData alone(RawClient client, String member) {
        JoinGroupResponseData joined = client.send(Requests.join(group, member), JOIN);
        assertThat(joined.errorCode()).isZero();
        assertThat(joined.leader()).isEqualTo(member);
        SyncGroupResponseData synced = client.send(leaderSync(joined), SYNC);
        assertThat(synced.assignment()).asString().isEqualTo(member);
        return joined;
    }

    @Test
    void aJoinWithoutIdIsToldItsIdAndOldVersionsAreTakenInAtOnce() {
        memberId(one);
        String old = Cluster.name("old");
        Requests.awaitCoordinator(one, old);
        JoinGroupResponseData answer = one.send(Requests.join(old, ""), 2);
        assertThat(answer.errorCode()).isZero();
        assertThat(answer.memberId()).isNotEmpty().isEqualTo(answer.leader());
    }

    @Test
    void duringARebalanceAMemberHearsOfItInsteadOfBeingUnknown() {
        String first = memberId(one);
        JoinGroupResponseData joined = alone(one, first);
        String second = memberId(two);
        JoinGroupRequestData join = Requests.join(group, second);
        two.write(RawClient.frame(join, JOIN, 77)); // is answered when the first one joins again
        long end = System.nanoTime() + 10_000_000_000L;
        Errors error = Errors.NONE;
        while (error == Errors.NONE && System.nanoTime() < end) error = heartbeat(one, first, joined.generationId());
        assertThat(error).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        JoinGroupResponseData rejoined = one.send(Requests.join(group, first), JOIN);
        JoinGroupResponseData other = (JoinGroupResponseData) two.read(join, JOIN, 77);
        assertThat(rejoined.errorCode()).isZero();
        assertThat(other.errorCode()).isZero();
        assertThat(rejoined.generationId()).isEqualTo(joined.generationId() + 1).isEqualTo(other.generationId());
        assertThat(rejoined.leader()).isEqualTo(first).isEqualTo(other.leader());
        assertThat(rejoined.members()).extracting(JoinGroupResponseData.JoinGroupResponseMember::memberId).containsExactlyInAnyOrder(first, second);
        assertThat(other.members()).as("only the leader learns who is in the group").isEmpty();
        SyncGroupRequestData sync = Requests.sync(group, second, other.generationId());
        two.write(RawClient.frame(sync, SYNC, 78)); // waits for the leader's
        SyncGroupResponseData leaders = one.send(leaderSync(rejoined), SYNC);
        assertThat(leaders.assignment()).asString().isEqualTo(first);
        assertThat(((SyncGroupResponseData) two.read(sync, SYNC, 78)).assignment()).asString().isEqualTo(second);
        assertThat(heartbeat(one, first, rejoined.generationId())).isEqualTo(Errors.NONE);
        assertThat(heartbeat(two, second, rejoined.generationId())).isEqualTo(Errors.NONE);
    }

    @Test
    void aZombiesCommitIsFenced() {
        String topic = Cluster.topic("zombie", 1);
        JoinGroupResponseData joined = alone(one, memberId(one));
        assertThat(commit(two, joined.memberId(), joined.generationId(), topic)).isEqualTo(Errors.NONE);
        assertThat(commit(two, joined.memberId(), joined.generationId() - 1, topic)).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(commit(two, "somebody", joined.generationId(), topic)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(commit(two, "", -1, topic)).as("a simple consumer's, while the group has members").isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(heartbeat(two, joined.memberId(), joined.generationId() + 1)).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(heartbeat(two, "somebody", joined.generationId())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aStaticMemberThatComesBackFencesItsOldSelfAndKeepsItsAssignment() {
        JoinGroupResponseData joined = one.send(Requests.join(group, "").setGroupInstanceId("host-1"), JOIN);
        assertThat(joined.errorCode()).as("a static member needs no second join").isZero();
        SyncGroupResponseData synced = one.send(leaderSync(joined).setGroupInstanceId("host-1"), SYNC);
        JoinGroupResponseData again = two.send(Requests.join(group, "").setGroupInstanceId("host-1"), JOIN);
        assertThat(again.errorCode()).isZero();
        assertThat(again.generationId()).isEqualTo(joined.generationId());
        assertThat(again.memberId()).isNotEqualTo(joined.memberId());
        SyncGroupResponseData kept = two.send(Requests.sync(group, again.memberId(), again.generationId()).setGroupInstanceId("host-1"), SYNC);
        assertThat(kept.assignment()).isEqualTo(synced.assignment());
        HeartbeatResponseData old = one.send(new HeartbeatRequestData().setGroupId(group).setMemberId(joined.memberId())
            .setGenerationId(joined.generationId()).setGroupInstanceId("host-1"), 4);
        assertThat(Errors.forCode(old.errorCode())).isEqualTo(Errors.FENCED_INSTANCE_ID);
    }

    @Test
    void aJoinWithNothingInCommonIsRefused() {
        alone(one, memberId(one));
        JoinGroupRequestData.JoinGroupRequestProtocolCollection other = new JoinGroupRequestData.JoinGroupRequestProtocolCollection();
        other.add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("unheard-of").setMetadata(new byte[0]));
        JoinGroupResponseData answer = two.send(Requests.join(group, "").setProtocols(other), JOIN);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
        JoinGroupResponseData timeout = two.send(Requests.join(group, "").setSessionTimeoutMs(1), JOIN);
        assertThat(Errors.forCode(timeout.errorCode())).isEqualTo(Errors.INVALID_SESSION_TIMEOUT);
        JoinGroupResponseData nameless = two.send(Requests.join("", ""), JOIN);
        assertThat(Errors.forCode(nameless.errorCode())).isEqualTo(Errors.INVALID_GROUP_ID);
    }

    @Test
    void afterTheLastOneLeftTheGroupIsEmptyAndTakesSimpleCommits() {
        String topic = Cluster.topic("left", 1);
        JoinGroupResponseData joined = alone(one, memberId(one));
        one.send(new LeaveGroupRequestData().setGroupId(group).setMembers(List.of(
            new LeaveGroupRequestData.MemberIdentity().setMemberId(joined.memberId()))), 5);
        assertThat(heartbeat(one, joined.memberId(), joined.generationId())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(commit(two, "", -1, topic)).isEqualTo(Errors.NONE);
    }
}
