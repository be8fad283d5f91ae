package org.milena.broker.topic;

import java.util.Map;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.milena.broker.config.BrokerConfig;

/** How topics look that the broker creates by itself: its own, and those that clients merely ask for. */
final class InternalTopics {

    private InternalTopics() {
    }

    static CreatableTopic creatable(String name, BrokerConfig config) {
        CreatableTopic topic = new CreatableTopic().setName(name).setNumPartitions(-1).setReplicationFactor((short) -1);
        if (name.equals(Topic.GROUP_METADATA_TOPIC_NAME)) {
            topic.setNumPartitions(config.intValue("offsets.topic.num.partitions"))
                    .setReplicationFactor((short) config.intValue("offsets.topic.replication.factor"));
        } else if (name.equals(Topic.TRANSACTION_STATE_TOPIC_NAME)) {
            topic.setNumPartitions(config.intValue("transaction.state.log.num.partitions"))
                    .setReplicationFactor((short) config.intValue("transaction.state.log.replication.factor"));
        }
        configs(name, config).forEach((key, value) -> topic.configs().add(new CreatableTopicConfig().setName(key).setValue(value)));
        return topic;
    }

    /** The settings of a topic of ours; empty for any other. */
    static Map<String, String> configs(String name, BrokerConfig config) {
        return switch (name) {
            case Topic.GROUP_METADATA_TOPIC_NAME -> Map.of("cleanup.policy", "compact", "compression.type", "producer",
                    "segment.bytes", String.valueOf(config.intValue("offsets.topic.segment.bytes")));
            case Topic.TRANSACTION_STATE_TOPIC_NAME -> Map.of("cleanup.policy", "compact", "compression.type", "uncompressed",
                    "min.insync.replicas", String.valueOf(config.intValue("transaction.state.log.min.isr")),
                    "segment.bytes", String.valueOf(config.intValue("transaction.state.log.segment.bytes")));
            default -> Map.of();
        };
    }
}
