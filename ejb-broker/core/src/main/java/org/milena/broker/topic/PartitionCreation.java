package org.milena.broker.topic;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.requests.ApiError;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.MetadataStore.PartitionRow;
import org.milena.broker.config.LogConfigs;

/** Adds partitions to topics; runs on the serial executor. */
final class PartitionCreation {

    private static final System.Logger LOG = System.getLogger(PartitionCreation.class.getName());

    private final AdminContext context;

    PartitionCreation(AdminContext context) {
        this.context = context;
    }

    CreatePartitionsResponseData create(CreatePartitionsRequestData request) {
        Set<String> seen = new HashSet<>();
        Set<String> duplicates = new LinkedHashSet<>();
        request.topics().forEach(topic -> {
            if (!seen.add(topic.name())) {
                duplicates.add(topic.name());
            }
        });
        CreatePartitionsResponseData response = new CreatePartitionsResponseData();
        duplicates.forEach(name -> response.results().add(result(name, new InvalidRequestException("Duplicate topic name."))));
        for (CreatePartitionsTopic topic : request.topics()) {
            if (!duplicates.contains(topic.name())) {
                response.results().add(result(topic.name(), create(topic, request.validateOnly())));
            }
        }
        return response;
    }

    /** Null when it went well. */
    private RuntimeException create(CreatePartitionsTopic request, boolean validateOnly) {
        try {
            TopicImage topic = context.image().topic(request.name());
            List<PartitionRow> added = plan(request, topic);
            if (!validateOnly) {
                make(topic, added);
            }
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private List<PartitionRow> plan(CreatePartitionsTopic request, TopicImage topic) {
        if (topic == null) {
            throw new UnknownTopicOrPartitionException();
        }
        int existing = topic.partitions().size();
        if (request.count() == existing) {
            throw new InvalidPartitionsException("Topic already has " + existing + " partition(s).");
        }
        if (request.count() < existing) {
            throw new InvalidPartitionsException("The topic " + topic.name() + " currently has " + existing + " partition(s); "
                    + request.count() + " would not be an increase.");
        }
        int additional = request.count() - existing;
        int replicationFactor = topic.partitions().get(0).replicas().size();
        Placement placement = new Placement(context.image());
        if (request.assignments() == null) {
            return placement.place(existing, additional, replicationFactor);
        }
        if (request.assignments().size() != additional) {
            throw new InvalidReplicaAssignmentException("Attempted to add " + additional + " additional partition(s), but only "
                    + request.assignments().size() + " assignment(s) were specified.");
        }
        List<PartitionRow> rows = new ArrayList<>();
        for (int i = 0; i < additional; i++) {
            List<Integer> replicas = request.assignments().get(i).brokerIds();
            placement.checkManual(replicas, replicationFactor);
            rows.add(Placement.row(existing + i, replicas));
        }
        return rows;
    }

    /** Logs first, then the database: see {@link TopicCreation}. */
    private void make(TopicImage topic, List<PartitionRow> rows) {
        List<PartitionImage> added = rows.stream().map(MetadataImages::partition).toList();
        TopicImage next = MetadataImages.withPartitions(topic, MetadataImages.join(topic.partitions(), added));
        try {
            context.partitions().create(next, added, LogConfigs.of(context.config().get(), topic.configs(), topic.configsHeld()));
            context.store().addPartitions(topic.id(), rows);
        } catch (RuntimeException e) {
            LOG.log(WARNING, "Partitions could not be added to topic " + topic.name(), e);
            try {
                context.partitions().remove(next, added);
            } catch (RuntimeException undo) {
                e.addSuppressed(undo);
            }
            throw e;
        }
        context.cache().publish(MetadataImages.with(context.image(), List.of(next)));
        LOG.log(INFO, "Topic {0} now has {1} partitions", topic.name(), next.partitions().size());
    }

    private static CreatePartitionsTopicResult result(String name, RuntimeException failure) {
        ApiError error = failure == null ? ApiError.NONE : ApiError.fromThrowable(failure);
        return new CreatePartitionsTopicResult().setName(name).setErrorCode(error.error().code()).setErrorMessage(error.message());
    }
}
