package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.errors.GroupMaxSizeReachedException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.milena.broker.group.ClassicProtocol;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.coordinator.Result;

/** How members enter and leave consumer groups, and who is told to go away. */
final class Membership {

    /** Member epoch of a member that leaves for good. */
    static final int LEAVE_EPOCH = -1;
    /** Member epoch of a static member that leaves and means to come back. */
    static final int LEAVE_STATIC_EPOCH = -2;

    private static final System.Logger LOG = System.getLogger(Membership.class.getName());

    private final ShardContext context;
    private final Settings settings;
    private final Migration migration;
    private final ClassicProtocol classic;
    private final Timeouts timeouts;

    Membership(ShardContext context, Settings settings, Migration migration, ClassicProtocol classic) {
        this.context = context;
        this.settings = settings;
        this.migration = migration;
        this.classic = classic;
        this.timeouts = new Timeouts(context.timer(), this::expire);
    }

    Timeouts timeouts() {
        return timeouts;
    }

    /** @throws GroupMaxSizeReachedException a new member does not fit in */
    void checkSize(ConsumerGroup group, String memberId) {
        int max = settings.broker().consumer().maxSize();
        if (group.members().size() >= max && group.member(memberId) == null) {
            throw new GroupMaxSizeReachedException("The consumer group has reached its maximum capacity of " + max + " members.");
        }
    }

    /**
     * The member that a request is about.
     *
     * @param replaced id of the static member whose place it takes, else null
     */
    record Entrant(ConsumerMember member, String replaced) {
    }

    /** @param join a member that is not there comes in */
    Entrant dynamic(ConsumerGroup group, String memberId, boolean join) {
        ConsumerMember member = group.member(memberId);
        if (member == null && !join) {
            return new Entrant(group.existing(memberId), null);
        }
        return new Entrant(member == null ? ConsumerMember.unknown(memberId) : member, null);
    }

    /**
     * A static member that joins takes the place of the one with its instance id. Of two that talk the consumer protocol the
     * old one must have left first: the server cannot know that it is dead. A classic one, or a classic successor, is replaced
     * as the classic protocol does it.
     *
     * @param records gets what replaces the old member
     * @throws UnreleasedInstanceIdException the old one has not left
     * @throws FencedInstanceIdException     another one has the instance id
     */
    Entrant byInstance(ConsumerGroup group, String memberId, String instanceId, boolean join, boolean classicJoin, List<GroupRecord> records) {
        ConsumerMember holder = group.staticMember(instanceId);
        if (!join) {
            return new Entrant(holder(group, memberId, instanceId), null);
        }
        if (holder == null) {
            return dynamic(group, memberId, true);
        }
        if (!classicJoin && !holder.classic() && holder.current().epoch() != LEAVE_STATIC_EPOCH) {
            throw new UnreleasedInstanceIdException("Static member " + memberId + " with instance id " + instanceId
                    + " cannot join the group because the instance id is owned by " + holder.memberId() + " member.");
        }
        ConsumerMember heir = new ConsumerMember(memberId, holder.metadata(), holder.current().at(0, 0));
        records.addAll(ConsumerRecords.removal(group.groupId(), holder.memberId()));
        records.add(ConsumerRecords.member(group.groupId(), heir));
        if (group.target(holder.memberId()) != null) {
            records.add(ConsumerRecords.target(group.groupId(), memberId, group.target(holder.memberId())));
        }
        records.add(ConsumerRecords.current(group.groupId(), memberId, heir.current()));
        return new Entrant(heir, holder.memberId());
    }

    /** @throws UnknownMemberIdException nobody has the instance id */
    ConsumerMember holder(ConsumerGroup group, String memberId, String instanceId) {
        ConsumerMember holder = group.staticMember(instanceId);
        if (holder == null) {
            throw new UnknownMemberIdException("Instance id " + instanceId + " is unknown.");
        }
        if (!holder.memberId().equals(memberId)) {
            throw new FencedInstanceIdException("Static member " + memberId + " with instance id " + instanceId
                    + " was fenced by member " + holder.memberId() + ".");
        }
        return holder;
    }

    /**
     * A member one epoch behind is let in if it owns nothing more than it has now: it has not seen the last answer. So is one
     * that starts anew with epoch 0, and owns nothing.
     *
     * @throws FencedMemberEpochException any other epoch than the expected one
     */
    static void checkEpoch(ConsumerMember member, int epoch, List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned) {
        int expected = member.current().epoch();
        if (epoch == 0) {
            return;
        }
        boolean answerLost = epoch == member.current().previousEpoch() && within(owned, member);
        if (epoch > expected || epoch < expected && !answerLost) {
            throw new FencedMemberEpochException("The consumer group member has a " + (epoch > expected ? "greater" : "smaller")
                    + " member epoch (" + epoch + ") than the one known by the group coordinator (" + expected
                    + "). The member must abandon all its partitions and rejoin.");
        }
    }

    private static boolean within(List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned, ConsumerMember member) {
        return owned != null && owned.stream().allMatch(topic -> topic.partitions().stream()
                .allMatch(partition -> Partitions.epoch(member.current().assigned(), topic.topicId(), partition) != null));
    }

    /** Members leave, or are made to; the group gets a new epoch, or, if only classic members stay, becomes a classic group. */
    <T> Result<T> remove(ConsumerGroup group, Collection<ConsumerMember> leaving, T response) {
        if (migration.downgrades(group, leaving, 0)) {
            return downgrade(group, leaving, null, response);
        }
        String groupId = group.groupId();
        List<GroupRecord> records = new ArrayList<>();
        SortedMap<String, ConsumerMember> staying = new TreeMap<>(group.members());
        for (ConsumerMember member : leaving) {
            records.addAll(ConsumerRecords.removal(groupId, member.memberId()));
            staying.remove(member.memberId());
        }
        Regexes.removed(group, staying.values(), records);
        long hash = TopicMetadata.hash(context.metadata().get(), Rebalance.topics(group, staying.values()));
        records.add(ConsumerRecords.group(groupId, group.epoch() + 1, hash));
        return Result.of(response, records).whenReplayed(() -> leaving.forEach(member -> timeouts.cancelAll(groupId, member.memberId())));
    }

    /** @param joining the classic member that takes the place of the leaving one, or null */
    <T> Result<T> downgrade(ConsumerGroup group, Collection<ConsumerMember> leaving, ConsumerMember joining, T response) {
        Migration.Downgrade downgrade = migration.downgrade(group, leaving, joining);
        List<String> members = List.copyOf(group.members().keySet());
        return Result.of(response, downgrade.records()).whenReplayed(() -> {
            members.forEach(member -> timeouts.cancelAll(group.groupId(), member));
            classic.adopt(group.groupId(), downgrade.members(), "Downgrade group " + group.groupId() + " from consumer to classic.");
        });
    }

    private Result<Void> expire(String groupId, String memberId, String reason) {
        if (context.groups().get(groupId) instanceof ConsumerGroup group && group.member(memberId) != null) {
            LOG.log(System.Logger.Level.INFO, "Group " + groupId + ": member " + memberId + " is removed because " + reason);
            return remove(group, List.of(group.member(memberId)), null);
        }
        return Result.of(null);
    }

    /** Watches a member's session: a classic member's own timeout, else the group's. */
    void watch(String groupId, ConsumerMember member) {
        timeouts.session(groupId, member.memberId(),
                member.classic() ? member.classicMetadata().sessionTimeoutMs() : settings.sessionTimeoutMs(groupId));
    }

    /** Sets or ends the deadline for giving up partitions. Classic members have the deadlines of join and sync instead. */
    void watchRevocation(String groupId, ConsumerMember member) {
        if (member.classic()) {
            return;
        }
        if (member.current().state() != MemberState.UNREVOKED_PARTITIONS) {
            timeouts.cancelRevocation(groupId, member.memberId());
            return;
        }
        int epoch = member.current().epoch();
        timeouts.revocation(groupId, member.memberId(), member.metadata().rebalanceTimeoutMs(), () ->
                context.groups().get(groupId) instanceof ConsumerGroup group && group.member(member.memberId()) != null
                        && group.member(member.memberId()).current().epoch() == epoch
                        && group.member(member.memberId()).current().state() == MemberState.UNREVOKED_PARTITIONS);
    }
}
