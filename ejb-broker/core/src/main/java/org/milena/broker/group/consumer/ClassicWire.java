package org.milena.broker.group.consumer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InconsistentGroupProtocolException;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.protocol.types.SchemaException;
import org.apache.kafka.common.utils.Utils;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.record.Bytes;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;

/** The embedded protocol of classic consumers: subscriptions and assignments by topic name, in bytes. */
final class ClassicWire {

    private ClassicWire() {
    }

    /** Copies: the request's arrays may be slices of a network buffer. */
    static List<ClassicProtocol> protocols(JoinGroupRequestData.JoinGroupRequestProtocolCollection protocols) {
        List<ClassicProtocol> list = new ArrayList<>();
        protocols.forEach(protocol -> list.add(new ClassicProtocol(protocol.name(), Bytes.copyOf(protocol.metadata()))));
        return list;
    }

    /** All protocols of a consumer carry the same subscription. @throws InconsistentGroupProtocolException it cannot be read */
    static ConsumerProtocolSubscription subscription(List<ClassicProtocol> protocols) {
        try {
            return ConsumerProtocol.deserializeConsumerProtocolSubscription(protocols.get(0).metadata().buffer());
        } catch (SchemaException e) {
            throw new InconsistentGroupProtocolException("The subscription of protocol " + protocols.get(0).name() + " is malformed.", e);
        }
    }

    /** What the member says it owns, by topic id; topics that do not exist are left out. */
    static List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned(ConsumerProtocolSubscription subscription, MetadataImage image) {
        List<ConsumerGroupHeartbeatRequestData.TopicPartitions> owned = new ArrayList<>();
        subscription.ownedPartitions().forEach(topic -> {
            TopicImage known = image.topic(topic.topic());
            if (known != null) {
                owned.add(new ConsumerGroupHeartbeatRequestData.TopicPartitions().setTopicId(known.id()).setPartitions(topic.partitions()));
            }
        });
        return owned;
    }

    /** @param subscription the member's, whose version the assignment takes */
    static Bytes assignment(Bytes subscription, Map<Uuid, ? extends Set<Integer>> partitions, MetadataImage image) {
        ConsumerProtocolAssignment assignment = new ConsumerProtocolAssignment();
        partitions.forEach((id, numbers) -> {
            TopicImage topic = image.topic(id);
            if (topic != null && !numbers.isEmpty()) {
                assignment.assignedPartitions().add(new ConsumerProtocolAssignment.TopicPartition().setTopic(topic.name())
                        .setPartitions(List.copyOf(new TreeSet<>(numbers))));
            }
        });
        short version = ConsumerProtocol.deserializeVersion(subscription.buffer());
        return Bytes.wrap(Utils.toArray(ConsumerProtocol.serializeAssignment(assignment, version)));
    }
}
