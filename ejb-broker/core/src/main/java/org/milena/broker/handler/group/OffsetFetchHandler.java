package org.milena.broker.handler.group;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseTopics;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.OffsetFetchResponse;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** OffsetFetch v1-10: one group before version 8, several from there on; topics by id from version 10. */
public final class OffsetFetchHandler implements RequestHandler<OffsetFetchRequestData> {

    private final GroupCoordinator coordinator;
    private final Supplier<MetadataImage> metadata;

    public OffsetFetchHandler(GroupCoordinator coordinator, Supplier<MetadataImage> metadata) {
        this.coordinator = coordinator;
        this.metadata = metadata;
    }

    @Override
    public void handle(RequestContext context, OffsetFetchRequestData request) {
        List<CompletableFuture<OffsetFetchResponseGroup>> parts = new ArrayList<>();
        for (OffsetFetchRequestGroup group : groups(context.apiVersion(), request)) {
            parts.add(fetch(context, group, request.requireStable()));
        }
        Replies.reply(context, CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)), done ->
                new OffsetFetchResponse.Builder(parts.stream().map(CompletableFuture::join).toList()).build(context.apiVersion()).data());
    }

    private static List<OffsetFetchRequestGroup> groups(short version, OffsetFetchRequestData request) {
        if (version >= 8) {
            return request.groups();
        }
        OffsetFetchRequestGroup group = new OffsetFetchRequestGroup().setGroupId(request.groupId());
        List<OffsetFetchRequestTopics> topics = request.topics() == null ? null : request.topics().stream()
                .map(t -> new OffsetFetchRequestTopics().setName(t.name()).setPartitionIndexes(t.partitionIndexes())).toList();
        return List.of(group.setTopics(topics));
    }

    private CompletableFuture<OffsetFetchResponseGroup> fetch(RequestContext context, OffsetFetchRequestGroup group, boolean requireStable) {
        if (context.apiVersion() < 10) {
            return coordinator.fetchOffsets(Replies.info(context), group, requireStable);
        }
        MetadataImage image = metadata.get();
        OffsetFetchRequestGroup known = group.duplicate();
        List<OffsetFetchResponseTopics> unknown = new ArrayList<>();
        if (group.topics() != null) {
            known.setTopics(new ArrayList<>());
            for (OffsetFetchRequestTopics topic : group.topics()) {
                TopicImage found = image.topic(topic.topicId());
                if (found == null) {
                    unknown.add(unknown(topic));
                } else {
                    known.topics().add(topic.duplicate().setName(found.name()));
                }
            }
        }
        return coordinator.fetchOffsets(Replies.info(context), known, requireStable).thenApply(response -> {
            if (group.topics() == null) {
                response.setTopics(withIds(image, response.topics()));
            } else if (response.errorCode() == Errors.NONE.code()) {
                response.topics().addAll(unknown);
            }
            return response;
        });
    }

    /** All offsets of a group, by id: those of topics that are gone can't be named. */
    private static List<OffsetFetchResponseTopics> withIds(MetadataImage image, List<OffsetFetchResponseTopics> topics) {
        List<OffsetFetchResponseTopics> named = new ArrayList<>();
        for (OffsetFetchResponseTopics topic : topics) {
            TopicImage found = image.topic(topic.name());
            if (found != null) {
                named.add(topic.setTopicId(found.id()));
            }
        }
        return named;
    }

    private static OffsetFetchResponseTopics unknown(OffsetFetchRequestTopics topic) {
        OffsetFetchResponseTopics answered = new OffsetFetchResponseTopics().setTopicId(topic.topicId());
        topic.partitionIndexes().forEach(index -> answered.partitions().add(new OffsetFetchResponsePartitions().setPartitionIndex(index)
                .setCommittedOffset(OffsetFetchResponse.INVALID_OFFSET).setMetadata(OffsetFetchResponse.NO_METADATA)
                .setErrorCode(Errors.UNKNOWN_TOPIC_ID.code())));
        return answered;
    }
}
