package org.milena.broker.group.consumer;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.IllegalGenerationException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.milena.broker.group.Group.CommitPartitionValidator;

/** Which member may commit and fetch offsets of a consumer group: the one that holds the right epoch. */
final class OffsetFencing {

    /** The first OffsetCommit that carries a member epoch. */
    private static final short FIRST_EPOCH_VERSION = 9;

    private OffsetFencing() {
    }

    /**
     * A member one or more epochs behind may still commit partitions that it has held, without a break, since the epoch it
     * knows (KIP-1251): its view of them cannot be stale.
     */
    static CommitPartitionValidator commit(ConsumerGroup group, String memberId, String instanceId, int epoch,
                                           boolean transactional, short apiVersion) {
        if (epoch < 0 && group.isEmpty()) {
            return CommitPartitionValidator.ANY;
        }
        if (transactional && epoch == -1 && memberId.isEmpty() && instanceId == null) {
            return CommitPartitionValidator.ANY;
        }
        ConsumerMember member = group.existing(memberId);
        if (!transactional && !member.classic() && apiVersion < FIRST_EPOCH_VERSION) {
            throw new UnsupportedVersionException("OffsetCommit version 9 or above must be used by members using the consumer group protocol");
        }
        int current = member.current().epoch();
        if (epoch == current) {
            return CommitPartitionValidator.ANY;
        }
        if (epoch > current) {
            throw stale(member, "Received " + noun(member) + " " + epoch + " is newer than current member epoch " + current + ".");
        }
        return (topic, topicId, partition) -> {
            Integer since = group.assignmentEpoch(member, topic, topicId, partition);
            if (since == null) {
                throw stale(member, "Partition " + topic + "-" + partition + " is not assigned or pending revocation for member.");
            }
            if (epoch < since) {
                throw stale(member, "Received " + noun(member) + " " + epoch + " is older than the assignment epoch " + since
                        + " of partition " + topic + "-" + partition + ".");
            }
        };
    }

    static void fetch(ConsumerGroup group, String memberId, int epoch) {
        if (memberId == null && epoch < 0) {
            return;
        }
        ConsumerMember member = memberId == null ? null : group.member(memberId);
        if (member == null) {
            throw new UnknownMemberIdException("Member " + memberId + " is not a member of group " + group.groupId() + ".");
        }
        if (epoch != member.current().epoch()) {
            throw stale(member, "The received " + noun(member) + " " + epoch + " does not match the expected member epoch "
                    + member.current().epoch() + ".");
        }
    }

    private static String noun(ConsumerMember member) {
        return member.classic() ? "generation id" : "member epoch";
    }

    private static ApiException stale(ConsumerMember member, String message) {
        return member.classic() ? new IllegalGenerationException(message) : new StaleMemberEpochException(message);
    }
}
