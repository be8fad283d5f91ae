package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.MetadataStore.PartitionRow;
import org.milena.broker.cluster.MetadataStore.TopicRow;

/** Makes the next {@link MetadataImage} out of one and a change. */
public final class MetadataImages {

    private MetadataImages() {
    }

    /** Before anything is loaded. */
    public static MetadataImage empty(String clusterId) {
        return new MetadataImage(0, clusterId, -1, List.of(), Map.of(), Map.of(), Map.of(), Map.of());
    }

    static TopicImage topic(TopicRow row) {
        return new TopicImage(row.id(), row.name(), row.internal(), row.partitions().stream().map(MetadataImages::partition).toList(),
                Map.copyOf(row.configs()), row.configsHeld());
    }

    static PartitionImage partition(PartitionRow row) {
        return new PartitionImage(row.index(), row.leader(), row.leaderEpoch(), List.copyOf(row.replicas()), List.copyOf(row.isr()));
    }

    /** Replaces topics by id, or adds them. */
    static MetadataImage with(MetadataImage image, Collection<TopicImage> topics) {
        Map<String, TopicImage> byName = new HashMap<>(image.topicsByName());
        Map<Uuid, TopicImage> byId = new HashMap<>(image.topicsById());
        for (TopicImage topic : topics) {
            byName.put(topic.name(), topic);
            byId.put(topic.id(), topic);
        }
        return withTopics(image, byName, byId);
    }

    static MetadataImage without(MetadataImage image, Collection<TopicImage> topics) {
        Map<String, TopicImage> byName = new HashMap<>(image.topicsByName());
        Map<Uuid, TopicImage> byId = new HashMap<>(image.topicsById());
        for (TopicImage topic : topics) {
            byName.remove(topic.name());
            byId.remove(topic.id());
        }
        return withTopics(image, byName, byId);
    }

    private static MetadataImage withTopics(MetadataImage image, Map<String, TopicImage> byName, Map<Uuid, TopicImage> byId) {
        return new MetadataImage(image.version() + 1, image.clusterId(), image.controllerId(), image.brokers(),
                Collections.unmodifiableMap(byName), Collections.unmodifiableMap(byId), image.brokerConfigs(), image.groupConfigs());
    }

    static MetadataImage withBrokers(MetadataImage image, int controllerId, List<BrokerImage> brokers) {
        return new MetadataImage(image.version() + 1, image.clusterId(), controllerId, List.copyOf(brokers), image.topicsByName(),
                image.topicsById(), image.brokerConfigs(), image.groupConfigs());
    }

    static MetadataImage withBrokerConfigs(MetadataImage image, Map<String, Map<String, String>> configs) {
        return new MetadataImage(image.version() + 1, image.clusterId(), image.controllerId(), image.brokers(), image.topicsByName(),
                image.topicsById(), Map.copyOf(configs), image.groupConfigs());
    }

    static MetadataImage withGroupConfigs(MetadataImage image, Map<String, Map<String, String>> configs) {
        return new MetadataImage(image.version() + 1, image.clusterId(), image.controllerId(), image.brokers(), image.topicsByName(),
                image.topicsById(), image.brokerConfigs(), Map.copyOf(configs));
    }

    static Map<String, Map<String, String>> put(Map<String, Map<String, String>> all, String name, Map<String, String> settings) {
        Map<String, Map<String, String>> result = new HashMap<>(all);
        if (settings.isEmpty()) {
            result.remove(name);
        } else {
            result.put(name, Map.copyOf(settings));
        }
        return result;
    }

    static TopicImage withPartitions(TopicImage topic, List<PartitionImage> partitions) {
        return new TopicImage(topic.id(), topic.name(), topic.internal(), List.copyOf(partitions), topic.configs(), topic.configsHeld());
    }

    static TopicImage withConfigs(TopicImage topic, Map<String, String> configs, boolean held) {
        return new TopicImage(topic.id(), topic.name(), topic.internal(), topic.partitions(), Map.copyOf(configs), held);
    }

    static List<PartitionImage> join(List<PartitionImage> some, List<PartitionImage> more) {
        List<PartitionImage> result = new ArrayList<>(some);
        result.addAll(more);
        return result;
    }
}
