package org.milena.broker.group.classic;

import static org.milena.broker.group.classic.ClassicGroupState.COMPLETING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.DEAD;
import static org.milena.broker.group.classic.ClassicGroupState.EMPTY;
import static org.milena.broker.group.classic.ClassicGroupState.PREPARING_REBALANCE;
import static org.milena.broker.group.classic.ClassicGroupState.STABLE;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.types.SchemaException;
import org.milena.broker.group.Group;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupMetadataValue;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;

/**
 * A group of the classic protocol. What is durable is one value, {@link #persisted()}, and only replay changes it; members,
 * state and generation in flight are volatile and are made from it once the shard is loaded.
 */
public final class ClassicGroup implements Group {

    private final String groupId;
    private GroupMetadataValue persisted;

    private ClassicGroupState state = EMPTY;
    private long stateTimestamp = -1;
    private int generationId;
    private String protocolType = "";
    private String protocolName;
    private String leaderId;
    /** Null when it can't be known. */
    private Set<String> subscribedTopics;
    private boolean newMemberAdded;
    private boolean initialRebalance;
    private boolean assignmentUnderWay;
    private final Map<String, ClassicMember> members = new LinkedHashMap<>();
    private final Map<String, String> staticMembers = new HashMap<>();
    private final Set<String> pendingJoin = new HashSet<>();
    private final Set<String> pendingSync = new HashSet<>();

    public ClassicGroup(String groupId) {
        this.groupId = groupId;
    }

    // ---- what is durable

    /** Null for a group that exists only by its offsets, or has not completed its first rebalance. */
    public GroupMetadataValue persisted() {
        return persisted;
    }

    void replay(GroupMetadataValue value) {
        persisted = value;
    }

    /** Makes the volatile part from the durable one, with other members than those in the log if {@code replacement} is not null. */
    void restore(Collection<ClassicMember> replacement) {
        if (persisted == null) {
            return;
        }
        members.clear();
        staticMembers.clear();
        generationId = persisted.generation();
        protocolType = persisted.protocolType();
        protocolName = persisted.protocol();
        leaderId = persisted.leader();
        stateTimestamp = persisted.currentStateTimestamp();
        if (replacement != null) {
            replacement.forEach(this::addMember);
        } else {
            persisted.members().forEach(m -> addMember(restored(m)));
        }
        state = members.isEmpty() ? EMPTY : STABLE;
        subscribedTopics = computeSubscribedTopics();
    }

    private ClassicMember restored(GroupMetadataValue.Member m) {
        List<ClassicProtocol> protocols = persisted.protocol() == null ? List.of()
                : List.of(new ClassicProtocol(persisted.protocol(), m.subscription()));
        ClassicMember member = new ClassicMember(m.memberId(), m.groupInstanceId(), m.clientId(), m.clientHost(),
                m.rebalanceTimeout(), m.sessionTimeout(), protocols);
        member.setAssignment(m.assignment());
        return member;
    }

    // ---- members

    public Collection<ClassicMember> members() {
        return members.values();
    }

    /** Null when there is none. */
    public ClassicMember member(String memberId) {
        return members.get(memberId);
    }

    public boolean hasMember(String memberId) {
        return members.containsKey(memberId);
    }

    /** The id under which a static member is known now, or null. */
    public String staticMemberId(String groupInstanceId) {
        return staticMembers.get(groupInstanceId);
    }

    void addMember(ClassicMember member) {
        members.put(member.memberId(), member);
        if (member.isStatic()) {
            staticMembers.put(member.groupInstanceId(), member.memberId());
        }
        pendingJoin.remove(member.memberId());
    }

    void removeMember(ClassicMember member) {
        members.remove(member.memberId());
        if (member.isStatic()) {
            staticMembers.remove(member.groupInstanceId(), member.memberId());
        }
        pendingJoin.remove(member.memberId());
        pendingSync.remove(member.memberId());
        if (member.memberId().equals(leaderId)) {
            leaderId = members.isEmpty() ? null : members.keySet().iterator().next();
        }
    }

    /** Gives a static member its new id, in the old one's place. */
    ClassicMember replaceStaticMember(ClassicMember old, String newMemberId) {
        ClassicMember replacement = old.renamed(newMemberId);
        members.remove(old.memberId());
        pendingSync.remove(old.memberId());
        addMember(replacement);
        if (old.memberId().equals(leaderId)) {
            leaderId = newMemberId;
        }
        return replacement;
    }

    /** Ids handed out with MEMBER_ID_REQUIRED that have not come back yet. */
    Set<String> pendingJoin() {
        return pendingJoin;
    }

    /** Somebody has an id and is about to come back with it. */
    public boolean hasPendingJoins() {
        return !pendingJoin.isEmpty();
    }

    /** Members of this generation that have not sent their SyncGroup yet. */
    Set<String> pendingSync() {
        return pendingSync;
    }

    // ---- state

    public boolean is(ClassicGroupState candidate) {
        return state == candidate;
    }

    void transitionTo(ClassicGroupState next, long nowMs) {
        state = next;
        stateTimestamp = nowMs;
    }

    public int generationId() {
        return generationId;
    }

    /** Null when no protocol is chosen. */
    public String protocolName() {
        return protocolName;
    }

    /** Null when there is none. */
    public String leaderId() {
        return leaderId;
    }

    public boolean isLeader(String memberId) {
        return memberId.equals(leaderId);
    }

    void setLeader(String memberId) {
        leaderId = memberId;
    }

    void setProtocolType(String type) {
        protocolType = type;
    }

    /** A member joined since the initial rebalance was last put off. */
    boolean newMemberAdded() {
        return newMemberAdded;
    }

    void setNewMemberAdded(boolean value) {
        newMemberAdded = value;
    }

    /** The rebalance under way is the first of a group that was empty: it waits for more members. */
    boolean isInitialRebalance() {
        return initialRebalance;
    }

    void prepareRebalance(long nowMs) {
        initialRebalance = state == EMPTY;
        pendingSync.clear();
        assignmentUnderWay = false;
        transitionTo(PREPARING_REBALANCE, nowMs);
    }

    /** The leader's assignment for this generation is on its way to the log. */
    boolean isAssignmentUnderWay() {
        return assignmentUnderWay;
    }

    void setAssignmentUnderWay() {
        assignmentUnderWay = true;
    }

    boolean canRebalance() {
        return state == STABLE || state == COMPLETING_REBALANCE || state == EMPTY;
    }

    /** Makes somebody leader who has joined, if the leader has not. False when nobody has. */
    boolean electJoinedLeader() {
        ClassicMember leader = leaderId == null ? null : members.get(leaderId);
        if (leader != null && leader.awaitingJoin() != null) {
            return true;
        }
        for (ClassicMember member : members.values()) {
            if (member.awaitingJoin() != null) {
                leaderId = member.memberId();
                return true;
            }
        }
        return false;
    }

    int awaitingJoinCount() {
        return (int) members.values().stream().filter(m -> m.awaitingJoin() != null).count();
    }

    int rebalanceTimeoutMs() {
        return members.values().stream().mapToInt(ClassicMember::rebalanceTimeoutMs).max().orElse(0);
    }

    boolean allMembersJoined() {
        return pendingJoin.isEmpty() && members.values().stream().allMatch(m -> m.awaitingJoin() != null);
    }

    /** Starts the next generation with whoever is a member now. */
    void nextGeneration(long nowMs) {
        generationId++;
        protocolName = members.isEmpty() ? null : selectProtocol();
        pendingSync.clear();
        initialRebalance = false;
        newMemberAdded = false;
        assignmentUnderWay = false;
        if (members.isEmpty()) {
            leaderId = null;
        }
        transitionTo(members.isEmpty() ? EMPTY : COMPLETING_REBALANCE, nowMs);
        subscribedTopics = computeSubscribedTopics();
    }

    /** What goes to the log: this generation with these assignments. */
    GroupMetadataValue toValue(Map<String, Bytes> assignments) {
        List<GroupMetadataValue.Member> list = members.values().stream()
                .map(m -> new GroupMetadataValue.Member(m.memberId(), m.groupInstanceId(), m.clientId(), m.clientHost(),
                        m.rebalanceTimeoutMs(), m.sessionTimeoutMs(), m.metadata(protocolName),
                        assignments.getOrDefault(m.memberId(), Bytes.EMPTY)))
                .toList();
        return new GroupMetadataValue(protocolType, generationId, protocolName, leaderId, stateTimestamp, list);
    }

    // ---- protocols

    /** True when a member with these protocols fits in. */
    boolean supports(String memberProtocolType, Collection<String> memberProtocols) {
        if (state == EMPTY) {
            return !memberProtocolType.isEmpty() && !memberProtocols.isEmpty();
        }
        return protocolType.equals(memberProtocolType) && memberProtocols.stream().anyMatch(commonProtocols()::contains);
    }

    private Set<String> commonProtocols() {
        Map<String, Integer> counts = new HashMap<>();
        members.values().forEach(m -> m.protocols().stream().map(ClassicProtocol::name).distinct()
                .forEach(name -> counts.merge(name, 1, Integer::sum)));
        counts.values().removeIf(count -> count < members.size());
        return counts.keySet();
    }

    /** Each member votes for the first of its protocols that all members know; the most votes win, of equals the first. */
    String selectProtocol() {
        Set<String> common = commonProtocols();
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (ClassicMember member : members.values()) {
            member.protocols().stream().map(ClassicProtocol::name).filter(common::contains)
                    .findFirst().ifPresent(name -> votes.merge(name, 1, Integer::sum));
        }
        String best = null;
        for (Map.Entry<String, Integer> vote : votes.entrySet()) {
            if (best == null || vote.getValue() > votes.get(best)) {
                best = vote.getKey();
            }
        }
        if (best == null) {
            throw Errors.INCONSISTENT_GROUP_PROTOCOL.exception();
        }
        return best;
    }

    public boolean usesConsumerProtocolType() {
        return ConsumerProtocol.PROTOCOL_TYPE.equals(protocolType);
    }

    /** Null when the subscriptions are not the consumer's, or can't be read. */
    private Set<String> computeSubscribedTopics() {
        if (!usesConsumerProtocolType()) {
            return null;
        }
        Set<String> topics = new HashSet<>();
        if (members.isEmpty()) {
            return topics;
        }
        if (protocolName == null) {
            return null;
        }
        try {
            for (ClassicMember member : members.values()) {
                // Version 0 is the prefix of all versions: all that is needed here.
                java.nio.ByteBuffer buffer = member.metadata(protocolName).buffer();
                ConsumerProtocol.deserializeVersion(buffer);
                topics.addAll(ConsumerProtocol.deserializeConsumerProtocolSubscription(buffer, (short) 0).topics());
            }
            return topics;
        } catch (SchemaException | java.nio.BufferUnderflowException e) {
            return null;
        }
    }

    // ---- Group

    @Override
    public String groupId() {
        return groupId;
    }

    @Override
    public Type type() {
        return Type.CLASSIC;
    }

    @Override
    public String state() {
        return state.toString();
    }

    @Override
    public String protocolType() {
        return protocolType;
    }

    @Override
    public int memberCount() {
        return members.size();
    }

    @Override
    public boolean isEmpty() {
        return state == EMPTY;
    }

    @Override
    public boolean isSubscribedToTopic(String topic) {
        return subscribedTopics == null ? usesConsumerProtocolType() : subscribedTopics.contains(topic);
    }

    /**
     * @throws org.apache.kafka.common.errors.UnknownMemberIdException no such member
     * @throws org.apache.kafka.common.errors.FencedInstanceIdException another process has taken over the static member
     */
    void validateMember(String memberId, String groupInstanceId) {
        if (groupInstanceId != null) {
            String current = staticMembers.get(groupInstanceId);
            if (current == null) {
                throw Errors.UNKNOWN_MEMBER_ID.exception();
            }
            if (!current.equals(memberId)) {
                throw Errors.FENCED_INSTANCE_ID.exception();
            }
        }
        if (!members.containsKey(memberId)) {
            throw Errors.UNKNOWN_MEMBER_ID.exception();
        }
    }

    @Override
    public CommitPartitionValidator validateOffsetCommit(String memberId, String groupInstanceId, int generation,
                                                         boolean transactional, short apiVersion) {
        if (state == DEAD) {
            throw Errors.COORDINATOR_NOT_AVAILABLE.exception();
        }
        if (generation < 0 && state == EMPTY) {
            return CommitPartitionValidator.ANY;
        }
        if (generation >= 0 || !memberId.isEmpty() || groupInstanceId != null) {
            validateMember(memberId, groupInstanceId);
            if (generation != generationId) {
                throw Errors.ILLEGAL_GENERATION.exception();
            }
        } else if (!transactional) {
            throw Errors.UNKNOWN_MEMBER_ID.exception();
        }
        if (!transactional && state == COMPLETING_REBALANCE) {
            // The member knows the new generation but not yet its assignment: it may not own what it commits.
            throw Errors.REBALANCE_IN_PROGRESS.exception();
        }
        return CommitPartitionValidator.ANY;
    }

    @Override
    public void validateOffsetFetch(String memberId, int memberEpoch) {
        if (state == DEAD) {
            throw new GroupIdNotFoundException("Group " + groupId + " is in dead state.");
        }
    }

    @Override
    public void validateOffsetDelete() {
        if (state == DEAD) {
            throw new GroupIdNotFoundException("Group " + groupId + " is in dead state.");
        }
        if (state != EMPTY && !usesConsumerProtocolType()) {
            throw Errors.NON_EMPTY_GROUP.exception();
        }
    }

    @Override
    public void validateDeleteGroup() {
        if (state == DEAD) {
            throw new GroupIdNotFoundException("Group " + groupId + " is in dead state.");
        }
        if (state != EMPTY) {
            throw Errors.NON_EMPTY_GROUP.exception();
        }
    }

    @Override
    public void addTombstones(List<GroupRecord> records) {
        records.add(GroupRecord.tombstone(new GroupKey.GroupMetadata(groupId)));
    }

    @Override
    public Optional<OffsetExpiration> offsetExpiration() {
        if (protocolType.isEmpty()) {
            return Optional.of(GroupValue.OffsetCommit::commitTimestamp);
        }
        if (state == EMPTY) {
            // Counted from the moment the last member left; groups written before Kafka 2.1 don't know it.
            return Optional.of(offset -> stateTimestamp == -1 ? offset.commitTimestamp() : stateTimestamp);
        }
        if (usesConsumerProtocolType() && subscribedTopics != null && state == STABLE) {
            return Optional.of(GroupValue.OffsetCommit::commitTimestamp);
        }
        return Optional.empty();
    }
}
