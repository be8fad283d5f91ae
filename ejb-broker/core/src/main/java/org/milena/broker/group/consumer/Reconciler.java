package org.milena.broker.group.consumer;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.FencedMemberEpochException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;

/**
 * Leads one member, step by step, to its target assignment (KIP-848). A partition that has to go is first asked back
 * ({@link MemberState#UNREVOKED_PARTITIONS}), and the member stays in its epoch until a heartbeat shows that it gave it up. A
 * partition that has to come is given only when nobody has it any more; until then the member waits in the target's epoch
 * ({@link MemberState#UNRELEASED_PARTITIONS}). So no partition ever has two owners.
 */
final class Reconciler {

    /** Whether somebody other than the member at hand has, or has not yet given up, a partition. */
    @FunctionalInterface
    interface Held {
        boolean byAnother(Uuid topic, int partition);
    }

    private final Current current;
    private final int targetEpoch;
    private final Map<Uuid, Set<Integer>> target;
    private final Set<Uuid> subscribed;
    private final Held held;
    private final List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned;

    /**
     * @param subscribed topics that the member wants now: it keeps and gets no others, even if the target, older than its wish, says so
     * @param owned      what the member says it owns, null when it does not say
     */
    Reconciler(Current current, int targetEpoch, Map<Uuid, Set<Integer>> target, Set<Uuid> subscribed, Held held,
               List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned) {
        this.current = current;
        this.targetEpoch = targetEpoch;
        this.target = target;
        this.subscribed = subscribed;
        this.held = held;
        this.owned = owned;
    }

    /**
     * @param subscriptionChanged the member changed its wish with this very request
     * @throws FencedMemberEpochException a newer broker left the member in a state that this one does not know
     */
    Current next(boolean subscriptionChanged) {
        switch (current.state()) {
            case STABLE:
                if (current.epoch() != targetEpoch) {
                    return towardsTarget(current.epoch());
                }
                return subscriptionChanged ? dropUnsubscribed() : current;
            case UNREVOKED_PARTITIONS:
                if (stillOwns(current.revoking())) {
                    return subscriptionChanged ? dropUnsubscribed() : current;
                }
                return towardsTarget(current.epoch());
            case UNRELEASED_PARTITIONS:
                return towardsTarget(current.epoch());
            default:
                if (owned == null || !owned.isEmpty()) {
                    throw new FencedMemberEpochException("The consumer group member is in a unknown state. "
                            + "The member must abandon all its partitions and rejoin.");
                }
                return towardsTarget(targetEpoch);
        }
    }

    private Current towardsTarget(int epoch) {
        SortedMap<Uuid, SortedMap<Integer, Integer>> assigned = new TreeMap<>();
        SortedMap<Uuid, SortedMap<Integer, Integer>> revoking = new TreeMap<>();
        current.assigned().forEach((topic, partitions) -> partitions.forEach((partition, since) ->
                Partitions.add(wanted(topic).contains(partition) ? assigned : revoking, topic, partition, since)));
        if (!revoking.isEmpty() && stillOwns(revoking)) {
            return current.next(epoch, MemberState.UNREVOKED_PARTITIONS, assigned, revoking);
        }
        boolean waiting = false;
        for (Uuid topic : new TreeSet<>(target.keySet())) {
            for (int partition : wanted(topic)) {
                if (Partitions.epoch(assigned, topic, partition) != null) {
                    continue;
                }
                if (held.byAnother(topic, partition)) {
                    waiting = true;
                } else {
                    Partitions.add(assigned, topic, partition, targetEpoch);
                }
            }
        }
        return current.next(targetEpoch, waiting ? MemberState.UNRELEASED_PARTITIONS : MemberState.STABLE, assigned, new TreeMap<>());
    }

    /** Asks back at once what the member no longer wants, while the target is still the old one. */
    private Current dropUnsubscribed() {
        SortedMap<Uuid, SortedMap<Integer, Integer>> assigned = new TreeMap<>();
        SortedMap<Uuid, SortedMap<Integer, Integer>> revoking = new TreeMap<>();
        current.revoking().forEach((topic, partitions) -> revoking.put(topic, new TreeMap<>(partitions)));
        current.assigned().forEach((topic, partitions) -> partitions.forEach((partition, since) ->
                Partitions.add(subscribed.contains(topic) ? assigned : revoking, topic, partition, since)));
        if (assigned.equals(current.assigned())) {
            return current;
        }
        if (stillOwns(revoking)) {
            return current.next(current.epoch(), MemberState.UNREVOKED_PARTITIONS, assigned, revoking);
        }
        return current.next(current.epoch(), current.state(), assigned, new TreeMap<>());
    }

    private Set<Integer> wanted(Uuid topic) {
        return subscribed.contains(topic) ? target.getOrDefault(topic, Set.of()) : Set.of();
    }

    /** A member that does not say what it owns has to be taken to own everything. */
    private boolean stillOwns(Map<Uuid, SortedMap<Integer, Integer>> partitions) {
        if (owned == null) {
            return true;
        }
        for (ConsumerGroupHeartbeatRequestData.TopicPartitions topic : owned) {
            SortedMap<Integer, Integer> among = partitions.get(topic.topicId());
            if (among != null && topic.partitions().stream().anyMatch(among::containsKey)) {
                return true;
            }
        }
        return false;
    }
}
