package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.IllegalGenerationException;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.JoinGroupRequest;
import org.milena.broker.group.GroupConfig.MigrationPolicy;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;
import org.milena.broker.coordinator.Result;

/**
 * Members of the classic protocol in a consumer group, during an online migration. Their generation is their member epoch; a
 * JoinGroup is one step of the {@link Reconciler}, a SyncGroup shows the outcome, and a heartbeat that answers
 * REBALANCE_IN_PROGRESS asks for the next step. Nobody waits for the other members.
 */
final class ClassicMembers {

    private final ShardContext context;
    private final Settings settings;
    private final Membership membership;
    private final Rebalance rebalance;
    private final Regexes regexes;
    private final Migration migration;
    private final Supplier<String> memberIds;

    ClassicMembers(ShardContext context, Settings settings, Membership membership, Rebalance rebalance, Regexes regexes, Migration migration,
                   Supplier<String> memberIds) {
        this.context = context;
        this.settings = settings;
        this.membership = membership;
        this.rebalance = rebalance;
        this.regexes = regexes;
        this.migration = migration;
        this.memberIds = memberIds;
    }

    Result<Void> join(RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer) {
        ConsumerGroup group = ConsumerGroups.existing(context, request.groupId());
        boolean newcomer = request.memberId().isEmpty();
        String memberId = newcomer ? memberIds.get() : request.memberId();
        membership.checkSize(group, memberId);
        List<ClassicProtocol> protocols = ClassicWire.protocols(request.protocols());
        checkProtocols(group, memberId, request.protocolType(), protocols);
        if (JoinGroupRequest.requiresKnownMemberId(request, info.apiVersion())) {
            answer.complete(new JoinGroupResponseData().setMemberId(memberId).setErrorCode(Errors.MEMBER_ID_REQUIRED.code()));
            return Result.of(null);
        }
        ConsumerProtocolSubscription subscription = ClassicWire.subscription(protocols);
        List<GroupRecord> records = new ArrayList<>();
        Membership.Entrant entrant = request.groupInstanceId() == null ? membership.dynamic(group, memberId, true)
                : membership.byInstance(group, memberId, request.groupInstanceId(), newcomer, true, records);
        ConsumerMember before = entrant.member();
        ConsumerMember after = before.with(wishes(info, before, request, protocols, subscription));

        JoinGroupResponseData response = new JoinGroupResponseData().setMemberId(memberId)
                .setProtocolType(ConsumerProtocol.PROTOCOL_TYPE).setProtocolName(protocols.get(0).name());
        if (entrant.replaced() != null && migration.downgrades(group, List.of(group.member(entrant.replaced())), 1)) {
            response.setGenerationId(group.epoch());
            return membership.<Void>downgrade(group, List.of(group.member(entrant.replaced())), after, null)
                    .whenCommitted(() -> answer.complete(response)).whenRejected(answer::completeExceptionally);
        }
        if (!after.metadata().equals(before.metadata())) {
            records.add(ConsumerRecords.member(group.groupId(), after));
        }
        boolean names = !after.metadata().subscribedTopicNames().equals(before.metadata().subscribedTopicNames());
        Regexes.Change regex = regexes.update(group, before, after, records);
        ConsumerMember stepped = rebalance.apply(new Rebalance.Ask(group, before, after, entrant.replaced(),
                ClassicWire.owned(subscription, context.metadata().get()), names || regex.changed(), names || regex.bump()), records);
        response.setGenerationId(stepped.current().epoch());
        return Result.<Void>of(null, records).whenReplayed(() -> joined(group, entrant, stepped)).whenCommitted(() -> answer.complete(response)).whenRejected(answer::completeExceptionally);
    }

    private void joined(ConsumerGroup group, Membership.Entrant entrant, ConsumerMember member) {
        if (entrant.replaced() != null) {
            membership.timeouts().cancelAll(group.groupId(), entrant.replaced());
        }
        group.refreshMetadataAt(Long.MAX_VALUE);
        membership.timeouts().cancelJoin(group.groupId(), member.memberId());
        membership.watch(group.groupId(), member);
        membership.timeouts().sync(group.groupId(), member.memberId(), member.metadata().rebalanceTimeoutMs());
        regexes.refresh(group);
    }

    private void checkProtocols(ConsumerGroup group, String memberId, String type, List<ClassicProtocol> protocols) {
        if (settings.broker().consumer().migrationPolicy() == MigrationPolicy.DISABLED) {
            throw new InconsistentGroupProtocolException("Cannot join the consumer group " + group.groupId()
                    + " with the classic protocol because the group migration is disabled.");
        }
        boolean common = protocols.stream().anyMatch(protocol -> group.members().values().stream()
                .filter(member -> member.classic() && !member.memberId().equals(memberId))
                .allMatch(member -> member.classicMetadata().supportedProtocols().stream().anyMatch(other -> other.name().equals(protocol.name()))));
        if (!ConsumerProtocol.PROTOCOL_TYPE.equals(type) || !common) {
            throw new InconsistentGroupProtocolException("Member " + memberId + "'s protocols are not supported.");
        }
    }

    private static GroupValue.ConsumerGroupMemberMetadata wishes(RequestInfo info, ConsumerMember old, JoinGroupRequestData request,
                                                                  List<ClassicProtocol> protocols, ConsumerProtocolSubscription subscription) {
        String rack = subscription.rackId() == null ? old.metadata().rackId() : subscription.rackId();
        int rebalanceTimeoutMs = request.rebalanceTimeoutMs() == -1 ? request.sessionTimeoutMs() : request.rebalanceTimeoutMs();
        return new GroupValue.ConsumerGroupMemberMetadata(request.groupInstanceId(), rack, info.clientId(), info.clientHost(),
                ConsumerMember.normal(subscription.topics()), null, rebalanceTimeoutMs, old.metadata().serverAssignor(),
                new GroupValue.ClassicMemberMetadata(request.sessionTimeoutMs(), protocols));
    }

    Result<SyncGroupResponseData> sync(RequestInfo info, SyncGroupRequestData request) {
        ConsumerGroup group = ConsumerGroups.existing(context, request.groupId());
        ConsumerMember member = classicMember(group, request.memberId(), request.groupInstanceId());
        checkGeneration(member, request.generationId());
        String name = member.classicProtocol().name();
        if (request.protocolType() != null && !ConsumerProtocol.PROTOCOL_TYPE.equals(request.protocolType())) {
            throw new InconsistentGroupProtocolException("The protocol type " + request.protocolType() + " from member " + member.memberId()
                    + " request is not equal to the group protocol type " + ConsumerProtocol.PROTOCOL_TYPE + ".");
        }
        if (request.protocolName() != null && !name.equals(request.protocolName())) {
            throw new InconsistentGroupProtocolException("The protocol name " + request.protocolName() + " from member " + member.memberId()
                    + " request is not equal to the protocol name " + name + " returned in the join response.");
        }
        if (group.epoch() > member.current().epoch() && member.current().state() != MemberState.UNREVOKED_PARTITIONS) {
            membership.timeouts().join(group.groupId(), member.memberId(), member.metadata().rebalanceTimeoutMs());
            throw new RebalanceInProgressException("A new rebalance is triggered in group " + group.groupId() + " and member "
                    + member.memberId() + " should rejoin to catch up.");
        }
        membership.timeouts().cancelSync(group.groupId(), member.memberId());
        membership.watch(group.groupId(), member);
        return Result.of(new SyncGroupResponseData().setProtocolType(request.protocolType()).setProtocolName(request.protocolName())
                .setAssignment(ClassicWire.assignment(member.classicProtocol().metadata(),
                        Partitions.numbers(member.current().assigned()), context.metadata().get()).array()));
    }

    Result<HeartbeatResponseData> heartbeat(RequestInfo info, HeartbeatRequestData request) {
        ConsumerGroup group = ConsumerGroups.existing(context, request.groupId());
        ConsumerMember member = classicMember(group, request.memberId(), request.groupInstanceId());
        checkGeneration(member, request.generationId());
        membership.watch(group.groupId(), member);
        MemberState state = member.current().state();
        boolean rejoin = member.current().epoch() < group.epoch() || state == MemberState.UNREVOKED_PARTITIONS
                || state == MemberState.UNRELEASED_PARTITIONS && !waits(group, member);
        if (rejoin) {
            membership.timeouts().join(group.groupId(), member.memberId(), member.metadata().rebalanceTimeoutMs());
        }
        return Result.of(new HeartbeatResponseData().setErrorCode((rejoin ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE).code()));
    }

    /** Somebody else still holds a partition that the member is to get: rejoining would bring it nothing. */
    private static boolean waits(ConsumerGroup group, ConsumerMember member) {
        var target = group.target(member.memberId());
        return target != null && target.entrySet().stream().anyMatch(topic -> topic.getValue().stream().anyMatch(partition -> {
            String owner = group.owner(topic.getKey(), partition);
            return owner != null && !owner.equals(member.memberId());
        }));
    }

    Result<LeaveGroupResponseData> leave(LeaveGroupRequestData request) {
        ConsumerGroup group = ConsumerGroups.existing(context, request.groupId());
        Set<ConsumerMember> leaving = new LinkedHashSet<>();
        LeaveGroupResponseData response = new LeaveGroupResponseData();
        for (MemberIdentity identity : request.members()) {
            LeaveGroupResponseData.MemberResponse outcome = new LeaveGroupResponseData.MemberResponse()
                    .setMemberId(identity.memberId()).setGroupInstanceId(identity.groupInstanceId());
            try {
                ConsumerMember member = leaving(group, identity);
                leaving.add(member);
                outcome.setMemberId(member.memberId());
            } catch (ApiException e) {
                outcome.setErrorCode(Errors.forException(e).code());
            }
            response.members().add(outcome);
        }
        return leaving.isEmpty() ? Result.of(response) : membership.remove(group, leaving, response);
    }

    /** This is an administrator's request too: it removes members of either protocol, static ones by instance id alone. */
    private ConsumerMember leaving(ConsumerGroup group, MemberIdentity identity) {
        if (identity.groupInstanceId() == null) {
            return group.existing(identity.memberId());
        }
        ConsumerMember member = group.staticMember(identity.groupInstanceId());
        if (member == null) {
            throw new UnknownMemberIdException("Instance id " + identity.groupInstanceId() + " is unknown.");
        }
        return identity.memberId().isEmpty() ? member : membership.holder(group, identity.memberId(), identity.groupInstanceId());
    }

    /**
     * @throws UnknownMemberIdException   there is no such classic member
     * @throws FencedInstanceIdException another member has the instance id
     */
    private ConsumerMember classicMember(ConsumerGroup group, String memberId, String instanceId) {
        ConsumerMember member = instanceId == null ? group.existing(memberId) : membership.holder(group, memberId, instanceId);
        if (!member.classic()) {
            throw new UnknownMemberIdException("Member " + memberId + " does not use the classic protocol.");
        }
        return member;
    }

    private static void checkGeneration(ConsumerMember member, int generation) {
        if (generation != member.current().epoch()) {
            throw new IllegalGenerationException("The request generation id " + generation + " is not equal to the member epoch "
                    + member.current().epoch() + " of member " + member.memberId() + ".");
        }
    }
}
