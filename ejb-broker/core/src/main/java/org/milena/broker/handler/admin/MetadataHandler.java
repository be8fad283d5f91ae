package org.milena.broker.handler.admin;

import static java.lang.System.Logger.Level.WARNING;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/**
 * Metadata (key 3). Answers from the image and never waits: a topic that it has to create is shown as unknown, as Apache Kafka does, and
 * the client asks again.
 */
final class MetadataHandler implements RequestHandler<MetadataRequestData> {

    private static final System.Logger LOG = System.getLogger(MetadataHandler.class.getName());

    private final MetadataCache cache;
    private final Supplier<BrokerConfig> config;
    private final TopicAdministration administration;

    MetadataHandler(MetadataCache cache, Supplier<BrokerConfig> config, TopicAdministration administration) {
        this.cache = cache;
        this.config = config;
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, MetadataRequestData request) {
        short version = context.apiVersion();
        check(request, version);
        MetadataImage image = cache.image();
        MetadataResponseData response = new MetadataResponseData().setClusterId(image.clusterId()).setControllerId(image.controllerId());
        for (MetadataImage.BrokerImage broker : image.brokers()) {
            response.brokers().add(new MetadataResponseBroker().setNodeId(broker.id()).setHost(broker.host()).setPort(broker.port())
                    .setRack(broker.rack()));
        }
        boolean operations = version >= 8 && request.includeTopicAuthorizedOperations();
        if (allTopics(request, version)) {
            image.topicsByName().values().forEach(topic -> response.topics().add(topic(topic, operations)));
        } else {
            named(request, image, response, operations);
        }
        if (version >= 8 && version <= 10 && request.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.CLUSTER);
        }
        context.reply(response);
    }

    private static boolean allTopics(MetadataRequestData request, short version) {
        return request.topics() == null || version == 0 && request.topics().isEmpty();
    }

    private static void check(MetadataRequestData request, short version) {
        if (version >= 12 || request.topics() == null) {
            return;
        }
        for (MetadataRequestTopic topic : request.topics()) {
            if (topic.name() == null) {
                throw new InvalidRequestException("Topic name can not be null for version " + version);
            }
            if (!topic.topicId().equals(Uuid.ZERO_UUID)) {
                throw new InvalidRequestException("Topic IDs are not supported in requests for version " + version);
            }
        }
    }

    private void named(MetadataRequestData request, MetadataImage image, MetadataResponseData response, boolean operations) {
        Set<String> names = new LinkedHashSet<>();
        Set<Uuid> ids = new LinkedHashSet<>();
        for (MetadataRequestTopic topic : request.topics()) {
            if (!topic.topicId().equals(Uuid.ZERO_UUID)) {
                ids.add(topic.topicId());
            } else if (topic.name() != null) {
                names.add(topic.name());
            } else {
                throw new InvalidRequestException("A topic must be named by its name or its id");
            }
        }
        for (Uuid id : ids) {
            TopicImage topic = image.topic(id);
            if (topic == null) {
                response.topics().add(new MetadataResponseTopic().setErrorCode(Errors.UNKNOWN_TOPIC_ID.code()).setName(null).setTopicId(id));
            } else if (!names.contains(topic.name())) {
                response.topics().add(topic(topic, operations));
            }
        }
        List<String> toCreate = new ArrayList<>();
        boolean create = request.allowAutoTopicCreation() && config.get().flag("auto.create.topics.enable");
        for (String name : names) {
            TopicImage topic = image.topic(name);
            if (topic != null) {
                response.topics().add(topic(topic, operations));
                continue;
            }
            boolean valid = Topic.isValid(name);
            if (valid && create) {
                toCreate.add(name);
            }
            response.topics().add(new MetadataResponseTopic().setName(name).setIsInternal(Topic.isInternal(name)).setErrorCode(
                    (valid ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.INVALID_TOPIC_EXCEPTION).code()));
        }
        if (!toCreate.isEmpty()) {
            create(toCreate);
        }
    }

    private void create(List<String> names) {
        administration.autoCreate(names).whenComplete((response, error) -> {
            if (error != null) {
                LOG.log(WARNING, "Topics " + names + ", which a client asked for, could not be created", error);
            } else {
                response.topics().stream().filter(result -> result.errorCode() != Errors.NONE.code()).forEach(result -> LOG.log(WARNING,
                        "Topic {0}, which a client asked for, was not created: {1}", result.name(), result.errorMessage()));
            }
        });
    }

    private static MetadataResponseTopic topic(TopicImage topic, boolean operations) {
        MetadataResponseTopic result = new MetadataResponseTopic().setName(topic.name()).setTopicId(topic.id()).setIsInternal(topic.internal());
        for (PartitionImage partition : topic.partitions()) {
            boolean led = partition.leader() >= 0;
            result.partitions().add(new MetadataResponsePartition().setPartitionIndex(partition.index())
                    .setErrorCode((led ? Errors.NONE : Errors.LEADER_NOT_AVAILABLE).code())
                    .setLeaderId(partition.leader()).setLeaderEpoch(partition.leaderEpoch())
                    .setReplicaNodes(partition.replicas()).setIsrNodes(partition.isr())
                    .setOfflineReplicas(offline(partition)));
        }
        return operations ? result.setTopicAuthorizedOperations(AuthorizedOperations.TOPIC) : result;
    }

    /** A partition of a single node without a leader has its only replica in a failed directory. */
    static List<Integer> offline(PartitionImage partition) {
        return partition.leader() < 0 ? partition.replicas() : List.of();
    }
}
