package org.milena.broker.handler.group;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** OffsetCommit v2-10; topics by id from version 10. What names no topic or partition is
 * answered here and never reaches the coordinator. */
public final class OffsetCommitHandler implements RequestHandler<OffsetCommitRequestData> {

    private final GroupCoordinator coordinator;
    private final Supplier<MetadataImage> metadata;

    public OffsetCommitHandler(GroupCoordinator coordinator, Supplier<MetadataImage> metadata) {
        this.coordinator = coordinator;
        this.metadata = metadata;
    }

    @Override
    public void handle(RequestContext context, OffsetCommitRequestData request) {
        boolean byId = context.apiVersion() >= 10;
        MetadataImage image = metadata.get();
        OffsetCommitRequestData known = request.duplicate().setTopics(new ArrayList<>());
        List<OffsetCommitResponseTopic> unknown = new ArrayList<>();
        for (OffsetCommitRequestTopic topic : request.topics()) {
            TopicImage found = byId ? image.topic(topic.topicId()) : image.topic(topic.name());
            int partitions = found == null ? 0 : found.partitions().size();
            Errors error = found == null && byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
            OffsetCommitResponseTopic refused = new OffsetCommitResponseTopic().setName(topic.name()).setTopicId(topic.topicId());
            OffsetCommitRequestTopic exists = topic.duplicate().setPartitions(new ArrayList<>());
            for (OffsetCommitRequestPartition partition : topic.partitions()) {
                if (partition.partitionIndex() >= 0 && partition.partitionIndex() < partitions) {
                    exists.partitions().add(partition);
                } else {
                    refused.partitions().add(new OffsetCommitResponsePartition().setPartitionIndex(partition.partitionIndex()).setErrorCode(error.code()));
                }
            }
            if (!refused.partitions().isEmpty()) {
                unknown.add(refused);
            }
            if (!exists.partitions().isEmpty()) {
                known.topics().add(exists.setName(found.name()).setTopicId(found.id()));
            }
        }
        if (known.topics().isEmpty() && !unknown.isEmpty()) {
            context.reply(new OffsetCommitResponseData().setTopics(unknown));
            return;
        }
        Replies.reply(context, coordinator.commitOffsets(Replies.info(context), known), response -> merge(response, unknown, byId));
    }

    private static OffsetCommitResponseData merge(OffsetCommitResponseData response, List<OffsetCommitResponseTopic> unknown, boolean byId) {
        for (OffsetCommitResponseTopic refused : unknown) {
            response.topics().stream()
                    .filter(topic -> byId ? topic.topicId().equals(refused.topicId()) : topic.name().equals(refused.name()))
                    .findFirst()
                    .ifPresentOrElse(topic -> topic.partitions().addAll(refused.partitions()), () -> response.topics().add(refused));
        }
        return response;
    }
}
