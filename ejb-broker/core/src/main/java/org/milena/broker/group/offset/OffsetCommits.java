package org.milena.broker.group.offset;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponsePartition;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.Group;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue.OffsetCommit;
import org.milena.broker.coordinator.Result;

/** What changes committed offsets: commit, delete, expiry, and the end of a topic. */
public final class OffsetCommits {

    private static final long NO_RETENTION = -1;

    private final ShardContext context;
    private final OffsetStore store;
    private final SealedOffsets sealed;

    public OffsetCommits(ShardContext context, OffsetStore store, SealedOffsets sealed) {
        this.context = context;
        this.store = store;
        this.sealed = sealed;
    }

    /**
     * @param request its topics exist and carry name and id
     * @throws ApiException why this member may not commit
     */
    public Result<OffsetCommitResponseData> commit(RequestInfo info, OffsetCommitRequestData request) {
        Group.CommitPartitionValidator validator = validate(info, request);
        OffsetCommitResponseData response = new OffsetCommitResponseData();
        List<GroupRecord> records = new ArrayList<>();
        long now = context.clock().millis();
        for (OffsetCommitRequestTopic topic : request.topics()) {
            OffsetCommitResponseTopic answered = new OffsetCommitResponseTopic().setName(topic.name()).setTopicId(topic.topicId());
            response.topics().add(answered);
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                Errors error = check(request.groupId(), topic, partition, validator);
                answered.partitions().add(new OffsetCommitResponsePartition()
                        .setPartitionIndex(partition.partitionIndex()).setErrorCode(error.code()));
                if (error == Errors.NONE) {
                    records.add(record(request, topic, partition, now));
                }
            }
        }
        return Result.of(response, records);
    }

    private Group.CommitPartitionValidator validate(RequestInfo info, OffsetCommitRequestData request) {
        Group group = context.groups().get(request.groupId());
        if (group == null) {
            if (request.generationIdOrMemberEpoch() < 0) {
                // A client that keeps its offsets here and needs no membership: the first offset makes the group.
                return Group.CommitPartitionValidator.ANY;
            }
            throw (info.apiVersion() >= 9 ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION).exception();
        }
        return group.validateOffsetCommit(request.memberId(), request.groupInstanceId(), request.generationIdOrMemberEpoch(),
                false, info.apiVersion());
    }

    private Errors check(String groupId, OffsetCommitRequestTopic topic, OffsetCommitRequestPartition partition,
                         Group.CommitPartitionValidator validator) {
        String metadata = partition.committedMetadata();
        if (metadata != null && metadata.length() > context.config().get().offsets().metadataMaxBytes()) {
            return Errors.OFFSET_METADATA_TOO_LARGE;
        }
        try {
            validator.validate(topic.name(), topic.topicId(), partition.partitionIndex());
            return refusal(groupId, new TopicPartition(topic.name(), partition.partitionIndex()));
        } catch (ApiException e) {
            return Errors.forException(e);
        }
    }

    private Errors refusal(String groupId, TopicPartition partition) {
        ApiException refusal = sealed.refusal(groupId, partition);
        return refusal == null ? Errors.NONE : Errors.forException(refusal);
    }

    private static GroupRecord record(OffsetCommitRequestData request, OffsetCommitRequestTopic topic,
                                      OffsetCommitRequestPartition partition, long now) {
        String metadata = partition.committedMetadata() == null ? "" : partition.committedMetadata();
        long longest = Long.MAX_VALUE - now; // more than that means for ever, not long ago
        long expireTimestamp = request.retentionTimeMs() == NO_RETENTION ? -1 : now + Math.min(request.retentionTimeMs(), longest);
        return new GroupRecord(new GroupKey.OffsetCommit(request.groupId(), topic.name(), partition.partitionIndex()),
                new OffsetCommit(partition.committedOffset(), partition.committedLeaderEpoch(), metadata, now, expireTimestamp,
                        topic.topicId() == null ? Uuid.ZERO_UUID : topic.topicId()));
    }

    /** @throws GroupIdNotFoundException no such group */
    public Result<OffsetDeleteResponseData> delete(OffsetDeleteRequestData request) {
        Group group = context.groups().get(request.groupId());
        if (group == null) {
            throw new GroupIdNotFoundException("Group " + request.groupId() + " not found.");
        }
        group.validateOffsetDelete();
        OffsetDeleteResponseData response = new OffsetDeleteResponseData();
        List<GroupRecord> records = new ArrayList<>();
        request.topics().forEach(topic -> {
            OffsetDeleteResponseTopic answered = new OffsetDeleteResponseTopic().setName(topic.name());
            boolean subscribed = group.isSubscribedToTopic(topic.name());
            topic.partitions().forEach(partition -> {
                TopicPartition tp = new TopicPartition(topic.name(), partition.partitionIndex());
                Errors error = subscribed ? Errors.GROUP_SUBSCRIBED_TO_TOPIC : refusal(request.groupId(), tp);
                answered.partitions().add(new OffsetDeleteResponsePartition()
                        .setPartitionIndex(partition.partitionIndex()).setErrorCode(error.code()));
                if (error == Errors.NONE && (store.offset(request.groupId(), tp) != null || store.isPending(request.groupId(), tp))) {
                    records.add(tombstone(request.groupId(), tp));
                }
            });
            response.topics().add(answered);
        });
        return Result.of(response, records).inParts();
    }

    /**
     * Adds the tombstones of all offsets of a group that is being deleted.
     *
     * @throws ApiException one of them is in doubt
     */
    public void addTombstones(String groupId, List<GroupRecord> records) {
        sealed.checkDeletable(groupId);
        store.partitions(groupId, tp -> true).forEach(tp -> records.add(tombstone(groupId, tp)));
    }

    /** Tombstones for the offsets of topics that are gone. */
    public Result<Void> topicsDeleted(Set<String> topics) {
        List<GroupRecord> records = new ArrayList<>();
        for (String groupId : store.groupIds()) {
            store.partitions(groupId, tp -> topics.contains(tp.topic())).forEach(tp -> records.add(tombstone(groupId, tp)));
        }
        return Result.<Void>of(null, records).inParts();
    }

    /**
     * Adds tombstones for the group's expired offsets (KIP-211).
     *
     * @return true when none is left then and no transaction is open: an empty group may go
     */
    public boolean addExpired(Group group, List<GroupRecord> records) {
        Map<TopicPartition, OffsetCommit> offsets = store.offsets(group.groupId());
        boolean open = store.hasOpenTransaction(group.groupId());
        if (offsets.isEmpty()) {
            return !open;
        }
        Optional<Group.OffsetExpiration> expiration = group.offsetExpiration();
        if (expiration.isEmpty()) {
            return false;
        }
        boolean all = true;
        for (Map.Entry<TopicPartition, OffsetCommit> entry : offsets.entrySet()) {
            TopicPartition tp = entry.getKey();
            if (!group.isSubscribedToTopic(tp.topic()) && isExpired(entry.getValue(), expiration.get())
                    && !store.isPending(group.groupId(), tp)) {
                records.add(tombstone(group.groupId(), tp));
            } else {
                all = false;
            }
        }
        return all && !open;
    }

    private boolean isExpired(OffsetCommit offset, Group.OffsetExpiration expiration) {
        long now = context.clock().millis();
        return offset.expireTimestamp() != -1 ? now >= offset.expireTimestamp()
                : now - expiration.baseTimestampMs(offset) >= context.config().get().offsets().retentionMs();
    }

    private static GroupRecord tombstone(String groupId, TopicPartition tp) {
        return GroupRecord.tombstone(new GroupKey.OffsetCommit(groupId, tp.topic(), tp.partition()));
    }
}
