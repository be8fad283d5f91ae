package org.milena.broker.group.classic;

import static org.milena.broker.group.classic.ClassicGroupState.COMPLETING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.DEAD;
import static org.milena.broker.group.classic.ClassicGroupState.EMPTY;
import static org.milena.broker.group.classic.ClassicGroupState.PREPARING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.STABLE;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroupMember;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupResponseData.MemberResponse;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.ClassicProtocol;
import org.milena.broker.group.Group;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupMetadataValue;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.coordinator.Result;

/** The classic protocol in one shard. Errors are thrown; answers that wait come through the futures handed in. */
public final class ClassicGroups implements ClassicProtocol {

    private static final System.Logger LOG = System.getLogger(ClassicGroups.class.getName());
    private static final Result<Void> NOTHING = Result.of(null);

    private final ShardContext context;
    private final Rebalances rebalances;
    private final Joins joins;

    /** @param uniqueIds makes the unguessable part of member ids */
    public ClassicGroups(ShardContext context, Supplier<String> uniqueIds) {
        this.context = context;
        this.rebalances = new Rebalances(context);
        this.joins = new Joins(context, rebalances, uniqueIds);
    }

    // ---- durable state

    public void replay(GroupKey.GroupMetadata key, GroupMetadataValue value) {
        Group existing = context.groups().get(key.groupId());
        ClassicGroup group = existing instanceof ClassicGroup classic ? classic : null;
        if (value == null) {
            if (group != null) {
                context.groups().remove(group);
                group.replay(null);
            }
            return;
        }
        if (group == null) {
            group = new ClassicGroup(key.groupId());
            context.groups().put(group);
        }
        group.replay(value);
    }

    /** An offset was replayed for a group that nobody knows: a simple group, which has nothing but offsets. */
    public void ensureGroup(String groupId) {
        if (context.groups().get(groupId) == null) {
            context.groups().put(new ClassicGroup(groupId));
        }
    }

    /** Groups go on where they were: members have a whole session to show up, nobody has to rejoin. */
    public void loaded() {
        int maxSize = context.config().get().classic().maxSize();
        for (Group candidate : List.copyOf(context.groups().all())) {
            if (candidate instanceof ClassicGroup group) {
                group.restore(null);
                group.members().forEach(member -> rebalances.watchSession(group, member));
                if (group.memberCount() > maxSize) {
                    rebalances.prepare(group, "more members than group.max.size allows (" + maxSize + ")");
                }
            }
        }
    }

    public void unloaded(ApiException error) {
        for (Group candidate : context.groups().all()) {
            if (candidate instanceof ClassicGroup group) {
                rebalances.dissolve(group, Errors.forException(error));
            }
        }
    }

    /** A group was deleted by its tombstone, in this shard's own name. */
    public void deleted(ClassicGroup group) {
        rebalances.dissolve(group, Errors.UNKNOWN_MEMBER_ID);
    }

    // ---- requests

    public Result<Void> join(RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer) {
        Group existing = context.groups().get(request.groupId());
        if (existing instanceof ClassicGroup group) {
            return joins.join(group, info, request, answer);
        }
        if (!request.memberId().isEmpty()) {
            throw Errors.UNKNOWN_MEMBER_ID.exception();
        }
        if (existing == null) {
            ClassicGroup group = new ClassicGroup(request.groupId());
            Result<Void> result = joins.join(group, info, request, answer);
            context.groups().put(group);
            return result;
        }
        // An empty consumer group gives way.
        List<GroupRecord> records = new ArrayList<>();
        existing.addTombstones(records);
        return Result.<Void>of(null, records).whenReplayed(() -> {
            ensureGroup(request.groupId());
            ClassicGroup group = (ClassicGroup) context.groups().get(request.groupId());
            try {
                joins.join(group, info, request, answer);
            } catch (ApiException e) {
                answer.complete(Joins.error(request.memberId(), Errors.forException(e)));
            }
        });
    }

    public Result<Void> sync(ClassicGroup group, SyncGroupRequestData request, CompletableFuture<SyncGroupResponseData> answer) {
        validateSync(group, request);
        ClassicMember member = group.member(request.memberId());
        if (group.is(PREPARING_REBALANCE)) {
            throw Errors.REBALANCE_IN_PROGRESS.exception();
        }
        rebalances.synced(group, request.memberId());
        if (group.is(STABLE)) {
            answer.complete(Rebalances.syncResponse(group, member));
            return NOTHING;
        }
        Rebalances.answerSync(member, new SyncGroupResponseData().setErrorCode(Errors.REBALANCE_IN_PROGRESS.code()));
        member.setAwaitingSync(answer);
        if (!group.isLeader(request.memberId()) || group.isAssignmentUnderWay()) {
            return NOTHING;
        }
        return assign(group, request);
    }

    private Result<Void> assign(ClassicGroup group, SyncGroupRequestData request) {
        Map<String, Bytes> assignments = new HashMap<>();
        request.assignments().forEach(a -> assignments.put(a.memberId(), Bytes.wrap(a.assignment())));
        LOG.log(Level.INFO, "Group {0} gets the assignment of generation {1} from {2}, for {3} members", group.groupId(),
                group.generationId(), request.memberId(), group.memberCount());
        group.setAssignmentUnderWay();
        int generation = group.generationId();
        return Result.<Void>of(null, List.of(Rebalances.record(group, assignments)))
                .whenCommitted(() -> {
                    if (group.is(COMPLETING_REBALANCE) && group.generationId() == generation) {
                        rebalances.completeSync(group, assignments);
                    }
                })
                .whenRejected(e -> {
                    rebalances.failSync(group, Errors.UNKNOWN_SERVER_ERROR);
                    rebalances.prepareOrComplete(group, "the assignment of generation " + generation + " is too large: " + e.getMessage());
                });
    }

    private static void validateSync(ClassicGroup group, SyncGroupRequestData request) {
        if (group.is(DEAD)) {
            throw Errors.COORDINATOR_NOT_AVAILABLE.exception();
        }
        group.validateMember(request.memberId(), request.groupInstanceId());
        if (request.generationId() != group.generationId()) {
            throw Errors.ILLEGAL_GENERATION.exception();
        }
        boolean otherType = request.protocolType() != null && !request.protocolType().equals(group.protocolType());
        boolean otherName = request.protocolName() != null && !request.protocolName().equals(group.protocolName());
        if (otherType || otherName) {
            throw Errors.INCONSISTENT_GROUP_PROTOCOL.exception();
        }
    }

    public Result<HeartbeatResponseData> heartbeat(ClassicGroup group, HeartbeatRequestData request) {
        group.validateMember(request.memberId(), request.groupInstanceId());
        if (request.generationId() != group.generationId()) {
            throw Errors.ILLEGAL_GENERATION.exception();
        }
        rebalances.watchSession(group, group.member(request.memberId()));
        Errors error = group.is(PREPARING_REBALANCE) ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE;
        return Result.of(new HeartbeatResponseData().setErrorCode(error.code()));
    }

    /** A commit is a sign of life too. */
    public void committed(ClassicGroup group, String memberId) {
        ClassicMember member = group.member(memberId);
        if (member != null && (group.is(STABLE) || group.is(PREPARING_REBALANCE))) {
            rebalances.watchSession(group, member);
        }
    }

    public Result<LeaveGroupResponseData> leave(ClassicGroup group, LeaveGroupRequestData request) {
        LeaveGroupResponseData response = new LeaveGroupResponseData();
        List<String> left = new ArrayList<>();
        for (MemberIdentity identity : request.members()) {
            Errors error = leave(group, identity);
            if (error == Errors.NONE) {
                left.add(identity.memberId().isEmpty() ? identity.groupInstanceId() : identity.memberId());
            }
            response.members().add(new MemberResponse().setMemberId(identity.memberId())
                    .setGroupInstanceId(identity.groupInstanceId()).setErrorCode(error.code()));
        }
        if (left.isEmpty() || group.is(EMPTY)) {
            return Result.of(response);
        }
        String reason = "members " + left + " leave";
        return (group.is(PREPARING_REBALANCE) ? rebalances.completeIfAllJoined(group) : rebalances.prepareOrComplete(group, reason))
                .answering(response);
    }

    private Errors leave(ClassicGroup group, MemberIdentity identity) {
        String memberId = identity.memberId();
        if (memberId.isEmpty()) {
            // An administrator removes a static member by its instance.
            memberId = identity.groupInstanceId() == null ? null : group.staticMemberId(identity.groupInstanceId());
            if (memberId == null) {
                return Errors.UNKNOWN_MEMBER_ID;
            }
        } else if (group.pendingJoin().remove(memberId)) {
            rebalances.endSession(group, memberId);
            return Errors.NONE;
        } else {
            try {
                group.validateMember(memberId, identity.groupInstanceId());
            } catch (ApiException e) {
                return Errors.forException(e);
            }
        }
        LOG.log(Level.INFO, "Member {0} leaves group {1}{2}", memberId, group.groupId(),
                identity.reason() == null ? "" : ": " + identity.reason());
        rebalances.forget(group, group.member(memberId));
        return Errors.NONE;
    }

    /** @throws GroupIdNotFoundException the group is dead */
    public DescribedGroup describe(ClassicGroup group) {
        if (group.is(DEAD)) {
            throw new GroupIdNotFoundException("Group " + group.groupId() + " is in dead state.");
        }
        boolean stable = group.is(STABLE);
        DescribedGroup described = new DescribedGroup().setGroupId(group.groupId()).setGroupState(group.state())
                .setProtocolType(group.protocolType()).setProtocolData(stable ? group.protocolName() : "");
        group.members().forEach(m -> described.members().add(new DescribedGroupMember().setMemberId(m.memberId())
                .setGroupInstanceId(m.groupInstanceId()).setClientId(m.clientId()).setClientHost(m.clientHost())
                .setMemberMetadata(stable ? m.metadata(group.protocolName()).array() : Bytes.EMPTY.array())
                .setMemberAssignment(stable ? m.assignment().array() : Bytes.EMPTY.array())));
        return described;
    }

    // ---- groups that change their protocol

    @Override
    public void release(ClassicGroup group) {
        rebalances.dissolve(group, Errors.REBALANCE_IN_PROGRESS);
    }

    @Override
    public void adopt(String groupId, List<ClassicMember> members, String reason) {
        if (context.groups().get(groupId) instanceof ClassicGroup group) {
            group.restore(members);
            group.members().forEach(member -> rebalances.watchSession(group, member));
            rebalances.prepareOrComplete(group, reason);
        }
    }
}
