package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;

/** A consumer as KIP-848 wants it: it gives partitions up before it says so, and takes what the answers bring. */
final class TestMember {

    final GroupHarness harness;
    final String groupId;
    final String memberId;
    String instanceId;
    List<String> topics = List.of();
    String regex;
    String assignor;
    int rebalanceTimeoutMs = 30_000;
    int epoch;
    Map<Uuid, Set<Integer>> owned = new TreeMap<>();
    /** What the last answer that said so wants it to own. */
    Map<Uuid, Set<Integer>> wanted = new TreeMap<>();
    private boolean ownedChanged;

    TestMember(GroupHarness harness, String groupId, String memberId, String... topics) {
        this.harness = harness;
        this.groupId = groupId;
        this.memberId = memberId;
        this.topics = List.of(topics);
    }

    TestMember instance(String id) {
        instanceId = id;
        return this;
    }

    TestMember regex(String expression) {
        regex = expression;
        return this;
    }

    ConsumerGroupHeartbeatRequestData request() {
        return new ConsumerGroupHeartbeatRequestData().setGroupId(groupId).setMemberId(memberId).setMemberEpoch(epoch).setInstanceId(instanceId);
    }

    ConsumerGroupHeartbeatRequestData full() {
        return request().setRebalanceTimeoutMs(rebalanceTimeoutMs).setSubscribedTopicNames(topics).setSubscribedTopicRegex(regex)
                .setServerAssignor(assignor).setTopicPartitions(ownedList());
    }

    private List<ConsumerGroupHeartbeatRequestData.TopicPartitions> ownedList() {
        List<ConsumerGroupHeartbeatRequestData.TopicPartitions> list = new ArrayList<>();
        owned.forEach((topic, partitions) -> list.add(new ConsumerGroupHeartbeatRequestData.TopicPartitions().setTopicId(topic)
                .setPartitions(List.copyOf(partitions))));
        return list;
    }

    ConsumerGroupHeartbeatResponseData join() {
        epoch = 0;
        owned.clear();
        return take(harness.beat(full()));
    }

    /** A heartbeat that says what changed, and no more. */
    ConsumerGroupHeartbeatResponseData beat() {
        ConsumerGroupHeartbeatRequestData request = request();
        if (ownedChanged) {
            request.setTopicPartitions(ownedList());
            ownedChanged = false;
        }
        return take(harness.beat(request));
    }

    ConsumerGroupHeartbeatResponseData beatFull() {
        return take(harness.beat(full()));
    }

    ConsumerGroupHeartbeatResponseData take(ConsumerGroupHeartbeatResponseData response) {
        epoch = response.memberEpoch();
        if (response.assignment() != null) {
            wanted = new TreeMap<>();
            response.assignment().topicPartitions().forEach(topic -> wanted.put(topic.topicId(), new TreeSet<>(topic.partitions())));
        }
        return response;
    }

    /** Does what the last answer said: gives up and takes. The next heartbeat reports it. */
    void apply() {
        if (!owned.equals(wanted)) {
            owned = new TreeMap<>(wanted);
            ownedChanged = true;
        }
    }

    /** Gives up what it should, takes nothing yet. */
    void revoke() {
        Map<Uuid, Set<Integer>> kept = new TreeMap<>();
        owned.forEach((topic, partitions) -> {
            Set<Integer> both = new TreeSet<>(partitions);
            both.retainAll(wanted.getOrDefault(topic, Set.of()));
            if (!both.isEmpty()) {
                kept.put(topic, both);
            }
        });
        ownedChanged |= !kept.equals(owned);
        owned = kept;
    }

    void leave() {
        harness.beat(request().setMemberEpoch(-1));
        owned.clear();
    }

    int count() {
        return owned.values().stream().mapToInt(Set::size).sum();
    }

    /** Heartbeats of all until nothing changes any more; at most {@code rounds}. */
    static int settle(List<TestMember> members, int rounds) {
        for (int round = 1; round <= rounds; round++) {
            boolean changed = false;
            for (TestMember member : members) {
                int before = member.epoch;
                member.beat();
                changed |= before != member.epoch || !member.owned.equals(member.wanted);
                member.apply();
            }
            if (!changed) {
                return round;
            }
        }
        throw new AssertionError("not settled after " + rounds + " rounds of heartbeats");
    }
}
