package org.milena.broker.topic;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
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

/** Adds partitions to topics; called on the serial executor. */
final class PartitionCreation {

    private static final System.Logger LOG = System.getLogger(PartitionCreation.class.getName());

    private final AdminContext context;
    private final TopicChanges changes;
    private final TopicLogs logs;

    PartitionCreation(AdminContext context, TopicChanges changes) {
        this.context = context;
        this.changes = changes;
        this.logs = new TopicLogs(context);
    }

    /** @param inTime throws when it is too late to begin */
    CompletableFuture<CreatePartitionsResponseData> create(CreatePartitionsRequestData request, Runnable inTime) {
        Set<String> seen = new HashSet<>();
        Set<String> duplicates = new LinkedHashSet<>();
        request.topics().forEach(topic -> {
            if (!seen.add(topic.name())) {
                duplicates.add(topic.name());
            }
        });
        Publication publication = new Publication(context);
        List<CompletableFuture<CreatePartitionsTopicResult>> results = new ArrayList<>();
        duplicates.forEach(name -> results.add(CompletableFuture.completedFuture(result(name, new InvalidRequestException("Duplicate topic name.")))));
        for (CreatePartitionsTopic topic : request.topics()) {
            if (!duplicates.contains(topic.name())) {
                results.add(changes.run(topic.name(), () -> {
                    inTime.run();
                    return create(topic, request.validateOnly(), publication);
                }).handle((done, error) -> result(topic.name(), error == null ? null : TopicChanges.cause(error))));
            }
        }
        publication.begun();
        return CompletableFuture.allOf(results.toArray(CompletableFuture[]::new)).thenApply(done -> {
            CreatePartitionsResponseData response = new CreatePartitionsResponseData();
            results.forEach(result -> response.results().add(result.join()));
            return response;
        });
    }

    private CompletableFuture<Void> create(CreatePartitionsTopic request, boolean validateOnly, Publication publication) {
        TopicImage topic = context.image().topic(request.name());
        List<PartitionRow> added = plan(request, topic);
        return validateOnly ? CompletableFuture.completedFuture(null) : make(topic, added, publication);
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
    private CompletableFuture<Void> make(TopicImage topic, List<PartitionRow> rows, Publication publication) {
        List<PartitionImage> added = rows.stream().map(MetadataImages::partition).toList();
        return logs.add(topic, added, publication, () -> context.store().addPartitions(topic.id(), rows), () -> shown(topic.id(), added)).whenComplete((done, error) -> {
            if (error != null) {
                LOG.log(WARNING, "Partitions could not be added to topic " + topic.name(), TopicChanges.cause(error));
            }
        });
    }

    private TopicImage shown(Uuid id, List<PartitionImage> added) {
        TopicImage now = context.image().topic(id); // its settings may have changed while the logs were made
        TopicImage next = MetadataImages.withPartitions(now, MetadataImages.join(now.partitions(), added));
        context.partitions().reconfigure(next, LogConfigs.of(context.config().get(), next.configs(), next.configsHeld()));
        LOG.log(INFO, "Topic {0} now has {1} partitions", next.name(), next.partitions().size());
        return next;
    }

    private static CreatePartitionsTopicResult result(String name, Throwable failure) {
        ApiError error = failure == null ? ApiError.NONE : ApiError.fromThrowable(failure);
        return new CreatePartitionsTopicResult().setName(name).setErrorCode(error.error().code()).setErrorMessage(error.message());
    }
}
