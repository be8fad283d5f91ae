package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnsupportedAssignorException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.milena.broker.group.ClassicProtocol;
import org.milena.broker.group.Group;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.classic.ClassicGroup;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;
import org.milena.broker.coordinator.Result;

/** ConsumerGroupHeartbeat: joining, staying, changing one's mind, reporting what one owns, and leaving, in one request. */
final class Heartbeats {

    /** The first version in which the client makes its member id (KIP-1082). */
    private static final short CLIENT_MAKES_ID_VERSION = 1;

    private final ShardContext context;
    private final Settings settings;
    private final Membership membership;
    private final Rebalance rebalance;
    private final Regexes regexes;
    private final Migration migration;
    private final ClassicProtocol classic;
    private final Supplier<String> memberIds;

    Heartbeats(ShardContext context, Settings settings, Membership membership, Rebalance rebalance, Regexes regexes, Migration migration,
               ClassicProtocol classic, Supplier<String> memberIds) {
        this.context = context;
        this.settings = settings;
        this.membership = membership;
        this.rebalance = rebalance;
        this.regexes = regexes;
        this.migration = migration;
        this.classic = classic;
        this.memberIds = memberIds;
    }

    Result<ConsumerGroupHeartbeatResponseData> handle(RequestInfo info, ConsumerGroupHeartbeatRequestData request) {
        validate(info, request);
        return request.memberEpoch() < 0 ? leave(request) : beat(info, request);
    }

    private void validate(RequestInfo info, ConsumerGroupHeartbeatRequestData request) {
        notEmpty(request.groupId(), "GroupId can't be empty.");
        notEmpty(request.instanceId(), "InstanceId can't be empty.");
        notEmpty(request.rackId(), "RackId can't be empty.");
        if (info.apiVersion() >= CLIENT_MAKES_ID_VERSION || request.memberEpoch() != 0) {
            notEmpty(request.memberId(), "MemberId can't be empty.");
        }
        if (request.memberEpoch() == 0) {
            check(request.rebalanceTimeoutMs() != -1, "RebalanceTimeoutMs must be provided in first request.");
            check(request.topicPartitions() != null && request.topicPartitions().isEmpty(), "TopicPartitions must be empty when (re-)joining.");
            check(request.subscribedTopicNames() != null || request.subscribedTopicRegex() != null,
                    "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
        } else if (request.memberEpoch() == Membership.LEAVE_STATIC_EPOCH) {
            check(request.instanceId() != null, "InstanceId can't be null.");
        } else {
            check(request.memberEpoch() >= Membership.LEAVE_EPOCH, "MemberEpoch is invalid.");
        }
        String assignor = request.serverAssignor();
        if (assignor != null && settings.assignors().get(assignor) == null) {
            throw new UnsupportedAssignorException("ServerAssignor " + assignor + " is not supported. Supported assignors: "
                    + settings.assignors().names() + ".");
        }
    }

    private static void notEmpty(String value, String message) {
        check(value == null || !value.isBlank(), message);
    }

    private static void check(boolean valid, String message) {
        if (!valid) {
            throw new InvalidRequestException(message);
        }
    }

    private Result<ConsumerGroupHeartbeatResponseData> beat(RequestInfo info, ConsumerGroupHeartbeatRequestData request) {
        String groupId = request.groupId();
        boolean join = request.memberEpoch() == 0;
        List<GroupRecord> records = new ArrayList<>();
        Group found = context.groups().get(groupId);
        ConsumerGroup group = group(groupId, found, join, records);
        membership.checkSize(group, request.memberId());
        String memberId = request.memberId().isEmpty() ? memberIds.get() : request.memberId();
        Membership.Entrant entrant = request.instanceId() == null ? membership.dynamic(group, memberId, join)
                : membership.byInstance(group, memberId, request.instanceId(), join, false, records);
        ConsumerMember before = entrant.member();
        Membership.checkEpoch(before, request.memberEpoch(), request.topicPartitions());

        ConsumerMember after = before.with(wishes(info, before.metadata(), request));
        if (!after.metadata().equals(before.metadata())) {
            records.add(ConsumerRecords.member(groupId, after));
        }
        boolean names = !after.metadata().subscribedTopicNames().equals(before.metadata().subscribedTopicNames());
        Regexes.Change regex = regexes.update(group, before, after, records);
        ConsumerMember stepped = rebalance.apply(new Rebalance.Ask(group, before, after, entrant.replaced(), request.topicPartitions(),
                names || regex.changed(), names || regex.bump()), records);

        ConsumerGroupHeartbeatResponseData response = new ConsumerGroupHeartbeatResponseData().setMemberId(memberId)
                .setMemberEpoch(stepped.current().epoch()).setHeartbeatIntervalMs(settings.heartbeatIntervalMs(groupId));
        boolean full = join || request.rebalanceTimeoutMs() != -1 && request.topicPartitions() != null
                && (request.subscribedTopicNames() != null || request.subscribedTopicRegex() != null);
        if (full || !sameAssignment(before, stepped)) {
            response.setAssignment(assignment(stepped.current().assigned()));
        }
        return Result.of(response, records).whenReplayed(() -> replayed(groupId, found, entrant, stepped));
    }

    /** The group as it will be once {@code records} are replayed: an upgraded or new one is worked on before it is in the shard. */
    private ConsumerGroup group(String groupId, Group found, boolean join, List<GroupRecord> records) {
        if (found instanceof ConsumerGroup group) {
            return group;
        }
        if (!join) {
            throw new GroupIdNotFoundException(found == null ? "Consumer group " + groupId + " not found."
                    : "Group " + groupId + " is not a consumer group.");
        }
        ConsumerGroup group = new ConsumerGroup(groupId, ConsumerGroups.topicIds(context));
        if (found instanceof ClassicGroup old) {
            if (!old.isEmpty()) {
                records.addAll(migration.upgrade(old));
                records.forEach(record -> group.replay(record.key(), record.value()));
            }
            List<GroupRecord> end = new ArrayList<>();
            old.addTombstones(end);
            records.addAll(0, end);
        }
        return group;
    }

    /** A field that a request leaves out keeps its value. A member that sends this request talks the consumer protocol. */
    private static GroupValue.ConsumerGroupMemberMetadata wishes(RequestInfo info, GroupValue.ConsumerGroupMemberMetadata old,
                                                                  ConsumerGroupHeartbeatRequestData request) {
        return new GroupValue.ConsumerGroupMemberMetadata(
                request.instanceId() == null ? old.instanceId() : request.instanceId(),
                request.rackId() == null ? old.rackId() : request.rackId(), info.clientId(), info.clientHost(),
                request.subscribedTopicNames() == null ? old.subscribedTopicNames() : ConsumerMember.normal(request.subscribedTopicNames()),
                request.subscribedTopicRegex() == null ? old.subscribedTopicRegex() : request.subscribedTopicRegex(),
                request.rebalanceTimeoutMs() == -1 ? old.rebalanceTimeoutMs() : request.rebalanceTimeoutMs(),
                request.serverAssignor() == null ? old.serverAssignor() : request.serverAssignor(), null);
    }

    private static boolean sameAssignment(ConsumerMember before, ConsumerMember after) {
        return before.current().assigned().equals(after.current().assigned());
    }

    private static ConsumerGroupHeartbeatResponseData.Assignment assignment(SortedMap<Uuid, SortedMap<Integer, Integer>> assigned) {
        ConsumerGroupHeartbeatResponseData.Assignment assignment = new ConsumerGroupHeartbeatResponseData.Assignment();
        for (Map.Entry<Uuid, SortedMap<Integer, Integer>> topic : assigned.entrySet()) {
            assignment.topicPartitions().add(new ConsumerGroupHeartbeatResponseData.TopicPartitions().setTopicId(topic.getKey())
                    .setPartitions(List.copyOf(topic.getValue().keySet())));
        }
        return assignment;
    }

    private void replayed(String groupId, Group found, Membership.Entrant entrant, ConsumerMember stepped) {
        ConsumerGroup group = (ConsumerGroup) context.groups().get(groupId);
        if (found instanceof ClassicGroup old) {
            classic.release(old);
            group.members().values().stream().filter(ConsumerMember::classic).forEach(member -> membership.watch(groupId, member));
        }
        if (entrant.replaced() != null) {
            membership.timeouts().cancelAll(groupId, entrant.replaced());
        }
        group.refreshMetadataAt(Long.MAX_VALUE);
        membership.watch(groupId, stepped);
        if (!stepped.current().equals(entrant.member().current())) {
            membership.watchRevocation(groupId, stepped);
        }
        regexes.refresh(group);
    }

    private Result<ConsumerGroupHeartbeatResponseData> leave(ConsumerGroupHeartbeatRequestData request) {
        ConsumerGroup group = ConsumerGroups.existing(context, request.groupId());
        ConsumerGroupHeartbeatResponseData response = new ConsumerGroupHeartbeatResponseData().setMemberId(request.memberId())
                .setMemberEpoch(request.memberEpoch());
        if (request.instanceId() == null) {
            return membership.remove(group, List.of(group.existing(request.memberId())), response);
        }
        ConsumerMember member = membership.holder(group, request.memberId(), request.instanceId());
        if (request.memberEpoch() != Membership.LEAVE_STATIC_EPOCH) {
            return membership.remove(group, List.of(member), response);
        }
        Current away = new Current(Membership.LEAVE_STATIC_EPOCH, member.current().previousEpoch(), member.current().state(),
                member.current().assigned(), new java.util.TreeMap<>());
        return Result.of(response, List.of(ConsumerRecords.current(group.groupId(), member.memberId(), away)));
    }
}
