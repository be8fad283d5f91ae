package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;

/** What groups want to know of the metadata: ids, partition counts, and whether something changed. */
final class TopicMetadata {

    private TopicMetadata() {
    }

    /** The ids of those of the names that exist. */
    static Set<Uuid> ids(MetadataImage image, Collection<String> names) {
        Set<Uuid> ids = new TreeSet<>();
        for (String name : names) {
            TopicImage topic = image.topic(name);
            if (topic != null) {
                ids.add(topic.id());
            }
        }
        return ids;
    }

    /** Number of partitions by id, of those of the names that exist. */
    static SortedMap<Uuid, Integer> partitions(MetadataImage image, Collection<String> names) {
        SortedMap<Uuid, Integer> partitions = new TreeMap<>();
        for (String name : names) {
            TopicImage topic = image.topic(name);
            if (topic != null) {
                partitions.put(topic.id(), topic.partitions().size());
            }
        }
        return partitions;
    }

    /**
     * A hash over everything of the named topics that should make a group rebalance: id, name, number of partitions and the racks
     * of their replicas (KIP-1101). 0 when none exists. Stable over restarts, for it is kept in the log.
     */
    static long hash(MetadataImage image, Collection<String> names) {
        Map<Integer, String> racks = new HashMap<>();
        for (BrokerImage broker : image.brokers()) {
            racks.put(broker.id(), broker.rack());
        }
        long hash = 0;
        for (String name : new TreeSet<>(names)) {
            TopicImage topic = image.topic(name);
            if (topic != null) {
                hash = mix(hash, hash(topic, racks));
            }
        }
        return hash;
    }

    private static long hash(TopicImage topic, Map<Integer, String> racks) {
        long hash = mix(topic.id().getMostSignificantBits(), topic.id().getLeastSignificantBits());
        hash = mix(hash, text(topic.name()));
        hash = mix(hash, topic.partitions().size());
        for (PartitionImage partition : topic.partitions()) {
            List<String> replicas = new ArrayList<>();
            partition.replicas().forEach(id -> replicas.add(racks.get(id) == null ? "" : racks.get(id)));
            replicas.sort(null);
            for (String rack : replicas) {
                if (!rack.isEmpty()) {
                    hash = mix(mix(hash, partition.index()), text(rack));
                }
            }
        }
        return hash;
    }

    /** FNV-1a. */
    private static long text(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    /** Order matters; the finalizer of SplitMix64. */
    private static long mix(long hash, long value) {
        long z = hash * 31 + value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** Names of topics that came, went, or have other partitions or replicas than before. */
    static Set<String> changed(MetadataImage before, MetadataImage after) {
        Set<String> changed = new TreeSet<>();
        before.topicsByName().forEach((name, old) -> {
            TopicImage now = after.topic(name);
            if (now != old && (now == null || !sameForGroups(old, now))) {
                changed.add(name);
            }
        });
        changed.addAll(created(before, after));
        if (!before.brokers().equals(after.brokers())) {
            changed.addAll(after.topicsByName().keySet());
        }
        return changed;
    }

    static Set<String> created(MetadataImage before, MetadataImage after) {
        Set<String> created = new TreeSet<>();
        after.topicsByName().forEach((name, topic) -> {
            TopicImage old = before.topic(name);
            if (old == null || !old.id().equals(topic.id())) {
                created.add(name);
            }
        });
        return created;
    }

    /** Leaders come and go without a rebalance. */
    private static boolean sameForGroups(TopicImage old, TopicImage now) {
        if (!old.id().equals(now.id()) || old.partitions().size() != now.partitions().size()) {
            return false;
        }
        for (int i = 0; i < old.partitions().size(); i++) {
            if (!old.partitions().get(i).replicas().equals(now.partitions().get(i).replicas())) {
                return false;
            }
        }
        return true;
    }
}
