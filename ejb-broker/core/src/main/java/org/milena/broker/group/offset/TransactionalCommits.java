package org.milena.broker.group.offset;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.coordinator.Result;
import org.milena.broker.group.Group;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupValue.OffsetCommit;

/**
 * Offsets that are committed within a producer's transaction. Members are fenced here, and only here: the marker applies what was
 * accepted, whatever became of the group meanwhile (rules 14).
 */
public final class TransactionalCommits {

    /** The first version that tells a stale epoch from an illegal generation, and an unknown group from both (KIP-1319). */
    private static final short PRECISE_SINCE = 6;

    private final ShardContext context;
    private final SealedOffsets sealed;

    public TransactionalCommits(ShardContext context, SealedOffsets sealed) {
        this.context = context;
        this.sealed = sealed;
    }

    /**
     * @param request its topics exist and carry name and id
     * @return records that belong to the producer's transaction
     * @throws ApiException why this member may not commit
     */
    public Result<TxnOffsetCommitResponseData> commit(RequestInfo info, TxnOffsetCommitRequestData request) {
        TxnOffsetCommitResponseData response = new TxnOffsetCommitResponseData();
        List<GroupRecord> records = new ArrayList<>();
        long now = context.clock().millis();
        sealed.checkGrowth(request.producerId());
        try {
            Group.CommitPartitionValidator validator = validate(info, request);
            for (TxnOffsetCommitRequestTopic topic : request.topics()) {
                TxnOffsetCommitResponseTopic answered = new TxnOffsetCommitResponseTopic().setName(topic.name()).setTopicId(topic.topicId());
                response.topics().add(answered);
                for (TxnOffsetCommitRequestPartition partition : topic.partitions()) {
                    validator.validate(topic.name(), topic.topicId(), partition.partitionIndex());
                    check(request.groupId(), new TopicPartition(topic.name(), partition.partitionIndex()));
                    Errors error = isTooLarge(partition.committedMetadata()) ? Errors.OFFSET_METADATA_TOO_LARGE : Errors.NONE;
                    answered.partitions().add(new TxnOffsetCommitResponsePartition().setPartitionIndex(partition.partitionIndex())
                            .setErrorCode(error.code()));
                    if (error == Errors.NONE) {
                        records.add(record(request.groupId(), topic, partition, now));
                    }
                }
            }
        } catch (StaleMemberEpochException e) {
            throw info.apiVersion() >= PRECISE_SINCE ? e : Errors.ILLEGAL_GENERATION.exception(e.getMessage());
        }
        return Result.of(response, records);
    }

    private Group.CommitPartitionValidator validate(RequestInfo info, TxnOffsetCommitRequestData request) {
        Group group = context.groups().get(request.groupId());
        if (group != null) {
            return group.validateOffsetCommit(request.memberId(), request.groupInstanceId(), request.generationIdOrMemberEpoch(), true,
                    info.apiVersion());
        }
        if (request.generationIdOrMemberEpoch() < 0) {
            return Group.CommitPartitionValidator.ANY; // the first offset makes the group
        }
        throw info.apiVersion() >= PRECISE_SINCE ? new GroupIdNotFoundException("Group " + request.groupId() + " not found.")
                : Errors.ILLEGAL_GENERATION.exception();
    }

    private void check(String groupId, TopicPartition partition) {
        ApiException refusal = sealed.refusal(groupId, partition);
        if (refusal != null) {
            throw refusal;
        }
    }

    private boolean isTooLarge(String metadata) {
        return metadata != null && metadata.length() > context.config().get().offsets().metadataMaxBytes();
    }

    private static GroupRecord record(String groupId, TxnOffsetCommitRequestTopic topic, TxnOffsetCommitRequestPartition partition, long now) {
        String metadata = partition.committedMetadata() == null ? "" : partition.committedMetadata();
        return new GroupRecord(new GroupKey.OffsetCommit(groupId, topic.name(), partition.partitionIndex()),
                new OffsetCommit(partition.committedOffset(), partition.committedLeaderEpoch(), metadata, now, -1,
                        topic.topicId() == null ? Uuid.ZERO_UUID : topic.topicId()));
    }
}
