package org.milena.broker.group.consumer;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.milena.broker.group.Group;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;
import org.milena.broker.group.record.GroupValue.ConsumerGroupRegularExpression;

/**
 * The state of one group of the consumer protocol. Only {@link #replay} changes it; the one volatile thing beside it is
 * when the group looks at the metadata again. Used on its shard's executor only.
 *
 * <p>Replay takes records in any order that a log, compacted while it is read, can have: it never fails.
 */
final class ConsumerGroup implements Group {

    private final String groupId;
    private final Function<String, Uuid> topicIds;
    private final SortedMap<String, ConsumerMember> members = new TreeMap<>();
    private final Map<String, String> staticMembers = new HashMap<>();
    private final Map<String, SortedMap<Uuid, Set<Integer>>> targets = new HashMap<>();
    private final SortedMap<String, ConsumerGroupRegularExpression> resolved = new TreeMap<>();
    /** Who has a partition, assigned or still to be given up: member id by partition by topic. */
    private final Map<Uuid, Map<Integer, String>> owners = new HashMap<>();
    private int epoch;
    private long metadataHash;
    private int assignmentEpoch;
    private long assignmentTimestamp;
    private boolean partitionMetadataRecord;
    private Set<String> subscribedTopics;
    private Set<String> subscribedRegexes;
    private long metadataDeadlineMs;

    /** @param topicIds id of an existing topic by name, else null */
    ConsumerGroup(String groupId, Function<String, Uuid> topicIds) {
        this.groupId = groupId;
        this.topicIds = topicIds;
    }

    /** Applies one record of this group. A group without members, target and epoch has nothing left: see {@link #gone}. */
    void replay(GroupKey key, GroupValue value) {
        if (key instanceof GroupKey.ConsumerGroupMetadata) {
            GroupValue.ConsumerGroupMetadata group = (GroupValue.ConsumerGroupMetadata) value;
            epoch = group == null ? 0 : group.epoch();
            metadataHash = group == null ? 0 : group.metadataHash();
        } else if (key instanceof GroupKey.ConsumerGroupMemberMetadata k) {
            replayMember(k.memberId(), (GroupValue.ConsumerGroupMemberMetadata) value);
        } else if (key instanceof GroupKey.ConsumerGroupCurrentMemberAssignment k) {
            replayCurrent(k.memberId(), (GroupValue.ConsumerGroupCurrentMemberAssignment) value);
        } else if (key instanceof GroupKey.ConsumerGroupTargetAssignmentMetadata) {
            GroupValue.ConsumerGroupTargetAssignmentMetadata target = (GroupValue.ConsumerGroupTargetAssignmentMetadata) value;
            assignmentEpoch = target == null ? 0 : target.assignmentEpoch();
            assignmentTimestamp = target == null ? 0 : target.assignmentTimestamp();
        } else if (key instanceof GroupKey.ConsumerGroupTargetAssignmentMember k) {
            if (value == null) {
                targets.remove(k.memberId());
            } else {
                targets.put(k.memberId(), Partitions.targetOf(((GroupValue.ConsumerGroupTargetAssignmentMember) value).topicPartitions()));
            }
        } else if (key instanceof GroupKey.ConsumerGroupRegularExpression k) {
            if (value == null) {
                resolved.remove(k.regularExpression());
            } else {
                resolved.put(k.regularExpression(), (ConsumerGroupRegularExpression) value);
            }
            subscribedTopics = null;
        } else if (key instanceof GroupKey.ConsumerGroupPartitionMetadata) {
            partitionMetadataRecord = value != null;
        }
    }

    private void replayMember(String memberId, GroupValue.ConsumerGroupMemberMetadata value) {
        ConsumerMember old = members.get(memberId);
        subscribedTopics = null;
        subscribedRegexes = null;
        if (value != null) {
            members.put(memberId, (old == null ? ConsumerMember.unknown(memberId) : old).with(value));
            if (value.instanceId() != null) {
                staticMembers.put(value.instanceId(), memberId);
            }
        } else if (old != null) {
            release(old);
            members.remove(memberId);
            if (old.instanceId() != null) {
                staticMembers.remove(old.instanceId(), memberId);
            }
        }
    }

    private void replayCurrent(String memberId, GroupValue.ConsumerGroupCurrentMemberAssignment value) {
        ConsumerMember old = members.get(memberId);
        if (old != null) {
            release(old);
        }
        if (value != null) {
            ConsumerMember next = (old == null ? ConsumerMember.unknown(memberId) : old).with(Current.of(value));
            members.put(memberId, next);
            own(next.current().assigned(), memberId);
            own(next.current().revoking(), memberId);
        } else if (old != null) {
            members.put(memberId, old.with(Current.NONE));
        }
    }

    private void own(Map<Uuid, SortedMap<Integer, Integer>> partitions, String memberId) {
        partitions.forEach((topic, numbers) -> {
            Map<Integer, String> byPartition = owners.computeIfAbsent(topic, t -> new HashMap<>());
            numbers.keySet().forEach(partition -> byPartition.put(partition, memberId));
        });
    }

    private void release(ConsumerMember member) {
        release(member.current().assigned(), member.memberId());
        release(member.current().revoking(), member.memberId());
    }

    private void release(Map<Uuid, SortedMap<Integer, Integer>> partitions, String memberId) {
        partitions.forEach((topic, numbers) -> {
            Map<Integer, String> byPartition = owners.get(topic);
            if (byPartition != null) {
                numbers.keySet().forEach(partition -> byPartition.remove(partition, memberId));
                if (byPartition.isEmpty()) {
                    owners.remove(topic);
                }
            }
        });
    }

    /** Null when nobody has it. */
    String owner(Uuid topic, int partition) {
        return owners.getOrDefault(topic, Map.of()).get(partition);
    }

    int epoch() {
        return epoch;
    }

    long metadataHash() {
        return metadataHash;
    }

    /** The epoch of the target assignment: at most {@link #epoch}. */
    int assignmentEpoch() {
        return assignmentEpoch;
    }

    /** When the target assignment was computed, milliseconds, or 0. */
    long assignmentTimestamp() {
        return assignmentTimestamp;
    }

    /** An older broker's record of the subscribed topics stands in the log and wants a tombstone. */
    boolean hasPartitionMetadataRecord() {
        return partitionMetadataRecord;
    }

    SortedMap<String, ConsumerMember> members() {
        return Collections.unmodifiableSortedMap(members);
    }

    /** Null when there is none. */
    ConsumerMember member(String memberId) {
        return members.get(memberId);
    }

    /** @throws UnknownMemberIdException there is none */
    ConsumerMember existing(String memberId) {
        ConsumerMember member = members.get(memberId);
        if (member == null) {
            throw new UnknownMemberIdException("Member " + memberId + " is not a member of group " + groupId + ".");
        }
        return member;
    }

    /** Null when the instance id is null or nobody has it. */
    ConsumerMember staticMember(String instanceId) {
        String memberId = instanceId == null ? null : staticMembers.get(instanceId);
        return memberId == null ? null : members.get(memberId);
    }

    /** Null when the group has no target for it. */
    SortedMap<Uuid, Set<Integer>> target(String memberId) {
        return targets.get(memberId);
    }

    /** The last resolution of each subscribed expression that has been resolved. */
    SortedMap<String, ConsumerGroupRegularExpression> resolved() {
        return Collections.unmodifiableSortedMap(resolved);
    }

    /** The expressions that the given members are subscribed to. */
    static Set<String> regexes(Collection<ConsumerMember> of) {
        Set<String> regexes = new HashSet<>();
        of.stream().filter(ConsumerMember::hasRegex).forEach(member -> regexes.add(member.regex()));
        return regexes;
    }

    /** The expressions that all members together are subscribed to. */
    Set<String> subscribedRegexes() {
        if (subscribedRegexes == null) {
            subscribedRegexes = regexes(members.values());
        }
        return subscribedRegexes;
    }

    /** The names a member is subscribed to, those its expression was resolved to included. */
    Set<String> topicsOf(ConsumerMember member) {
        Set<String> topics = new HashSet<>(member.metadata().subscribedTopicNames());
        ConsumerGroupRegularExpression expression = member.hasRegex() ? resolved.get(member.regex()) : null;
        if (expression != null) {
            topics.addAll(expression.topics());
        }
        return topics;
    }

    /** The names that all members together are subscribed to. */
    Set<String> subscribedTopics() {
        if (subscribedTopics == null) {
            Set<String> topics = new HashSet<>();
            members.values().forEach(member -> topics.addAll(topicsOf(member)));
            subscribedTopics = topics;
        }
        return subscribedTopics;
    }

    /** The epoch at which a member got a partition, or null; requests before OffsetCommit v10 name topics without ids. */
    Integer assignmentEpoch(ConsumerMember member, String topic, Uuid topicId, int partition) {
        Uuid id = Uuid.ZERO_UUID.equals(topicId) ? topicIds.apply(topic) : topicId;
        return id == null ? null : member.assignmentEpoch(id, partition);
    }

    int classicMembers() {
        return (int) members.values().stream().filter(ConsumerMember::classic).count();
    }

    /** All but these talk the classic protocol, and each of these the consumer protocol. */
    boolean allClassicExcept(Collection<ConsumerMember> leaving) {
        Predicate<ConsumerMember> classic = ConsumerMember::classic;
        return leaving.stream().noneMatch(classic) && classicMembers() == members.size() - leaving.size();
    }

    boolean metadataExpired(long nowMs) {
        return nowMs >= metadataDeadlineMs;
    }

    /** Volatile: the next heartbeat after that time compares the subscribed topics with the metadata. 0 is at once. */
    void refreshMetadataAt(long deadlineMs) {
        metadataDeadlineMs = deadlineMs;
    }

    /** Nothing is left of it that a record could hold. */
    boolean gone() {
        return members.isEmpty() && targets.isEmpty() && resolved.isEmpty() && epoch == 0 && assignmentEpoch == 0;
    }

    @Override
    public String groupId() {
        return groupId;
    }

    @Override
    public Type type() {
        return Type.CONSUMER;
    }

    @Override
    public String state() {
        if (members.isEmpty()) {
            return "Empty";
        }
        if (epoch > assignmentEpoch) {
            return "Assigning";
        }
        boolean stable = members.values().stream().allMatch(member -> member.current().reconciledTo(assignmentEpoch));
        return stable ? "Stable" : "Reconciling";
    }

    @Override
    public String protocolType() {
        return "consumer";
    }

    @Override
    public int memberCount() {
        return members.size();
    }

    @Override
    public boolean isEmpty() {
        return members.isEmpty();
    }

    @Override
    public boolean isSubscribedToTopic(String topic) {
        return subscribedTopics().contains(topic);
    }

    @Override
    public CommitPartitionValidator validateOffsetCommit(String memberId, String groupInstanceId, int memberEpoch,
                                                         boolean transactional, short apiVersion) {
        return OffsetFencing.commit(this, memberId, groupInstanceId, memberEpoch, transactional, apiVersion);
    }

    @Override
    public void validateOffsetFetch(String memberId, int memberEpoch) {
        OffsetFencing.fetch(this, memberId, memberEpoch);
    }

    @Override
    public void validateOffsetDelete() {
        // offsets of topics that nobody is subscribed to may go at any time; the offsets' side checks the subscription
    }

    @Override
    public void validateDeleteGroup() {
        if (!members.isEmpty()) {
            throw new GroupNotEmptyException("The group is not empty.");
        }
    }

    @Override
    public void addTombstones(List<GroupRecord> records) {
        records.addAll(ConsumerRecords.tombstones(this));
    }

    @Override
    public Optional<OffsetExpiration> offsetExpiration() {
        return Optional.of(GroupValue.OffsetCommit::commitTimestamp);
    }
}
