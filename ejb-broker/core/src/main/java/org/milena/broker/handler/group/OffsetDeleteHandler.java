package org.milena.broker.handler.group;

import java.util.function.Supplier;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponsePartition;
import org.apache.kafka.common.message.OffsetDeleteResponseData.OffsetDeleteResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
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
        OffsetDeleteResponseData unknown = new OffsetDeleteResponseData();
        for (OffsetDeleteRequestTopic topic : request.topics()) {
            if (image.topic(topic.name()) != null) {
                known.topics().add(topic.duplicate());
            } else {
                unknown.topics().add(missing(topic));
            }
        }
        Replies.reply(context, coordinator.deleteOffsets(known), response -> {
            if (response.errorCode() == Errors.NONE.code()) {
                unknown.topics().forEach(topic -> response.topics().add(topic.duplicate()));
            }
            return response;
        });
    }

    private static OffsetDeleteResponseTopic missing(OffsetDeleteRequestTopic topic) {
        OffsetDeleteResponseTopic answered = new OffsetDeleteResponseTopic().setName(topic.name());
        topic.partitions().forEach(p -> answered.partitions().add(new OffsetDeleteResponsePartition()
                .setPartitionIndex(p.partitionIndex()).setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code())));
        return answered;
    }
}
