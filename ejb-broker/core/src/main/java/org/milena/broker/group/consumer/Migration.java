package org.milena.broker.group.consumer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.protocol.types.SchemaException;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.classic.ClassicGroup;
import org.milena.broker.group.classic.ClassicMember;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupMetadataValue;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;

/** Online upgrade of a classic group to a consumer group, and back ({@code group.consumer.migration.policy}). */
final class Migration {

    private static final System.Logger LOG = System.getLogger(Migration.class.getName());

    private final ShardContext context;
    private final Settings settings;

    Migration(ShardContext context, Settings settings) {
        this.context = context;
        this.settings = settings;
    }

    /**
     * The records that turn a classic group with members into a consumer group: every member is taken over with its assignment,
     * stable in the epoch that was its generation.
     *
     * @throws GroupIdNotFoundException the group cannot be upgraded; the message says why
     */
    List<GroupRecord> upgrade(ClassicGroup classic) {
        check(classic);
        String groupId = classic.groupId();
        List<ConsumerMember> members = new ArrayList<>();
        try {
            classic.members().forEach(member -> members.add(member(classic, member)));
        } catch (SchemaException e) {
            throw refused(classic, "because the embedded consumer protocol is malformed.");
        }
        List<GroupRecord> records = new ArrayList<>();
        members.forEach(member -> records.add(ConsumerRecords.member(groupId, member)));
        List<String> topics = members.stream().flatMap(member -> member.metadata().subscribedTopicNames().stream()).toList();
        records.add(ConsumerRecords.group(groupId, classic.generationId(), TopicMetadata.hash(context.metadata().get(), topics)));
        members.forEach(member -> records.add(ConsumerRecords.target(groupId, member.memberId(), Partitions.numbers(member.current().assigned()))));
        records.add(ConsumerRecords.targetEpoch(groupId, classic.generationId(), 0));
        members.forEach(member -> records.add(ConsumerRecords.current(groupId, member.memberId(), member.current())));
        LOG.log(System.Logger.Level.INFO, "Group " + groupId + ": upgraded from the classic to the consumer protocol with "
                + members.size() + " members at generation " + classic.generationId());
        return records;
    }

    private void check(ClassicGroup classic) {
        if (!settings.broker().consumer().migrationPolicy().allowsUpgrade()) {
            throw refused(classic, "because online upgrade is disabled.");
        }
        if (!ConsumerProtocol.PROTOCOL_TYPE.equals(classic.protocolType())) {
            throw refused(classic, "because the group does not use the consumer embedded protocol.");
        }
        if (classic.memberCount() > settings.broker().consumer().maxSize()) {
            throw refused(classic, "because the group size exceeds the consumer group maximum size.");
        }
    }

    private static GroupIdNotFoundException refused(ClassicGroup classic, String why) {
        String message = "Cannot upgrade classic group " + classic.groupId() + " to consumer group " + why;
        LOG.log(System.Logger.Level.INFO, message);
        return new GroupIdNotFoundException(message);
    }

    private ConsumerMember member(ClassicGroup classic, ClassicMember member) {
        Bytes chosen = classic.protocolName() == null ? Bytes.EMPTY : member.metadata(classic.protocolName());
        Bytes metadata = chosen.length() > 0 ? chosen : member.protocols().get(0).metadata();
        ConsumerProtocolSubscription subscription = ConsumerProtocol.deserializeConsumerProtocolSubscription(metadata.buffer());
        GroupValue.ConsumerGroupMemberMetadata wishes = new GroupValue.ConsumerGroupMemberMetadata(member.groupInstanceId(),
                subscription.rackId(), member.clientId(), member.clientHost(), ConsumerMember.normal(subscription.topics()), null,
                member.rebalanceTimeoutMs(), null, new GroupValue.ClassicMemberMetadata(member.sessionTimeoutMs(), member.protocols()));
        SortedMap<Uuid, SortedMap<Integer, Integer>> assigned = new TreeMap<>();
        if (member.assignment().length() > 0) {
            assignment(classic, member.assignment().buffer(), assigned);
        }
        Current current = new Current(classic.generationId(), classic.generationId(), MemberState.STABLE, assigned, new TreeMap<>());
        return new ConsumerMember(member.memberId(), wishes, current);
    }

    private void assignment(ClassicGroup classic, ByteBuffer bytes, SortedMap<Uuid, SortedMap<Integer, Integer>> assigned) {
        var assignment = ConsumerProtocol.deserializeConsumerProtocolAssignment(bytes);
        if (assignment.userData() != null && assignment.userData().hasRemaining()) {
            throw refused(classic, "because an unsupported custom assignor is in use. Please refer to the documentation or switch to a "
                    + "default assignor before re-attempting the upgrade.");
        }
        MetadataImage image = context.metadata().get();
        assignment.assignedPartitions().forEach(topic -> {
            if (image.topic(topic.topic()) != null) {
                topic.partitions().forEach(partition ->
                        Partitions.add(assigned, image.topic(topic.topic()).id(), partition, classic.generationId()));
            }
        });
    }

    /** True when, these gone, only classic members stay, and the policy lets them have a classic group. */
    boolean downgrades(ConsumerGroup group, Collection<ConsumerMember> leaving, int joining) {
        int size = group.members().size() - leaving.size() + joining;
        if (leaving.isEmpty() || size == 0 || !group.allClassicExcept(leaving)) {
            return false;
        }
        if (!settings.broker().consumer().migrationPolicy().allowsDowngrade()) {
            LOG.log(System.Logger.Level.INFO, "Group " + group.groupId() + ": not downgraded to the classic protocol, online downgrade is disabled");
            return false;
        }
        if (size > settings.broker().classic().maxSize()) {
            LOG.log(System.Logger.Level.INFO, "Group " + group.groupId() + ": not downgraded to the classic protocol, its " + size
                    + " members are more than group.max.size");
            return false;
        }
        return true;
    }

    /** What becomes of a consumer group that only classic members are left in. */
    record Downgrade(List<GroupRecord> records, List<ClassicMember> members, int generation) {
    }

    /**
     * @param leaving members that go
     * @param joining the classic member that takes the place, and the assignment, of the one that goes, or null
     */
    Downgrade downgrade(ConsumerGroup group, Collection<ConsumerMember> leaving, ConsumerMember joining) {
        Set<String> gone = Set.copyOf(leaving.stream().map(ConsumerMember::memberId).toList());
        List<ConsumerMember> staying = new ArrayList<>(group.members().values());
        staying.removeIf(member -> gone.contains(member.memberId()));
        Map<String, Map<Uuid, Set<Integer>>> targets = new HashMap<>();
        staying.forEach(member -> targets.put(member.memberId(), group.target(member.memberId())));
        if (joining != null) {
            staying.add(joining);
            targets.put(joining.memberId(), group.target(gone.iterator().next()));
        }
        String protocol = commonProtocol(staying);
        List<ClassicMember> members = new ArrayList<>();
        List<GroupMetadataValue.Member> values = new ArrayList<>();
        for (ConsumerMember member : staying) {
            ClassicMember classic = classic(member, protocol, targets.get(member.memberId()));
            members.add(classic);
            values.add(new GroupMetadataValue.Member(classic.memberId(), classic.groupInstanceId(), classic.clientId(), classic.clientHost(),
                    classic.rebalanceTimeoutMs(), classic.sessionTimeoutMs(), classic.metadata(protocol), classic.assignment()));
        }
        List<GroupRecord> records = ConsumerRecords.tombstones(group);
        records.add(new GroupRecord(new GroupKey.GroupMetadata(group.groupId()), new GroupMetadataValue(ConsumerProtocol.PROTOCOL_TYPE,
                group.epoch(), protocol, staying.get(0).memberId(), context.clock().millis(), values)));
        LOG.log(System.Logger.Level.INFO, "Group " + group.groupId() + ": downgraded from the consumer to the classic protocol with "
                + members.size() + " members at epoch " + group.epoch());
        return new Downgrade(records, members, group.epoch());
    }

    /** The first protocol of the first member that all know: a join is accepted only while there is one. */
    private static String commonProtocol(List<ConsumerMember> members) {
        return members.get(0).classicMetadata().supportedProtocols().stream().map(ClassicProtocol::name)
                .filter(name -> members.stream().allMatch(member -> member.classicMetadata().supportedProtocols().stream()
                        .anyMatch(protocol -> protocol.name().equals(name))))
                .findFirst().orElseThrow(() -> new IllegalStateException("members without a common protocol"));
    }

    private ClassicMember classic(ConsumerMember member, String protocol, Map<Uuid, Set<Integer>> target) {
        GroupValue.ConsumerGroupMemberMetadata metadata = member.metadata();
        ClassicMember classic = new ClassicMember(member.memberId(), member.instanceId(), metadata.clientId(), metadata.clientHost(),
                metadata.rebalanceTimeoutMs(), member.classicMetadata().sessionTimeoutMs(), member.classicMetadata().supportedProtocols());
        classic.setAssignment(ClassicWire.assignment(classic.metadata(protocol), target == null ? Map.of() : target, context.metadata().get()));
        return classic;
    }
}
