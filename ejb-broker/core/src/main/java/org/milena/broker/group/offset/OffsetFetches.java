package org.milena.broker.group.offset;

import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.Group;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupValue.OffsetCommit;

/** Reads committed offsets. */
public final class OffsetFetches {

    private static final long NO_OFFSET = -1;

    private final ShardContext context;
    private final OffsetStore store;

    public OffsetFetches(ShardContext context, OffsetStore store) {
        this.context = context;
        this.store = store;
    }

    /**
     * @param request       names its topics, or has null for all
     * @param requireStable partitions with an offset in an open transaction answer UNSTABLE_OFFSET_COMMIT (KIP-447)
     * @throws org.apache.kafka.common.errors.ApiException the member is unknown or its epoch stale (consumer groups)
     */
    public OffsetFetchResponseGroup fetch(OffsetFetchRequestGroup request, boolean requireStable) {
        OffsetFetchResponseGroup response = new OffsetFetchResponseGroup().setGroupId(request.groupId());
        boolean known = true;
        try {
            Group group = context.groups().get(request.groupId());
            known = group != null;
            if (known) {
                group.validateOffsetFetch(request.memberId(), request.memberEpoch());
            }
        } catch (GroupIdNotFoundException e) {
            known = false;
        }
        if (request.topics() == null) {
            if (known) {
                fetchAll(request.groupId(), requireStable, response);
            }
            return response;
        }
        for (OffsetFetchRequestTopics topic : request.topics()) {
            OffsetFetchResponseTopics answered = new OffsetFetchResponseTopics().setName(topic.name()).setTopicId(topic.topicId());
            response.topics().add(answered);
            for (int index : topic.partitionIndexes()) {
                TopicPartition tp = new TopicPartition(topic.name(), index);
                OffsetCommit offset = known ? store.offset(request.groupId(), tp) : null;
                if (offset != null && belongsToAnother(offset.topicId(), topic.topicId())) {
                    offset = null;
                }
                answered.partitions().add(partition(index, offset, known && requireStable && store.isPending(request.groupId(), tp)));
            }
        }
        return response;
    }

    private void fetchAll(String groupId, boolean requireStable, OffsetFetchResponseGroup response) {
        Map<String, OffsetFetchResponseTopics> byTopic = new TreeMap<>();
        store.offsets(groupId).forEach((tp, offset) -> byTopic
                .computeIfAbsent(tp.topic(), name -> new OffsetFetchResponseTopics().setName(name)).partitions()
                .add(partition(tp.partition(), offset, requireStable && store.isPending(groupId, tp))));
        response.topics().addAll(byTopic.values());
    }

    /** The topic was deleted and made again: the offset says nothing about the new one. */
    private static boolean belongsToAnother(Uuid committed, Uuid asked) {
        return !Uuid.ZERO_UUID.equals(committed) && !Uuid.ZERO_UUID.equals(asked) && !committed.equals(asked);
    }

    private static OffsetFetchResponsePartitions partition(int index, OffsetCommit offset, boolean unstable) {
        OffsetFetchResponsePartitions partition = new OffsetFetchResponsePartitions().setPartitionIndex(index);
        if (unstable) {
            return partition.setErrorCode(Errors.UNSTABLE_OFFSET_COMMIT.code()).setCommittedOffset(NO_OFFSET).setMetadata("");
        }
        return offset == null ? partition.setCommittedOffset(NO_OFFSET).setMetadata("")
                : partition.setCommittedOffset(offset.offset()).setCommittedLeaderEpoch(offset.leaderEpoch()).setMetadata(offset.metadata());
    }
}
