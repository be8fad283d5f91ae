package org.milena.connector.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData.TopicPartitions;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/**
 * The membership in a group by heartbeats (KIP-848). Used by one thread, but {@link #epoch} by any.
 *
 * <p>Joins with epoch 0 and a whole request. After that only changes are told, and everything again when an answer was lost.
 */
final class Membership {

    private static final int JOIN = 0;
    private static final int LEAVE = -1;
    /** A static member that will be back: its partitions wait for it, as long as a session may last. */
    private static final int LEAVE_FOR_A_WHILE = -2;

    private final GroupCoordinator coordinator;
    private final ConsumerConfig config;
    private final String memberId;
    private volatile int epoch = JOIN;
    private Set<PartitionId> told;
    private long dueAt = System.nanoTime();

    Membership(GroupCoordinator coordinator, ConsumerConfig config) {
        this.coordinator = coordinator;
        this.config = config;
        this.memberId = (config.process() == null ? "" : config.process().prefix()) + Uuid.randomUuid();
    }

    String memberId() {
        return memberId;
    }

    /** Nothing that this member says under an older one is accepted, unless it concerns a partition that it held all the time (KIP-1251). */
    int epoch() {
        return epoch;
    }

    boolean isMember() {
        return epoch > JOIN;
    }

    long nanosUntilDue() {
        return Math.max(0, dueAt - System.nanoTime());
    }

    /** Whether there is something to tell at once. */
    boolean isDue(Set<PartitionId> owned) {
        return nanosUntilDue() == 0 || isMember() && told != null && !owned.equals(told);
    }

    /** To be out of the group already; begins anew with the next heartbeat. All partitions are to be given up before this is called. */
    void expelled() {
        epoch = JOIN;
        told = null;
        dueAt = System.nanoTime();
    }

    /** When the next heartbeat is due, unless one is answered before. */
    void retryIn(long ms) {
        dueAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
    }

    /**
     * Tells the group that this member lives, and which partitions it holds.
     *
     * @return the partitions it is to hold, or null when that has not changed
     * @throws ClientException no answer, or an error
     */
    Set<PartitionId> beat(Set<PartitionId> owned, Deadline deadline) throws ClientException {
        ConsumerGroupHeartbeatRequestData request = new ConsumerGroupHeartbeatRequestData().setGroupId(config.groupId()).setMemberId(memberId)
                .setMemberEpoch(epoch).setInstanceId(config.groupInstanceId());
        boolean whole = told == null;
        if (whole) {
            request.setRebalanceTimeoutMs(config.maxPollIntervalMs()).setServerAssignor(config.assignor());
            if (config.topicPattern() == null) {
                request.setSubscribedTopicNames(config.topics());
            } else {
                request.setSubscribedTopicRegex(config.topicPattern());
            }
        }
        if (whole || !owned.equals(told)) {
            request.setTopicPartitions(wire(owned));
        }
        told = null; // until it is known to have arrived
        ConsumerGroupHeartbeatResponseData answer = (ConsumerGroupHeartbeatResponseData) coordinator.ask(ApiKeys.CONSUMER_GROUP_HEARTBEAT,
                1, 1, request, deadline);
        coordinator.check(Errors.forCode(answer.errorCode()), "Membership in group " + config.groupId(), answer.errorMessage());
        told = new HashSet<>(owned);
        epoch = answer.memberEpoch();
        retryIn(answer.heartbeatIntervalMs());
        return answer.assignment() == null ? null : partitions(answer.assignment());
    }

    /** Out of the group; where that can't be told, its session will time out. */
    void leave(Deadline deadline) {
        if (!isMember()) {
            return;
        }
        ConsumerGroupHeartbeatRequestData request = leaving(config.groupId(), memberId, config.groupInstanceId());
        expelled();
        try {
            coordinator.ask(ApiKeys.CONSUMER_GROUP_HEARTBEAT, 1, 1, request, deadline);
        } catch (ClientException e) {
            System.getLogger(Membership.class.getName()).log(System.Logger.Level.DEBUG, "Leaving group " + config.groupId() + " was not acknowledged", e);
        }
    }

    /** @param instanceId null: for good */
    static ConsumerGroupHeartbeatRequestData leaving(String groupId, String memberId, String instanceId) {
        return new ConsumerGroupHeartbeatRequestData().setGroupId(groupId).setMemberId(memberId).setInstanceId(instanceId)
                .setMemberEpoch(instanceId == null ? LEAVE : LEAVE_FOR_A_WHILE);
    }

    private static List<TopicPartitions> wire(Set<PartitionId> owned) {
        Map<Uuid, TopicPartitions> byTopic = new HashMap<>();
        for (PartitionId id : owned) {
            byTopic.computeIfAbsent(id.topic(), topic -> new TopicPartitions().setTopicId(topic).setPartitions(new ArrayList<>()))
                    .partitions().add(id.partition());
        }
        return new ArrayList<>(byTopic.values());
    }

    private static Set<PartitionId> partitions(ConsumerGroupHeartbeatResponseData.Assignment assignment) {
        Set<PartitionId> partitions = new HashSet<>();
        assignment.topicPartitions().forEach(topic -> topic.partitions().forEach(p -> partitions.add(new PartitionId(topic.topicId(), p))));
        return partitions;
    }
}
