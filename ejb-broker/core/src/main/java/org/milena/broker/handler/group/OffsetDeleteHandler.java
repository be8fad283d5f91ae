package org.milena.broker.handler.group;

import java.util.ArrayList;
import java.util.function.Supplier;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponsePartition;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopicCollection;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** OffsetDelete v0 (KIP-496). */
public final class OffsetDeleteHandler implements RequestHandler<OffsetDeleteRequestData> {

    private final GroupCoordinator coordinator;
    private final Supplier<MetadataImage> metadata;

    public OffsetDeleteHandler(GroupCoordinator coordinator, Supplier<MetadataImage> metadata) {
        this.coordinator = coordinator;
        this.metadata = metadata;
    }

    @Override
    public void handle(RequestContext context, OffsetDeleteRequestData request) {
        MetadataImage image = metadata.get();
        OffsetDeleteRequestData known = new OffsetDeleteRequestData().setGroupId(request.groupId())
                .setTopics(new OffsetDeleteRequestTopicCollection());
        OffsetDeleteResponseTopicCollection unknown = new OffsetDeleteResponseTopicCollection();
        for (OffsetDeleteRequestTopic topic : request.topics()) {
            TopicImage found = image.topic(topic.name());
            OffsetDeleteRequestTopic exists = topic.duplicate().setPartitions(new ArrayList<>());
            OffsetDeleteResponseTopic missing = new OffsetDeleteResponseTopic().setName(topic.name());
            for (OffsetDeleteRequestPartition partition : topic.partitions()) {
                int index = partition.partitionIndex();
                if (found != null && index >= 0 && index < found.partitions().size()) {
                    exists.partitions().add(partition);
                } else {
                    missing.partitions().add(new OffsetDeleteResponsePartition().setPartitionIndex(index)
                            .setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code()));
                }
            }
            if (!exists.partitions().isEmpty()) {
                known.topics().add(exists);
            }
            if (!missing.partitions().isEmpty()) {
                unknown.add(missing);
            }
        }
        Replies.reply(context, coordinator.deleteOffsets(known), response -> merge(response, unknown));
    }

    private static OffsetDeleteResponseData merge(OffsetDeleteResponseData response, OffsetDeleteResponseTopicCollection unknown) {
        if (response.errorCode() != Errors.NONE.code()) {
            return response;
        }
        for (OffsetDeleteResponseTopic topic : unknown) {
            OffsetDeleteResponseTopic answered = response.topics().find(topic.name());
            if (answered == null) {
                response.topics().add(topic.duplicate());
            } else {
                topic.partitions().forEach(p -> answered.partitions().add(p.duplicate()));
            }
        }
        return response;
    }
}
