package org.milena.broker.group.assignor;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;

/**
 * What an assignor works from.
 *
 * @param members    by member id
 * @param partitions number of partitions by topic id: every topic that exists and that somebody is subscribed to
 */
public record GroupSpec(SortedMap<String, Member> members, SortedMap<Uuid, Integer> partitions) {

    /**
     * @param instanceId of a static member, or null
     * @param topics     the existing topics that it is subscribed to
     * @param current    its present target assignment; may name partitions that are gone, or that it is no longer subscribed to
     */
    public record Member(String instanceId, Set<Uuid> topics, Map<Uuid, Set<Integer>> current) {
    }

    /** All members are subscribed to the same topics. */
    public boolean homogeneous() {
        Iterator<Member> all = members.values().iterator();
        Set<Uuid> first = all.hasNext() ? all.next().topics() : Set.of();
        while (all.hasNext()) {
            if (!all.next().topics().equals(first)) {
                return false;
            }
        }
        return true;
    }

    /** The subscribers of each topic, in the order of {@code order}. */
    SortedMap<Uuid, List<String>> subscribers(Iterable<String> order) {
        SortedMap<Uuid, List<String>> subscribers = new TreeMap<>();
        for (String memberId : order) {
            for (Uuid topic : members.get(memberId).topics()) {
                subscribers.computeIfAbsent(topic, t -> new ArrayList<>()).add(memberId);
            }
        }
        return subscribers;
    }
}
