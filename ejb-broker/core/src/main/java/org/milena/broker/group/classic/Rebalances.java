package org.milena.broker.group.classic;

import static org.milena.broker.group.classic.ClassicGroupState.COMPLETING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.DEAD;
import static org.milena.broker.group.classic.ClassicGroupState.EMPTY;
import static org.milena.broker.group.classic.ClassicGroupState.PREPARING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.STABLE;

import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.JoinGroupResponseData.JoinGroupResponseMember;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.Group;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.coordinator.Result;

/**
 * How classic groups get from one generation to the next, and the timers that drive it: the members' sessions, the join phase,
 * the sync phase. Each method that may end in an empty generation returns the record of it.
 */
final class Rebalances {

    private static final System.Logger LOG = System.getLogger(Rebalances.class.getName());
    private static final Result<Void> NOTHING = Result.of(null);

    private final ShardContext context;

    Rebalances(ShardContext context) {
        this.context = context;
    }

    // ---- the join phase

    /** Starts a rebalance where the state allows one, else ends the join phase if everybody is there. */
    Result<Void> prepareOrComplete(ClassicGroup group, String reason) {
        return group.canRebalance() ? prepare(group, reason) : completeIfAllJoined(group);
    }

    Result<Void> prepare(ClassicGroup group, String reason) {
        if (group.is(COMPLETING_REBALANCE)) {
            failSync(group, Errors.REBALANCE_IN_PROGRESS);
        }
        context.timer().cancel(syncKey(group));
        LOG.log(Level.INFO, "Group {0} rebalances from state {1}, generation {2}: {3}", group.groupId(), group.state(),
                group.generationId(), reason);
        group.prepareRebalance(now());
        if (group.isInitialRebalance()) {
            int delayMs = context.config().get().classic().initialRebalanceDelayMs();
            awaitMoreMembers(group, delayMs, Math.max(group.rebalanceTimeoutMs() - delayMs, 0));
            return NOTHING;
        }
        if (group.allMembersJoined()) {
            return completeJoin(group);
        }
        awaitJoins(group);
        return NOTHING;
    }

    Result<Void> completeIfAllJoined(ClassicGroup group) {
        if (!group.is(PREPARING_REBALANCE) || group.isInitialRebalance() || !group.allMembersJoined()) {
            return NOTHING;
        }
        return completeJoin(group);
    }

    private void awaitMoreMembers(ClassicGroup group, int delayMs, int remainingMs) {
        context.timer().schedule(joinKey(group), delayMs, () -> timed(group, g -> {
            if (!g.newMemberAdded() || remainingMs == 0) {
                return completeJoin(g);
            }
            g.setNewMemberAdded(false);
            int next = Math.min(context.config().get().classic().initialRebalanceDelayMs(), remainingMs);
            awaitMoreMembers(g, next, Math.max(remainingMs - delayMs, 0));
            return NOTHING;
        }));
    }

    private void awaitJoins(ClassicGroup group) {
        context.timer().schedule(joinKey(group), group.rebalanceTimeoutMs(), () -> timed(group, this::completeJoin));
    }

    /** Whoever has not joined by now is out, static members apart: those end with their session. */
    private Result<Void> completeJoin(ClassicGroup group) {
        if (!group.is(PREPARING_REBALANCE)) {
            return NOTHING;
        }
        context.timer().cancel(joinKey(group));
        for (ClassicMember member : List.copyOf(group.members())) {
            if (member.awaitingJoin() == null && !member.isStatic()) {
                LOG.log(Level.INFO, "Group {0} drops member {1}, which did not rejoin in time", group.groupId(), member.memberId());
                group.removeMember(member);
                context.timer().cancel(sessionKey(group, member.memberId()));
            }
        }
        if (!group.members().isEmpty() && !group.electJoinedLeader()) {
            awaitJoins(group);
            return NOTHING;
        }
        group.nextGeneration(now());
        if (group.is(EMPTY)) {
            LOG.log(Level.INFO, "Group {0} is empty with generation {1}", group.groupId(), group.generationId());
            return Result.of(null, List.of(record(group, Map.of())));
        }
        LOG.log(Level.INFO, "Group {0} has generation {1} with {2} members", group.groupId(), group.generationId(), group.memberCount());
        for (ClassicMember member : List.copyOf(group.members())) {
            group.pendingSync().add(member.memberId());
            watchSession(group, member);
            member.setNew(false);
            answerJoin(member, joinResponse(group, member));
        }
        int generation = group.generationId();
        context.timer().schedule(syncKey(group), group.rebalanceTimeoutMs(), () -> timed(group, g -> syncExpired(g, generation)));
        return NOTHING;
    }

    static JoinGroupResponseData joinResponse(ClassicGroup group, ClassicMember member) {
        return new JoinGroupResponseData().setMemberId(member.memberId()).setGenerationId(group.generationId())
                .setProtocolType(group.protocolType()).setProtocolName(group.protocolName()).setLeader(group.leaderId())
                .setMembers(group.isLeader(member.memberId()) ? memberList(group) : List.of());
    }

    static List<JoinGroupResponseMember> memberList(ClassicGroup group) {
        return group.members().stream().map(m -> new JoinGroupResponseMember().setMemberId(m.memberId())
                .setGroupInstanceId(m.groupInstanceId()).setMetadata(m.metadata(group.protocolName()).array())).toList();
    }

    static void answerJoin(ClassicMember member, JoinGroupResponseData response) {
        var future = member.awaitingJoin();
        member.setAwaitingJoin(null);
        if (future != null) {
            future.complete(response);
        }
    }

    static GroupRecord record(ClassicGroup group, Map<String, Bytes> assignments) {
        return new GroupRecord(new GroupKey.GroupMetadata(group.groupId()), group.toValue(assignments));
    }

    // ---- the sync phase

    /** The assignment is committed: everybody gets its part. */
    void completeSync(ClassicGroup group, Map<String, Bytes> assignments) {
        group.transitionTo(STABLE, now());
        for (ClassicMember member : group.members()) {
            member.setAssignment(assignments.getOrDefault(member.memberId(), Bytes.EMPTY));
            if (member.awaitingSync() != null) {
                watchSession(group, member);
                answerSync(member, syncResponse(group, member));
            }
        }
    }

    static SyncGroupResponseData syncResponse(ClassicGroup group, ClassicMember member) {
        return new SyncGroupResponseData().setProtocolType(group.protocolType()).setProtocolName(group.protocolName())
                .setAssignment(member.assignment().array());
    }

    void failSync(ClassicGroup group, Errors error) {
        for (ClassicMember member : group.members()) {
            member.setAssignment(Bytes.EMPTY);
            if (member.awaitingSync() != null) {
                watchSession(group, member);
                answerSync(member, new SyncGroupResponseData().setErrorCode(error.code()));
            }
        }
    }

    static void answerSync(ClassicMember member, SyncGroupResponseData response) {
        var future = member.awaitingSync();
        member.setAwaitingSync(null);
        if (future != null) {
            future.complete(response);
        }
    }

    private Result<Void> syncExpired(ClassicGroup group, int generation) {
        if (generation != group.generationId() || !(group.is(COMPLETING_REBALANCE) || group.is(STABLE)) || group.pendingSync().isEmpty()) {
            return NOTHING;
        }
        List<String> silent = List.copyOf(group.pendingSync());
        for (String memberId : silent) {
            ClassicMember member = group.member(memberId);
            if (member != null) {
                group.removeMember(member);
                context.timer().cancel(sessionKey(group, memberId));
            }
        }
        return prepare(group, "members " + silent + " did not send their SyncGroup in time");
    }

    void synced(ClassicGroup group, String memberId) {
        group.pendingSync().remove(memberId);
        if (group.pendingSync().isEmpty()) {
            context.timer().cancel(syncKey(group));
        }
    }

    // ---- sessions

    void watchSession(ClassicGroup group, ClassicMember member) {
        watchSession(group, member.memberId(), member.sessionTimeoutMs());
    }

    /** A new member can't send heartbeats while it waits for its first generation; it gets this long for it. */
    void watchNewMember(ClassicGroup group, ClassicMember member) {
        watchSession(group, member.memberId(), GroupConfig.Classic.NEW_MEMBER_JOIN_TIMEOUT_MS);
    }

    void watchSession(ClassicGroup group, String memberId, int timeoutMs) {
        context.timer().schedule(sessionKey(group, memberId), timeoutMs, () -> timed(group, g -> sessionExpired(g, memberId)));
    }

    void endSession(ClassicGroup group, String memberId) {
        context.timer().cancel(sessionKey(group, memberId));
    }

    private Result<Void> sessionExpired(ClassicGroup group, String memberId) {
        if (group.pendingJoin().remove(memberId)) {
            return completeIfPreparedAndJoined(group);
        }
        ClassicMember member = group.member(memberId);
        if (member == null || (!member.isNew() && member.isAwaiting())) {
            return NOTHING;
        }
        LOG.log(Level.INFO, "Group {0} removes member {1}: its session timed out", group.groupId(), memberId);
        return remove(group, member, "member " + memberId + " timed out");
    }

    /** Removes a member; its join, if it waits for one, must be made again. */
    Result<Void> remove(ClassicGroup group, ClassicMember member, String reason) {
        forget(group, member);
        if (group.is(STABLE) || group.is(COMPLETING_REBALANCE)) {
            return prepareOrComplete(group, reason);
        }
        return completeIfPreparedAndJoined(group);
    }

    void forget(ClassicGroup group, ClassicMember member) {
        group.removeMember(member);
        endSession(group, member.memberId());
        answerJoin(member, new JoinGroupResponseData().setErrorCode(Errors.UNKNOWN_MEMBER_ID.code()).setProtocolName(null));
        answerSync(member, new SyncGroupResponseData().setErrorCode(Errors.UNKNOWN_MEMBER_ID.code()));
    }

    private Result<Void> completeIfPreparedAndJoined(ClassicGroup group) {
        return group.is(PREPARING_REBALANCE) && group.allMembersJoined() ? completeJoin(group) : NOTHING;
    }

    /** Ends all timers of a group and answers whoever waits in it. */
    void dissolve(ClassicGroup group, Errors error) {
        context.timer().cancel(joinKey(group));
        context.timer().cancel(syncKey(group));
        for (ClassicMember member : List.copyOf(group.members())) {
            endSession(group, member.memberId());
            answerJoin(member, new JoinGroupResponseData().setMemberId(member.memberId()).setProtocolName(null).setErrorCode(error.code()));
            answerSync(member, new SyncGroupResponseData().setErrorCode(error.code()));
        }
        group.pendingJoin().forEach(memberId -> endSession(group, memberId));
        group.transitionTo(DEAD, now());
    }

    /** A timer means the group it was set for; one that has taken its name meanwhile is none of its business. */
    private Result<Void> timed(ClassicGroup group, Function<ClassicGroup, Result<Void>> action) {
        Group current = context.groups().get(group.groupId());
        return current == group && !group.is(DEAD) ? action.apply(group) : NOTHING;
    }

    private long now() {
        return context.clock().millis();
    }

    private static String sessionKey(ClassicGroup group, String memberId) {
        return "session\0" + group.groupId() + '\0' + memberId;
    }

    private static String joinKey(ClassicGroup group) {
        return "join\0" + group.groupId();
    }

    private static String syncKey(ClassicGroup group) {
        return "sync\0" + group.groupId();
    }
}
