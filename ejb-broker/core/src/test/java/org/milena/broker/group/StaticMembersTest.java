package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.group.GroupFixture.INITIAL_DELAY_MS;
import static org.milena.broker.group.GroupFixture.joinRequest;

import java.util.Map;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** KIP-345 and KIP-814: members with a group.instance.id. */
class StaticMembersTest {

    private final GroupFixture f = new GroupFixture();
    private String leader;
    private String follower;

    @BeforeEach
    void twoStaticMembers() {
        var a = f.join(9, joinRequest("", "A"));
        var b = f.join(9, joinRequest("", "B"));
        f.world.advance(2 * INITIAL_DELAY_MS);
        leader = f.world.get(a).memberId();
        follower = f.world.get(b).memberId();
        assertThat(f.world.get(a).leader()).isEqualTo(leader);
        f.sync(leader, 1, Map.of(leader, "for A", follower, "for B"));
        f.sync(follower, 1, Map.of());
    }

    private static Errors error(JoinGroupResponseData answer) {
        return Errors.forCode(answer.errorCode());
    }

    @Test
    void theIdNamesTheInstance() {
        assertThat(leader).startsWith("A-");
    }

    @Test
    void aRestartedFollowerGetsItsPlaceWithoutARebalance() {
        var again = f.world.get(f.join(9, joinRequest("", "B")));
        assertThat(error(again)).isEqualTo(Errors.NONE);
        assertThat(again.generationId()).isEqualTo(1);
        assertThat(again.memberId()).isNotEqualTo(follower);
        assertThat(again.skipAssignment()).isFalse();
        assertThat(f.state()).isEqualTo("Stable");
        assertThat(new String(f.world.get(f.sync(again.memberId(), 1, Map.of())).assignment())).isEqualTo("for B");
    }

    @Test
    void aRestartedLeaderIsToldToSkipTheAssignment() {
        var again = f.world.get(f.join(9, joinRequest("", "A")));
        assertThat(again.leader()).isEqualTo(again.memberId());
        assertThat(again.skipAssignment()).isTrue();
        assertThat(again.members()).hasSize(2);
    }

    @Test
    void aRestartedLeaderThatCannotSkipIsNotToldThatItLeads() {
        var again = f.world.get(f.join(8, joinRequest("", "A")));
        assertThat(again.leader()).isEqualTo(leader).isNotEqualTo(again.memberId());
        assertThat(again.members()).isEmpty();
    }

    @Test
    void theOldProcessIsFencedEverywhere() {
        String replaced = f.world.get(f.join(9, joinRequest("", "B"))).memberId();
        assertThat(f.heartbeat(follower, "B", 1)).isEqualTo(Errors.FENCED_INSTANCE_ID);
        assertThat(f.commit(9, GroupFixture.commitRequest(follower, 1, "t", 0, 5).setGroupInstanceId("B"))).isEqualTo(Errors.FENCED_INSTANCE_ID);
        assertThat(f.commit(follower, 1, "t", 0, 5)).as("without its instance it is unknown").isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(error(f.world.get(f.join(9, joinRequest(follower, "B"))))).isEqualTo(Errors.FENCED_INSTANCE_ID);
        assertThat(f.leave(new MemberIdentity().setMemberId(follower).setGroupInstanceId("B")).members().get(0).errorCode())
                .isEqualTo(Errors.FENCED_INSTANCE_ID.code());
        assertThat(f.heartbeat(replaced, "B", 1)).isEqualTo(Errors.NONE);
        assertThat(f.commit(9, GroupFixture.commitRequest(replaced, 1, "t", 0, 5).setGroupInstanceId("B"))).isEqualTo(Errors.NONE);
    }

    @Test
    void theReplacementSurvivesARestartOfTheBroker() {
        String replaced = f.world.get(f.join(9, joinRequest("", "B"))).memberId();
        f.restart();
        assertThat(f.heartbeat(replaced, "B", 1)).isEqualTo(Errors.NONE);
        assertThat(f.heartbeat(follower, "B", 1)).isEqualTo(Errors.FENCED_INSTANCE_ID);
    }

    @Test
    void aReplacementThatCannotBeWrittenIsTakenBack() {
        f.log.setFate(SimLog.Fate.FAIL);
        var again = f.join(9, joinRequest("", "B"));
        assertThat(error(f.world.get(again))).isEqualTo(Errors.NOT_COORDINATOR);
        f.log.setFate(SimLog.Fate.COMMIT);
        f.world.advance(1_000);
        assertThat(f.heartbeat(follower, "B", 1)).isEqualTo(Errors.NONE);
    }

    @Test
    void aReplacementThatChangesTheProtocolRebalances() {
        f.join(9, joinRequest("", "B", "sticky", "range"));
        assertThat(f.state()).as("range is still what all know").isEqualTo("Stable");
        var request = joinRequest("", "A", "sticky", "range");
        f.join(9, request);
        assertThat(f.state()).isEqualTo("PreparingRebalance");
    }

    @Test
    void aWaitingProcessIsFencedWhenItsSuccessorArrives() {
        f.join(9, joinRequest(leader, "A"));
        var waiting = f.join(9, joinRequest("", "C"));
        var successor = f.join(9, joinRequest("", "C"));
        assertThat(error(f.world.get(waiting))).isEqualTo(Errors.FENCED_INSTANCE_ID);
        assertThat(successor).isNotDone();
    }

    @Test
    void anAdministratorRemovesAMemberByItsInstance() {
        var answer = f.leave(new MemberIdentity().setGroupInstanceId("B"), new MemberIdentity().setGroupInstanceId("nobody"));
        assertThat(answer.members()).extracting(m -> m.groupInstanceId() + " " + Errors.forCode(m.errorCode()))
                .containsExactly("B NONE", "nobody UNKNOWN_MEMBER_ID");
        assertThat(f.heartbeat(follower, "B", 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aStaticMemberOutlivesTheJoinPhaseButNotItsSession() {
        var rejoin = f.join(9, joinRequest(leader, "A").setRebalanceTimeoutMs(1_000));
        f.heartbeat(follower, "B", 1);
        f.world.advance(GroupFixture.SESSION_MS);
        assertThat(f.heartbeat(follower, "B", 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(f.world.get(rejoin).generationId()).isEqualTo(2);
        assertThat(f.world.get(rejoin).members()).hasSize(1);
    }
}
