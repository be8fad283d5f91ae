package org.milena.broker.group.classic;

import static org.milena.broker.group.classic.ClassicGroupState.COMPLETING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.EMPTY;
import static org.milena.broker.group.classic.ClassicGroupState.PREPARING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.STABLE;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;
import org.milena.broker.coordinator.Result;

/** JoinGroup. Refuses by throwing; an accepted member's answer comes with the next generation, or at once where nothing changes. */
final class Joins {

    private static final Result<Void> NOTHING = Result.of(null);

    /** One request on its way. */
    private record Join(RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer) {

        List<ClassicProtocol> protocols() {
            return request.protocols().stream().map(p -> new ClassicProtocol(p.name(), Bytes.wrap(p.metadata()))).toList();
        }

        String reason() {
            return request.reason() == null || request.reason().isEmpty() ? "" : " (client: " + request.reason() + ")";
        }
    }

    private final ShardContext context;
    private final Rebalances rebalances;
    private final Supplier<String> uniqueIds;

    Joins(ShardContext context, Rebalances rebalances, Supplier<String> uniqueIds) {
        this.context = context;
        this.rebalances = rebalances;
        this.uniqueIds = uniqueIds;
    }

    Result<Void> join(ClassicGroup group, RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer) {
        Join join = new Join(info, request, answer);
        String memberId = request.memberId();
        if (!hasRoom(group, memberId)) {
            ClassicMember member = group.member(memberId);
            if (member != null) {
                rebalances.forget(group, member);
            }
            group.pendingJoin().remove(memberId);
            throw Errors.GROUP_MAX_SIZE_REACHED.exception();
        }
        if (!group.supports(request.protocolType(), join.protocols().stream().map(ClassicProtocol::name).toList())) {
            throw Errors.INCONSISTENT_GROUP_PROTOCOL.exception();
        }
        return memberId.isEmpty() ? newMember(group, join) : knownMember(group, join);
    }

    /** While members gather, only those who wait count: so the last to rejoin are the ones who find no room. */
    private boolean hasRoom(ClassicGroup group, String memberId) {
        int max = context.config().get().classic().maxSize();
        ClassicMember member = group.member(memberId);
        if (group.is(EMPTY)) {
            return true;
        }
        if (group.is(PREPARING_REBALANCE)) {
            return (member != null && member.awaitingJoin() != null) || group.awaitingJoinCount() < max;
        }
        return member != null || group.memberCount() < max;
    }

    // ---- members without an id

    private Result<Void> newMember(ClassicGroup group, Join join) {
        String instanceId = join.request.groupInstanceId();
        if (instanceId != null) {
            String newId = instanceId + "-" + uniqueIds.get();
            String oldId = group.staticMemberId(instanceId);
            return oldId == null ? add(group, join, newId) : replaceStatic(group, join, group.member(oldId), newId);
        }
        String newId = join.info.clientId() + "-" + uniqueIds.get();
        if (join.info.apiVersion() >= 4) {
            // KIP-394: the id goes out before the member comes in, so that a client that gives up leaves no ghost.
            group.pendingJoin().add(newId);
            rebalances.watchSession(group, newId, join.request.sessionTimeoutMs());
            join.answer.complete(error(newId, Errors.MEMBER_ID_REQUIRED));
            return NOTHING;
        }
        return add(group, join, newId);
    }

    private Result<Void> add(ClassicGroup group, Join join, String memberId) {
        JoinGroupRequestData request = join.request;
        ClassicMember member = new ClassicMember(memberId, request.groupInstanceId(), join.info.clientId(), join.info.clientHost(),
                request.rebalanceTimeoutMs(), request.sessionTimeoutMs(), join.protocols());
        member.setNew(true);
        member.setAwaitingJoin(join.answer);
        if (group.is(PREPARING_REBALANCE) && group.isInitialRebalance()) {
            group.setNewMemberAdded(true);
        }
        if (group.members().isEmpty()) {
            group.setProtocolType(request.protocolType());
        }
        group.addMember(member);
        if (group.leaderId() == null) {
            group.setLeader(memberId);
        }
        rebalances.watchNewMember(group, member);
        return rebalances.prepareOrComplete(group, "member " + memberId + " joins" + join.reason());
    }

    /** KIP-345: the same instance started again. If nothing else changes it gets the old one's place without a rebalance. */
    private Result<Void> replaceStatic(ClassicGroup group, Join join, ClassicMember old, String newId) {
        String oldLeader = group.leaderId();
        Rebalances.answerJoin(old, error(old.memberId(), Errors.FENCED_INSTANCE_ID));
        Rebalances.answerSync(old, new SyncGroupResponseData().setErrorCode(Errors.FENCED_INSTANCE_ID.code()));
        rebalances.endSession(group, old.memberId());
        ClassicMember member = group.replaceStaticMember(old, newId);
        update(member, join);
        rebalances.watchSession(group, member);
        if (group.is(STABLE)) {
            if (!group.selectProtocol().equals(group.protocolName())) {
                return rebalances.prepareOrComplete(group, "static member " + newId + " changes the protocol" + join.reason());
            }
            Map<String, Bytes> assignments = new HashMap<>();
            group.members().forEach(m -> assignments.put(m.memberId(), m.assignment()));
            return Result.<Void>of(null, List.of(Rebalances.record(group, assignments)))
                    .whenCommitted(() -> answerReplaced(group, join, member, oldLeader))
                    .whenRejected(e -> Rebalances.answerJoin(member, error(newId, Errors.forException(e))));
        }
        if (group.is(COMPLETING_REBALANCE)) {
            // The leader may have the old id in hand: its assignment would miss the new one.
            return rebalances.prepare(group, "static member " + newId + " comes back" + join.reason());
        }
        return rebalances.completeIfAllJoined(group);
    }

    private void answerReplaced(ClassicGroup group, Join join, ClassicMember member, String oldLeader) {
        if (!group.is(STABLE)) {
            // A rebalance has begun meanwhile; it answers the join.
            return;
        }
        JoinGroupResponseData response = Rebalances.joinResponse(group, member);
        if (join.info.apiVersion() >= 9) {
            // KIP-814: the leader learns the members, but must not assign.
            response.setSkipAssignment(group.isLeader(member.memberId()));
        } else {
            // A client that can't skip would assign if it thought itself the leader: let it believe in its predecessor.
            response.setLeader(oldLeader).setMembers(List.of());
        }
        Rebalances.answerJoin(member, response);
    }

    // ---- members with an id

    private Result<Void> knownMember(ClassicGroup group, Join join) {
        String memberId = join.request.memberId();
        if (group.pendingJoin().contains(memberId) && join.request.groupInstanceId() == null) {
            return add(group, join, memberId);
        }
        group.validateMember(memberId, join.request.groupInstanceId());
        ClassicMember member = group.member(memberId);
        boolean unchanged = member.protocols().equals(join.protocols());
        if (group.is(COMPLETING_REBALANCE) && unchanged) {
            // The answer to its first join was lost.
            join.answer.complete(Rebalances.joinResponse(group, member));
            return NOTHING;
        }
        if (group.is(STABLE) && unchanged && !group.isLeader(memberId)) {
            join.answer.complete(Rebalances.joinResponse(group, member));
            return NOTHING;
        }
        if (group.is(EMPTY)) {
            throw Errors.UNKNOWN_MEMBER_ID.exception();
        }
        // An earlier request of the same member, whose connection is gone most likely.
        Rebalances.answerJoin(member, error(memberId, Errors.REBALANCE_IN_PROGRESS));
        update(member, join);
        return rebalances.prepareOrComplete(group, (group.isLeader(memberId) ? "leader " : "member ") + memberId + " rejoins" + join.reason());
    }

    private static void update(ClassicMember member, Join join) {
        member.update(member.clientId(), member.clientHost(), join.request.rebalanceTimeoutMs(), join.request.sessionTimeoutMs(), join.protocols());
        member.setAwaitingJoin(join.answer);
    }

    static JoinGroupResponseData error(String memberId, Errors error) {
        return new JoinGroupResponseData().setMemberId(memberId).setProtocolName(null).setErrorCode(error.code());
    }
}
