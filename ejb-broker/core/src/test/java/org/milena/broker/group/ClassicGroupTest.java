package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.group.GroupFixture.INITIAL_DELAY_MS;
import static org.milena.broker.group.GroupFixture.REBALANCE_MS;
import static org.milena.broker.group.GroupFixture.SESSION_MS;
import static org.milena.broker.group.GroupFixture.joinRequest;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

/** Dynamic members of the classic protocol. */
class ClassicGroupTest {

    private final GroupFixture f = new GroupFixture();

    private static Errors error(int code) {
        return Errors.forCode((short) code);
    }

    @Test
    void aNewMemberIsSentBackWithItsId() {
        var answer = f.world.get(f.join(""));
        assertThat(error(answer.errorCode())).isEqualTo(Errors.MEMBER_ID_REQUIRED);
        assertThat(answer.memberId()).isEqualTo("client-id0");
    }

    @Test
    void beforeVersion4TheMemberIsInAtOnce() {
        var answer = f.join(3, joinRequest("", null));
        f.world.advance(INITIAL_DELAY_MS);
        assertThat(f.world.get(answer).generationId()).isEqualTo(1);
    }

    @Test
    void theFirstRebalanceWaitsAndEachNewcomerPutsItOff() {
        String a = f.newMemberId();
        var joinA = f.join(a);
        f.world.advance(INITIAL_DELAY_MS - 1);
        assertThat(joinA).isNotDone();
        String b = f.newMemberId();
        var joinB = f.join(b);
        f.world.advance(1);
        assertThat(joinA).as("one more delay for the one that came").isNotDone();
        f.world.advance(INITIAL_DELAY_MS);
        assertThat(f.world.get(joinA).members()).extracting(m -> m.memberId()).containsExactlyInAnyOrder(a, b);
        assertThat(f.world.get(joinB).members()).as("only the leader sees all").isEmpty();
        assertThat(f.world.get(joinB).leader()).isEqualTo(a);
        assertThat(f.world.get(joinB).protocolType()).isEqualTo("consumer");
        assertThat(f.world.get(joinB).protocolName()).isEqualTo("range");
        assertThat(f.state()).isEqualTo("CompletingRebalance");
    }

    @Test
    void everybodyGetsItsAssignmentWhenTheLeadersIsCommitted() {
        String a = f.newMemberId();
        String b = f.newMemberId();
        f.join(a);
        f.join(b);
        f.world.advance(2 * INITIAL_DELAY_MS);
        var syncB = f.sync(b, 1, Map.of());
        assertThat(syncB).isNotDone();
        f.log.stall();
        var syncA = f.sync(a, 1, Map.of(a, "for a", b, "for b"));
        assertThat(syncA).as("not before the commit").isNotDone();
        f.log.resume();
        assertThat(new String(f.world.get(syncA).assignment())).isEqualTo("for a");
        assertThat(new String(f.world.get(syncB).assignment())).isEqualTo("for b");
        assertThat(f.state()).isEqualTo("Stable");
        assertThat(new String(f.world.get(f.sync(b, 1, Map.of())).assignment())).as("asked again").isEqualTo("for b");
    }

    @Test
    void aLeaderThatSyncsTwiceDoesNotChangeTheAssignmentUnderWay() {
        String a = f.newMemberId();
        f.join(a);
        f.world.advance(2 * INITIAL_DELAY_MS);
        f.log.stall();
        var first = f.sync(a, 1, Map.of(a, "one"));
        var second = f.sync(a, 1, Map.of(a, "two"));
        f.log.resume();
        assertThat(error(f.world.get(first).errorCode())).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        assertThat(new String(f.world.get(second).assignment())).isEqualTo("one");
        f.restart();
        assertThat(new String(f.world.get(f.sync(a, 1, Map.of())).assignment())).isEqualTo("one");
    }

    @Test
    void errorsOfSync() {
        List<String> ids = f.stable(1);
        assertThat(error(f.world.get(f.sync("nobody", 1, Map.of())).errorCode())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(error(f.world.get(f.sync(ids.get(0), 0, Map.of())).errorCode())).isEqualTo(Errors.ILLEGAL_GENERATION);
        var other = new SyncGroupRequestData().setGroupId("g").setMemberId(ids.get(0)).setGenerationId(1).setProtocolType("connect").setProtocolName("range");
        assertThat(error(f.world.get(f.coordinator.syncGroup(GroupFixture.version(5), other)).errorCode())).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
        other.setProtocolType("consumer").setProtocolName("sticky");
        assertThat(error(f.world.get(f.coordinator.syncGroup(GroupFixture.version(5), other)).errorCode())).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
        f.join(f.newMemberId());
        assertThat(error(f.world.get(f.sync(ids.get(0), 1, Map.of())).errorCode())).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
    }

    @Test
    void errorsOfHeartbeat() {
        assertThat(f.heartbeat("nobody", 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        List<String> ids = f.stable(2);
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
        assertThat(f.heartbeat(ids.get(0), 2)).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(f.heartbeat("nobody", 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        f.join(ids.get(0));
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
    }

    @Test
    void errorsOfJoin() {
        f.stable(1);
        assertThat(error(f.world.get(f.join("made-up")).errorCode())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(error(f.world.get(f.join(9, joinRequest("", null, "roundrobin"))).errorCode())).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
        assertThat(error(f.world.get(f.join(9, joinRequest("", null).setProtocolType("connect"))).errorCode())).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
        assertThat(error(f.world.get(f.join(9, joinRequest("", null).setSessionTimeoutMs(5_999))).errorCode())).isEqualTo(Errors.INVALID_SESSION_TIMEOUT);
        assertThat(error(f.world.get(f.join(9, joinRequest("", null).setSessionTimeoutMs(1_800_001))).errorCode())).isEqualTo(Errors.INVALID_SESSION_TIMEOUT);
        assertThat(error(f.world.get(f.join(9, joinRequest("", null).setGroupId(""))).errorCode())).isEqualTo(Errors.INVALID_GROUP_ID);
        assertThat(error(f.world.get(f.join(9, joinRequest("", null).setGroupId("new").setProtocols(
                new JoinGroupRequestData.JoinGroupRequestProtocolCollection()))).errorCode())).isEqualTo(Errors.INCONSISTENT_GROUP_PROTOCOL);
        assertThat(error(f.world.get(f.join(9, joinRequest("made-up", null).setGroupId("new"))).errorCode())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aFullGroupTakesNobodyIn() {
        GroupFixture small = new GroupFixture(Map.of("group.max.size", 2));
        List<String> ids = small.stable(2);
        var answer = small.world.get(small.join(""));
        assertThat(error(answer.errorCode())).isEqualTo(Errors.GROUP_MAX_SIZE_REACHED);
        assertThat(answer.memberId()).isEmpty();
        assertThat(small.heartbeat(ids.get(1), 1)).isEqualTo(Errors.NONE);
    }

    @Test
    void theProtocolMostMembersPreferOfThoseAllKnowIsChosen() {
        var a = f.join(3, joinRequest("", null, "sticky", "range", "x"));
        f.join(3, joinRequest("", null, "range", "sticky"));
        f.join(3, joinRequest("", null, "y", "range", "sticky"));
        f.world.advance(2 * INITIAL_DELAY_MS);
        assertThat(f.world.get(a).protocolName()).isEqualTo("range");
    }

    @Test
    void whoDoesNotRejoinInTimeIsOut() {
        List<String> ids = f.stable(2);
        var rejoin = f.join(ids.get(0));
        for (int waited = 0; waited < REBALANCE_MS; waited += 5_000) {
            assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
            assertThat(rejoin).isNotDone();
            f.world.advance(5_000);
        }
        assertThat(f.world.get(rejoin).generationId()).isEqualTo(2);
        assertThat(f.world.get(rejoin).members()).hasSize(1);
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void aSilentMemberIsRemovedAfterItsSession() {
        List<String> ids = f.stable(2);
        f.world.advance(SESSION_MS - 1);
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
        f.world.advance(1);
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        var rejoin = f.join(ids.get(0));
        assertThat(f.world.get(rejoin).members()).hasSize(1);
    }

    @Test
    void theLastMembersEndLeavesAnEmptyGroupThatSurvivesRestart() {
        f.stable(1);
        f.world.advance(SESSION_MS);
        assertThat(f.state()).isEqualTo("Empty");
        f.restart();
        assertThat(f.state()).isEqualTo("Empty");
        var join = f.join(3, joinRequest("", null));
        f.world.advance(2 * INITIAL_DELAY_MS);
        assertThat(f.world.get(join).generationId()).as("generations go on: 1 and the empty 2 are used up").isEqualTo(3);
    }

    @Test
    void aMemberThatNeverSyncsIsRemoved() {
        String a = f.newMemberId();
        String b = f.newMemberId();
        f.join(a);
        f.join(b);
        f.world.advance(2 * INITIAL_DELAY_MS);
        f.sync(a, 1, Map.of(a, "x"));
        for (int waited = 0; waited < REBALANCE_MS; waited += 5_000) {
            f.heartbeat(a, 1);
            assertThat(f.heartbeat(b, 1)).isIn(Errors.NONE, Errors.REBALANCE_IN_PROGRESS);
            f.world.advance(5_000);
        }
        assertThat(f.heartbeat(b, 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(f.heartbeat(a, 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
    }

    @Test
    void anIdThatDoesNotComeBackIsForgotten() {
        String a = f.newMemberId();
        f.world.advance(SESSION_MS);
        assertThat(error(f.world.get(f.join(a)).errorCode())).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
    }

    @Test
    void leavingStartsARebalanceAtOnce() {
        List<String> ids = f.stable(3);
        var answer = f.leave(new MemberIdentity().setMemberId(ids.get(1)), new MemberIdentity().setMemberId("nobody"));
        assertThat(answer.members()).extracting(m -> error(m.errorCode())).containsExactly(Errors.NONE, Errors.UNKNOWN_MEMBER_ID);
        assertThat(f.heartbeat(ids.get(0), 1)).isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        var a = f.join(ids.get(0));
        assertThat(a).isNotDone();
        var c = f.join(ids.get(2));
        assertThat(f.world.get(a).generationId()).as("all are there: no need to wait").isEqualTo(2);
        assertThat(f.world.get(c).generationId()).isEqualTo(2);
    }

    @Test
    void aFollowerThatRejoinsUnchangedCausesNoRebalanceTheLeaderDoes() {
        List<String> ids = f.stable(2);
        var follower = f.world.get(f.join(ids.get(1)));
        assertThat(follower.generationId()).isEqualTo(1);
        assertThat(f.state()).isEqualTo("Stable");
        f.join(ids.get(0));
        assertThat(f.state()).isEqualTo("PreparingRebalance");
    }

    @Test
    void membersGoOnAfterARestartWithoutARebalance() {
        List<String> ids = f.stable(2);
        f.world.advance(SESSION_MS - 1);
        f.restart();
        assertThat(f.state()).isEqualTo("Stable");
        f.world.advance(SESSION_MS - 1);
        assertThat(f.heartbeat(ids.get(0), 1)).as("a whole session to show up").isEqualTo(Errors.NONE);
        assertThat(f.heartbeat(ids.get(1), 1)).isEqualTo(Errors.NONE);
        assertThat(new String(f.world.get(f.sync(ids.get(1), 1, Map.of())).assignment())).isEqualTo(ids.get(1));
        assertThat(f.world.get(f.coordinator.describeGroups(GroupFixture.version(5), List.of("g"))).get(0).members())
                .extracting(m -> m.memberId() + " " + m.clientHost()).containsExactlyInAnyOrder(ids.get(0) + " /127.0.0.1", ids.get(1) + " /127.0.0.1");
    }

    @Test
    void anAssignmentThatIsTooLargeFailsTheSyncAndTheGroupTriesAgain() {
        String a = f.newMemberId();
        f.join(a);
        f.world.advance(2 * INITIAL_DELAY_MS);
        f.log.maxBatchBytes = 500;
        var sync = f.sync(a, 1, Map.of(a, "x".repeat(1_000)));
        assertThat(error(f.world.get(sync).errorCode())).isEqualTo(Errors.UNKNOWN_SERVER_ERROR);
        assertThat(f.state()).isEqualTo("PreparingRebalance");
        assertThat(f.world.get(f.join(a)).generationId()).isEqualTo(2);
    }
}
