package org.milena.broker.cache;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;

/**
 * Everything the broker knows of the cluster, immutable: brokers work from one image and swap it as a whole.
 *
 * @param version       grows with every change
 * @param topicsByName  topics by name
 * @param topicsById    the same topics by id
 * @param brokerConfigs dynamic broker configs: of the cluster under the key "", of one broker under its id
 * @param groupConfigs  dynamic configs by group id
 */
public record MetadataImage(long version, String clusterId, int controllerId, List<BrokerImage> brokers,
                            Map<String, TopicImage> topicsByName, Map<Uuid, TopicImage> topicsById,
                            Map<String, Map<String, String>> brokerConfigs, Map<String, Map<String, String>> groupConfigs) {

    /** A live broker with the address it advertises. {@code rack} may be null. */
    public record BrokerImage(int id, String host, int port, String rack) {
    }

    /**
     * @param internal    {@code __consumer_offsets} and its kind
     * @param configs     the topic's own settings (overrides only)
     * @param configsHeld the settings are unknown: see {@link org.milena.broker.log.LogConfig#held()}
     */
    public record TopicImage(Uuid id, String name, boolean internal, List<PartitionImage> partitions,
                             Map<String, String> configs, boolean configsHeld) {
    }

    /** {@code leader} is -1 when there is none. */
    public record PartitionImage(int index, int leader, int leaderEpoch, List<Integer> replicas, List<Integer> isr) {
    }

    public TopicImage topic(String name) {
        return topicsByName.get(name);
    }

    public TopicImage topic(Uuid id) {
        return topicsById.get(id);
    }
}
