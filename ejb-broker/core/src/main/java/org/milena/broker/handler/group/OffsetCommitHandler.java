package org.milena.broker.handler.group;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetCommitRequestData;
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

/** OffsetCommit v2-10; topics by id from version 10. What names no topic is answered here and never reaches the coordinator. */
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
        List<OffsetCommitRequestTopic> asked = request.topics();
        OffsetCommitRequestData known = request.duplicate().setTopics(new ArrayList<>());
        for (OffsetCommitRequestTopic topic : asked) {
            TopicImage found = byId ? image.topic(topic.topicId()) : image.topic(topic.name());
            if (found != null) {
                known.topics().add(topic.duplicate().setName(found.name()).setTopicId(found.id()));
            }
        }
        if (known.topics().isEmpty() && !asked.isEmpty()) {
            context.reply(merge(asked, new OffsetCommitResponseData(), byId));
            return;
        }
        Replies.reply(context, coordinator.commitOffsets(Replies.info(context), known), response -> merge(asked, response, byId));
    }

    /** The answer in the order of the request, with the topics that don't exist. */
    private static OffsetCommitResponseData merge(List<OffsetCommitRequestTopic> asked, OffsetCommitResponseData response, boolean byId) {
        Map<Object, OffsetCommitResponseTopic> answered = new HashMap<>();
        response.topics().forEach(topic -> answered.put(byId ? topic.topicId() : topic.name(), topic));
        OffsetCommitResponseData merged = new OffsetCommitResponseData();
        Errors missing = byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
        for (OffsetCommitRequestTopic topic : asked) {
            Object key = byId ? topic.topicId() : topic.name();
            merged.topics().add(answered.containsKey(key) ? answered.get(key) : unknown(topic, missing));
        }
        return merged;
    }

    private static OffsetCommitResponseTopic unknown(OffsetCommitRequestTopic topic, Errors error) {
        OffsetCommitResponseTopic answered = new OffsetCommitResponseTopic().setName(topic.name())
                .setTopicId(topic.topicId() == null ? Uuid.ZERO_UUID : topic.topicId());
        topic.partitions().forEach(p -> answered.partitions().add(new OffsetCommitResponsePartition()
                .setPartitionIndex(p.partitionIndex()).setErrorCode(error.code())));
        return answered;
    }
}
