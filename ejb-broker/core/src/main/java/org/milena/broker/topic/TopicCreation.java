package org.milena.broker.topic;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicConfigs;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.requests.ApiError;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.MetadataStore.PartitionRow;
import org.milena.broker.cluster.MetadataStore.TopicRow;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.ConfigDescriber;
import org.milena.broker.config.ConfigValidation;
import org.milena.broker.config.LogConfigs;

/** Creates topics; called on the serial executor. */
final class TopicCreation {

    private static final System.Logger LOG = System.getLogger(TopicCreation.class.getName());

    private final AdminContext context;
    private final TopicChanges changes;
    private final TopicLogs logs;
    /** Names whose logs are being made, by their form without collision characters. */
    private final Map<String, String> beingMade = new HashMap<>();

    TopicCreation(AdminContext context, TopicChanges changes) {
        this.context = context;
        this.changes = changes;
        this.logs = new TopicLogs(context);
    }

    /** @param inTime throws when it is too late to begin */
    CompletableFuture<CreateTopicsResponseData> create(CreateTopicsRequestData request, Runnable inTime) {
        Map<String, Integer> occurrences = new HashMap<>();
        request.topics().forEach(topic -> occurrences.merge(topic.name(), 1, Integer::sum));
        Publication publication = new Publication(context);
        Map<String, CompletableFuture<CreatableTopicResult>> results = new LinkedHashMap<>();
        for (CreatableTopic topic : request.topics()) {
            if (!results.containsKey(topic.name())) {
                results.put(topic.name(), changes.run(topic.name(), () -> {
                    inTime.run();
                    return create(topic, occurrences.get(topic.name()), request.validateOnly(), publication);
                }).exceptionally(error -> failure(topic.name(), TopicChanges.cause(error))));
            }
        }
        publication.begun();
        return CompletableFuture.allOf(results.values().toArray(CompletableFuture[]::new)).thenApply(done -> {
            CreateTopicsResponseData response = new CreateTopicsResponseData();
            results.values().forEach(result -> response.topics().add(result.join()));
            return response;
        });
    }

    private CompletableFuture<CreatableTopicResult> create(CreatableTopic topic, int occurrences, boolean validateOnly,
                                                           Publication publication) {
        checkName(topic.name(), occurrences);
        TopicRow row = plan(topic);
        return validateOnly ? CompletableFuture.completedFuture(success(row)) : make(row, publication).thenApply(made -> success(row));
    }

    private String collision(String name) {
        String unified = Topic.unifyCollisionChars(name);
        return context.image().topicsByName().keySet().stream()
                .filter(other -> Topic.hasCollisionChars(other) && Topic.unifyCollisionChars(other).equals(unified))
                .findFirst().orElse(beingMade.get(unified));
    }

    private void checkName(String name, int occurrences) {
        if (occurrences > 1) {
            throw new InvalidRequestException("Duplicate topic name.");
        }
        if (name.equals("__cluster_metadata")) {
            throw new InvalidRequestException("Creation of internal topic __cluster_metadata is prohibited.");
        }
        Topic.validate(name);
        if (context.image().topic(name) != null) {
            throw new TopicExistsException("Topic '" + name + "' already exists.");
        }
        String existing = Topic.hasCollisionChars(name) ? collision(name) : null;
        if (existing != null) {
            throw new InvalidTopicException("Topic '" + name + "' collides with existing topic: " + existing);
        }
    }

    private TopicRow plan(CreatableTopic topic) {
        Map<String, String> configs = new LinkedHashMap<>();
        topic.configs().forEach(config -> configs.put(config.name(), config.value()));
        ConfigValidation.topic(configs, context.config().get());
        List<PartitionRow> partitions = topic.assignments().isEmpty() ? automatic(topic) : manual(topic);
        return new TopicRow(Uuid.randomUuid(), topic.name(), Topic.isInternal(topic.name()), false, partitions, configs);
    }

    private List<PartitionRow> automatic(CreatableTopic topic) {
        if (topic.replicationFactor() < -1 || topic.replicationFactor() == 0) {
            throw new InvalidReplicationFactorException("Replication factor must be larger than 0, or -1 to use the default value.");
        }
        if (topic.numPartitions() < -1 || topic.numPartitions() == 0) {
            throw new InvalidPartitionsException("Number of partitions was set to an invalid non-positive value.");
        }
        BrokerConfig config = context.config().get();
        int partitions = topic.numPartitions() == -1 ? config.intValue("num.partitions") : topic.numPartitions();
        int replicas = topic.replicationFactor() == -1 ? config.intValue("default.replication.factor") : topic.replicationFactor();
        return new Placement(context.image()).place(0, partitions, replicas);
    }

    private List<PartitionRow> manual(CreatableTopic topic) {
        if (topic.replicationFactor() != -1) {
            throw new InvalidRequestException("A manual partition assignment was specified, but replication factor was not set to -1.");
        }
        if (topic.numPartitions() != -1) {
            throw new InvalidRequestException("A manual partition assignment was specified, but numPartitions was not set to -1.");
        }
        Placement placement = new Placement(context.image());
        PartitionRow[] rows = new PartitionRow[topic.assignments().size()];
        int replicationFactor = -1;
        for (CreatableReplicaAssignment assignment : topic.assignments()) {
            placement.checkManual(assignment.brokerIds(), replicationFactor);
            replicationFactor = assignment.brokerIds().size();
            int index = assignment.partitionIndex();
            if (index < 0 || index >= rows.length) {
                throw new InvalidReplicaAssignmentException("partitions should be a consecutive 0-based integer sequence");
            }
            if (rows[index] != null) {
                throw new InvalidReplicaAssignmentException("Found multiple manual partition assignments for partition " + index);
            }
            rows[index] = Placement.row(index, assignment.brokerIds());
        }
        return List.of(rows);
    }

    /**
     * Logs first, then the database, so that a failure of either leaves nothing half-made: the logs are taken away again. A crash
     * between the two leaves logs with their settings beside them, which the next start registers.
     */
    private CompletableFuture<Void> make(TopicRow row, Publication publication) {
        TopicImage topic = MetadataImages.topic(row);
        String unified = Topic.unifyCollisionChars(row.name());
        if (Topic.hasCollisionChars(row.name())) {
            beingMade.put(unified, row.name());
        }
        return logs.create(topic, publication, () -> context.store().createTopic(row), () -> shown(topic)).whenCompleteAsync((made, error) -> {
            beingMade.remove(unified, row.name());
            if (error != null) {
                LOG.log(WARNING, "Topic " + row.name() + " could not be created", TopicChanges.cause(error));
            }
        }, context.serial());
    }

    private TopicImage shown(TopicImage topic) {
        // the defaults may have changed while the logs were made
        context.partitions().reconfigure(topic, LogConfigs.of(context.config().get(), topic.configs(), false));
        LOG.log(INFO, "Created topic {0} with id {1} and {2} partition(s), settings {3}", topic.name(), topic.id(),
                topic.partitions().size(), topic.configs());
        return topic;
    }

    private CreatableTopicResult success(TopicRow row) {
        CreatableTopicResult result = new CreatableTopicResult().setName(row.name()).setTopicId(row.id()).setErrorMessage(null)
                .setNumPartitions(row.partitions().size()).setReplicationFactor((short) row.partitions().get(0).replicas().size());
        for (ConfigDescriber.Entry entry : ConfigDescriber.topic(context.config().get(), row.configs())) {
            result.configs().add(new CreatableTopicConfigs().setName(entry.key().name()).setValue(entry.value())
                    .setReadOnly(false).setConfigSource(entry.source().id()).setIsSensitive(entry.key().sensitive()));
        }
        return result;
    }

    private static CreatableTopicResult failure(String name, Throwable e) {
        ApiError error = ApiError.fromThrowable(e);
        return new CreatableTopicResult().setName(name).setErrorCode(error.error().code()).setErrorMessage(error.messageWithFallback())
                .setNumPartitions(-1).setReplicationFactor((short) -1);
    }
}
