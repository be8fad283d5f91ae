package org.milena.broker.handler.admin;

import java.util.List;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData;
import org.apache.kafka.common.message.DescribeTopicPartitionsRequestData.Cursor;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponsePartition;
import org.apache.kafka.common.message.DescribeTopicPartitionsResponseData.DescribeTopicPartitionsResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** DescribeTopicPartitions (key 75, KIP-966): topics in the order of their names, page by page. */
final class DescribeTopicPartitionsHandler implements RequestHandler<DescribeTopicPartitionsRequestData> {

    private final MetadataCache cache;
    private final Supplier<BrokerConfig> config;

    DescribeTopicPartitionsHandler(MetadataCache cache, Supplier<BrokerConfig> config) {
        this.cache = cache;
        this.config = config;
    }

    @Override
    public void handle(RequestContext context, DescribeTopicPartitionsRequestData request) {
        MetadataImage image = cache.image();
        Cursor cursor = request.cursor();
        boolean all = request.topics().isEmpty();
        TreeSet<String> names = new TreeSet<>();
        if (all) {
            names.addAll(image.topicsByName().keySet());
        } else {
            request.topics().forEach(topic -> names.add(topic.name()));
        }
        check(cursor, names, all);
        int left = Math.max(Math.min(config.get().intValue("max.request.partition.size.limit"), request.responsePartitionLimit()), 1);
        DescribeTopicPartitionsResponseData response = new DescribeTopicPartitionsResponseData();
        for (String name : cursor == null ? names : names.tailSet(cursor.topicName())) {
            int from = cursor != null && name.equals(cursor.topicName()) ? cursor.partitionIndex() : 0;
            if (left == 0) {
                response.setNextCursor(next(name, from));
                break;
            }
            TopicImage topic = image.topic(name);
            if (topic == null) {
                response.topics().add(unknown(name));
                continue;
            }
            int to = Math.min(topic.partitions().size(), from > topic.partitions().size() ? from : from + left);
            response.topics().add(topic(topic, from, to));
            left -= Math.max(0, to - from);
            if (to < topic.partitions().size()) {
                response.setNextCursor(next(name, to));
                break;
            }
        }
        context.reply(response);
    }

    private static void check(Cursor cursor, TreeSet<String> names, boolean all) {
        if (cursor == null) {
            return;
        }
        if (!all && !names.contains(cursor.topicName())) {
            throw new InvalidRequestException("DescribeTopicPartitionsRequest topic list should contain the cursor topic: "
                    + cursor.topicName());
        }
        if (cursor.partitionIndex() < 0) {
            throw new InvalidRequestException("DescribeTopicPartitionsRequest cursor partition must be valid: " + cursor);
        }
    }

    private static DescribeTopicPartitionsResponseData.Cursor next(String topic, int partition) {
        return new DescribeTopicPartitionsResponseData.Cursor().setTopicName(topic).setPartitionIndex(partition);
    }

    private static DescribeTopicPartitionsResponseTopic unknown(String name) {
        Errors error = Topic.isValid(name) ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION;
        return new DescribeTopicPartitionsResponseTopic().setErrorCode(error.code()).setName(name).setIsInternal(Topic.isInternal(name))
                .setTopicAuthorizedOperations(AuthorizedOperations.TOPIC);
    }

    private static DescribeTopicPartitionsResponseTopic topic(TopicImage topic, int from, int to) {
        DescribeTopicPartitionsResponseTopic result = new DescribeTopicPartitionsResponseTopic().setName(topic.name()).setTopicId(topic.id())
                .setIsInternal(topic.internal()).setTopicAuthorizedOperations(AuthorizedOperations.TOPIC);
        for (int index = from; index < to; index++) {
            PartitionImage partition = topic.partitions().get(index);
            result.partitions().add(new DescribeTopicPartitionsResponsePartition().setPartitionIndex(index)
                    .setErrorCode((partition.leader() < 0 ? Errors.LEADER_NOT_AVAILABLE : Errors.NONE).code())
                    .setLeaderId(partition.leader()).setLeaderEpoch(partition.leaderEpoch()).setReplicaNodes(partition.replicas())
                    .setIsrNodes(partition.isr()).setEligibleLeaderReplicas(List.of()).setLastKnownElr(List.of())
                    .setOfflineReplicas(MetadataHandler.offline(partition)));
        }
        return result;
    }
}
