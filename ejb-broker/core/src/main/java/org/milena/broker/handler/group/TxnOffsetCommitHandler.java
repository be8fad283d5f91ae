package org.milena.broker.handler.group;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionAdmission;

/** TxnOffsetCommit v0-6; topics by id from version 6 (KIP-1319). What names no topic or partition never reaches the coordinator. */
public final class TxnOffsetCommitHandler implements RequestHandler<TxnOffsetCommitRequestData> {

    private static final short TOPIC_IDS_SINCE = 6;
    /** Older producers crash at COORDINATOR_LOAD_IN_PROGRESS (KAFKA-7296). */
    private static final short KNOWS_LOADING_SINCE = 2;

    private final GroupCoordinator coordinator;
    private final Supplier<MetadataImage> metadata;
    private final TransactionAdmission admission;

    public TxnOffsetCommitHandler(GroupCoordinator coordinator, Supplier<MetadataImage> metadata, TransactionAdmission admission) {
        this.coordinator = coordinator;
        this.metadata = metadata;
        this.admission = admission;
    }

    @Override
    public void handle(RequestContext context, TxnOffsetCommitRequestData request) {
        boolean byId = context.apiVersion() >= TOPIC_IDS_SINCE;
        MetadataImage image = metadata.get();
        TxnOffsetCommitRequestData known = request.duplicate().setTopics(new ArrayList<>());
        List<TxnOffsetCommitResponseTopic> unknown = new ArrayList<>();
        for (TxnOffsetCommitRequestTopic topic : request.topics()) {
            TopicImage found = byId ? image.topic(topic.topicId()) : image.topic(topic.name());
            int partitions = found == null ? 0 : found.partitions().size();
            Errors error = found == null && byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION;
            TxnOffsetCommitResponseTopic refused = new TxnOffsetCommitResponseTopic().setName(topic.name()).setTopicId(topic.topicId());
            TxnOffsetCommitRequestTopic exists = topic.duplicate().setPartitions(new ArrayList<>());
            for (TxnOffsetCommitRequestPartition partition : topic.partitions()) {
                if (partition.partitionIndex() >= 0 && partition.partitionIndex() < partitions) {
                    exists.partitions().add(partition);
                } else {
                    refused.partitions().add(new TxnOffsetCommitResponsePartition().setPartitionIndex(partition.partitionIndex())
                            .setErrorCode(error.code()));
                }
            }
            if (!refused.partitions().isEmpty()) {
                unknown.add(refused);
            }
            if (!exists.partitions().isEmpty()) {
                known.topics().add(exists.setName(found.name()).setTopicId(found.id()));
            }
        }
        if (known.topics().isEmpty()) {
            context.reply(new TxnOffsetCommitResponseData().setTopics(unknown));
            return;
        }
        Replies.reply(context, coordinator.commitOffsets(Replies.info(context), known, admission),
                response -> told(context.apiVersion(), merge(response, unknown, byId)));
    }

    private static TxnOffsetCommitResponseData merge(TxnOffsetCommitResponseData response, List<TxnOffsetCommitResponseTopic> unknown, boolean byId) {
        for (TxnOffsetCommitResponseTopic refused : unknown) {
            response.topics().stream()
                    .filter(topic -> byId ? topic.topicId().equals(refused.topicId()) : topic.name().equals(refused.name()))
                    .findFirst()
                    .ifPresentOrElse(topic -> topic.partitions().addAll(refused.partitions()), () -> response.topics().add(refused));
        }
        return response;
    }

    private static TxnOffsetCommitResponseData told(short version, TxnOffsetCommitResponseData response) {
        if (version < KNOWS_LOADING_SINCE) {
            response.topics().forEach(topic -> topic.partitions().stream()
                    .filter(p -> p.errorCode() == Errors.COORDINATOR_LOAD_IN_PROGRESS.code())
                    .forEach(p -> p.setErrorCode(Errors.COORDINATOR_NOT_AVAILABLE.code())));
        }
        return response;
    }
}
