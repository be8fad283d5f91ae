package org.milena.broker.group;

import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.Uuid;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue;

/** A group of either protocol, as offsets and administration see it. Used on its shard's executor only. */
public interface Group {

    enum Type {
        CLASSIC("classic"), CONSUMER("consumer");

        private final String kafkaName;

        Type(String kafkaName) {
            this.kafkaName = kafkaName;
        }

        @Override
        public String toString() {
            return kafkaName;
        }
    }

    /** Checks one partition of an OffsetCommit that passed {@link #validateOffsetCommit} as a whole (KIP-1251). */
    @FunctionalInterface
    interface CommitPartitionValidator {
        CommitPartitionValidator ANY = (topic, topicId, partition) -> { };

        /** @param topicId {@link Uuid#ZERO_UUID} when the request carries names
         *  @throws org.apache.kafka.common.errors.StaleMemberEpochException a zombie commits a partition that moved on */
        void validate(String topic, Uuid topicId, int partition);
    }

    /** When committed offsets of a group expire (KIP-211). */
    @FunctionalInterface
    interface OffsetExpiration {
        /** The time, milliseconds, from which the retention of this offset is counted. */
        long baseTimestampMs(GroupValue.OffsetCommit offset);
    }

    String groupId();

    Type type();

    /** Kafka's name of the state, e.g. {@code Stable}. */
    String state();

    /** {@code consumer}, {@code connect}… or "". */
    String protocolType();

    int memberCount();

    /** No members: offsets may be reset, the group deleted. */
    boolean isEmpty();

    /** True too when it can't be known; such offsets neither expire nor can be deleted. */
    boolean isSubscribedToTopic(String topic);

    /** @throws org.apache.kafka.common.errors.ApiException why this member, instance and generation (or member epoch) may not commit */
    CommitPartitionValidator validateOffsetCommit(String memberId, String groupInstanceId, int generationIdOrMemberEpoch,
                                                  boolean transactional, short apiVersion);

    /** @param memberId null, and {@code memberEpoch} negative, when the request names no member (before v9, admin clients) */
    void validateOffsetFetch(String memberId, int memberEpoch);

    void validateOffsetDelete();

    /** @throws org.apache.kafka.common.errors.GroupNotEmptyException it has members */
    void validateDeleteGroup();

    /** Adds the tombstones of everything but the offsets. */
    void addTombstones(List<GroupRecord> records);

    /** Empty: its offsets don't expire now. */
    Optional<OffsetExpiration> offsetExpiration();
}
