package org.milena.broker.group.consumer;

import java.util.List;
import java.util.TreeSet;
import org.apache.kafka.common.Uuid;
import org.milena.broker.group.record.GroupValue.ClassicMemberMetadata;
import org.milena.broker.group.record.GroupValue.ClassicProtocol;
import org.milena.broker.group.record.GroupValue.ConsumerGroupMemberMetadata;

/**
 * A member of a consumer group, immutable: who it is and what it wants, and what it has. Each half is one record in the log.
 * A member with {@code classicMemberMetadata} talks the classic protocol.
 */
record ConsumerMember(String memberId, ConsumerGroupMemberMetadata metadata, Current current) {

    private static final ConsumerGroupMemberMetadata NOTHING =
            new ConsumerGroupMemberMetadata(null, null, "", "", List.of(), null, -1, null, null);

    static ConsumerMember unknown(String memberId) {
        return new ConsumerMember(memberId, NOTHING, Current.NONE);
    }

    ConsumerMember with(ConsumerGroupMemberMetadata newMetadata) {
        return new ConsumerMember(memberId, newMetadata, current);
    }

    ConsumerMember with(Current newCurrent) {
        return new ConsumerMember(memberId, metadata, newCurrent);
    }

    /** Names in one order, once each: a client that sends them in another order has not changed its mind. */
    static List<String> normal(List<String> topics) {
        return List.copyOf(new TreeSet<>(topics));
    }

    String instanceId() {
        return metadata.instanceId();
    }

    /** Null or "" when it has none. */
    String regex() {
        return metadata.subscribedTopicRegex();
    }

    boolean hasRegex() {
        return regex() != null && !regex().isEmpty();
    }

    boolean classic() {
        return metadata.classicMemberMetadata() != null;
    }

    ClassicMemberMetadata classicMetadata() {
        return metadata.classicMemberMetadata();
    }

    /** The classic protocol the member was told in its JoinGroup answer: the one it likes best. */
    ClassicProtocol classicProtocol() {
        return classicMetadata().supportedProtocols().get(0);
    }

    /** The epoch at which the member got the partition, null when it neither has it nor is about to give it up. */
    Integer assignmentEpoch(Uuid topic, int partition) {
        Integer epoch = Partitions.epoch(current.assigned(), topic, partition);
        return epoch != null ? epoch : Partitions.epoch(current.revoking(), topic, partition);
    }
}
