package org.milena.broker.topic;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ApiError;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.cluster.MetadataStore.Snapshot;
import org.milena.broker.config.ConfigChange.OpType;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.topic.ConfigAlteration.Alteration;

/**
 * Everything that changes topics and settings: the one service behind the protocol's handlers and the console. Requests and answers
 * are the protocol's own messages; each entry has its own error there.
 *
 * <p>Changes begin one after the other on the context's serial executor, which may block on the database; the disks' share of them
 * is done by the directories' own threads, so that one that hangs holds up only the topics in it. No method here blocks but
 * {@link #start}. A returned future fails with {@link TimeoutException} when the request's time was over before its turn came.
 */
public final class TopicAdministration {

    private final AdminContext context;
    private final BrokerClock clock;
    private final TopicCreation creation;
    private final PartitionCreation partitionCreation;
    private final TopicDeletion deletion;
    private final ConfigAlteration configs;
    private final Leadership leadership;
    private final RecordDeletion records;
    private final LogDirs logDirs;
    private final Set<String> beingCreated = ConcurrentHashMap.newKeySet();
    /** Being created. */
    private final Map<String, CompletableFuture<TopicImage>> internalTopics = new ConcurrentHashMap<>();

    public TopicAdministration(AdminContext context, BrokerClock clock) {
        this.context = context;
        this.clock = clock;
        TopicChanges changes = new TopicChanges(context.serial());
        creation = new TopicCreation(context, changes);
        partitionCreation = new PartitionCreation(context, changes);
        deletion = new TopicDeletion(context, changes);
        configs = new ConfigAlteration(context);
        leadership = new Leadership(context);
        records = new RecordDeletion(context);
        logDirs = new LogDirs(context);
    }

    /**
     * Loads the metadata, brings it together with the log directories, opens every partition and publishes the first image.
     * Blocks; called once, before anything else here.
     *
     * @param preferredClusterId of a data directory that has one, or null
     * @return this start's incarnation
     */
    public long start(String preferredClusterId, List<BrokerImage> brokers) {
        String clusterId = context.store().clusterId(preferredClusterId);
        Snapshot snapshot = context.store().load();
        var dynamic = snapshot.configs().getOrDefault("broker", Map.of());
        var config = context.config().get();
        config = config.with(dynamic.getOrDefault("", Map.of()), dynamic.getOrDefault(String.valueOf(config.nodeId()), Map.of()));
        long incarnation = context.store().newIncarnation(config.nodeId());
        context.cache().publish(new StartupReconciliation(context, config).run(snapshot, clusterId, brokers));
        return incarnation;
    }

    /** Tells clients of other addresses: the listener's port, say, once it is known. */
    public CompletableFuture<Void> advertise(List<BrokerImage> brokers) {
        return submit(() -> {
            context.cache().publish(MetadataImages.withBrokers(context.image(), context.config().get().nodeId(), brokers));
            return null;
        });
    }

    /** A log directory failed: its partitions have no leader any more. */
    public CompletableFuture<Void> offline(Collection<TopicPartition> partitions) {
        Set<TopicPartition> gone = Set.copyOf(partitions);
        return submit(() -> {
            Map<String, TopicImage> changed = new HashMap<>();
            Set<String> names = new HashSet<>();
            gone.forEach(tp -> names.add(tp.topic()));
            for (String name : names) {
                TopicImage topic = context.image().topic(name);
                if (topic != null) {
                    changed.put(name, MetadataImages.withPartitions(topic, topic.partitions().stream()
                            .map(p -> gone.contains(new TopicPartition(name, p.index()))
                                    ? new PartitionImage(p.index(), -1, p.leaderEpoch(), p.replicas(), p.isr()) : p).toList()));
                }
            }
            if (!changed.isEmpty()) {
                context.cache().publish(MetadataImages.with(context.image(), changed.values()));
            }
            return null;
        });
    }

    public CompletableFuture<CreateTopicsResponseData> createTopics(CreateTopicsRequestData request) {
        return begin(request.timeoutMs(), inTime -> creation.create(request, inTime));
    }

    /**
     * Creates topics that clients asked for without creating them, and our own; with the settings that befit each.
     * Names that are being created already are left to whoever began.
     */
    public CompletableFuture<CreateTopicsResponseData> autoCreate(Collection<String> names) {
        List<String> mine = names.stream().filter(beingCreated::add).toList();
        if (mine.isEmpty()) {
            return CompletableFuture.completedFuture(new CreateTopicsResponseData());
        }
        return begin(0, inTime -> {
            CreateTopicsRequestData request = new CreateTopicsRequestData();
            mine.stream().filter(name -> context.image().topic(name) == null)
                    .forEach(name -> request.topics().add(InternalTopics.creatable(name, context.config().get())));
            return creation.create(request, inTime);
        }).whenComplete((done, error) -> mine.forEach(beingCreated::remove));
    }

    /**
     * A topic of the broker's own, as {@code __consumer_offsets}, created if it is not there; fails with Kafka's error if it can't be.
     * Whoever asks while it is being created waits for the same creation.
     */
    public CompletableFuture<TopicImage> internalTopic(String name) {
        TopicImage existing = context.image().topic(name);
        if (existing != null) {
            return CompletableFuture.completedFuture(existing);
        }
        CompletableFuture<TopicImage> mine = new CompletableFuture<>();
        CompletableFuture<TopicImage> earlier = internalTopics.putIfAbsent(name, mine);
        if (earlier != null) {
            return earlier;
        }
        makeInternalTopic(name).whenComplete((topic, error) -> {
            internalTopics.remove(name);
            if (error == null) {
                mine.complete(topic);
            } else {
                mine.completeExceptionally(TopicChanges.cause(error));
            }
        });
        return mine;
    }

    private CompletableFuture<TopicImage> makeInternalTopic(String name) {
        return begin(0, inTime -> {
            CreateTopicsRequestData request = new CreateTopicsRequestData();
            request.topics().add(InternalTopics.creatable(name, context.config().get()));
            return creation.create(request, inTime);
        }).thenApply(response -> {
            Errors error = Errors.forCode(response.topics().find(name).errorCode());
            if (error != Errors.NONE && error != Errors.TOPIC_ALREADY_EXISTS) {
                throw error.exception(response.topics().find(name).errorMessage());
            }
            return context.image().topic(name);
        });
    }

    public CompletableFuture<DeleteTopicsResponseData> deleteTopics(DeleteTopicsRequestData request, short version) {
        return begin(request.timeoutMs(), inTime -> deletion.delete(request, version, inTime));
    }

    public CompletableFuture<CreatePartitionsResponseData> createPartitions(CreatePartitionsRequestData request) {
        return begin(request.timeoutMs(), inTime -> partitionCreation.create(request, inTime));
    }

    public CompletableFuture<AlterConfigsResponseData> alterConfigs(AlterConfigsRequestData request) {
        return submit(() -> {
            List<Alteration> alterations = new ArrayList<>();
            request.resources().forEach(r -> alterations.add(new Alteration(resource(r.resourceType(), r.resourceName()),
                    ConfigAlteration.operations(r.configs(), c -> c.name(), c -> OpType.SET.id(), c -> c.value()), true)));
            AlterConfigsResponseData response = new AlterConfigsResponseData();
            List<ApiError> errors = configs.alter(alterations, request.validateOnly());
            int i = 0;
            for (var r : request.resources()) {
                ApiError error = errors.get(i++);
                response.responses().add(new AlterConfigsResponseData.AlterConfigsResourceResponse().setResourceType(r.resourceType())
                        .setResourceName(r.resourceName()).setErrorCode(error.error().code()).setErrorMessage(error.message()));
            }
            return response;
        });
    }

    public CompletableFuture<IncrementalAlterConfigsResponseData> incrementalAlterConfigs(IncrementalAlterConfigsRequestData request) {
        return submit(() -> {
            List<Alteration> alterations = new ArrayList<>();
            request.resources().forEach(r -> alterations.add(new Alteration(resource(r.resourceType(), r.resourceName()),
                    ConfigAlteration.operations(r.configs(), c -> c.name(), c -> c.configOperation(), c -> c.value()), false)));
            IncrementalAlterConfigsResponseData response = new IncrementalAlterConfigsResponseData();
            List<ApiError> errors = configs.alter(alterations, request.validateOnly());
            int i = 0;
            for (var r : request.resources()) {
                ApiError error = errors.get(i++);
                response.responses().add(new IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse()
                        .setResourceType(r.resourceType()).setResourceName(r.resourceName())
                        .setErrorCode(error.error().code()).setErrorMessage(error.message()));
            }
            return response;
        });
    }

    private static ConfigResource resource(byte type, String name) {
        return new ConfigResource(ConfigResource.Type.forId(type), name);
    }

    public CompletableFuture<DeleteRecordsResponseData> deleteRecords(DeleteRecordsRequestData request) {
        return records.delete(request);
    }

    /** Asks the file systems for their free space. */
    public CompletableFuture<DescribeLogDirsResponseData> describeLogDirs(DescribeLogDirsRequestData request) {
        return logDirs.describe(request);
    }

    public ElectLeadersResponseData electLeaders(ElectLeadersRequestData request) {
        return leadership.elect(request);
    }

    public AlterPartitionReassignmentsResponseData alterPartitionReassignments(AlterPartitionReassignmentsRequestData request) {
        return leadership.reassign(request);
    }

    public ListPartitionReassignmentsResponseData listPartitionReassignments() {
        return leadership.list();
    }

    public MetadataImage image() {
        return context.image();
    }

    /** @param work is handed a check that throws once the request's time is over */
    private <T> CompletableFuture<T> begin(int timeoutMs, Function<Runnable, CompletableFuture<T>> work) {
        long asked = clock.nanoTime();
        Runnable inTime = () -> {
            if (timeoutMs > 0 && clock.nanoTime() - asked > timeoutMs * 1_000_000L) {
                throw new TimeoutException("The request waited longer than its timeout of " + timeoutMs + " ms");
            }
        };
        return submit(() -> {
            inTime.run();
            return work.apply(inTime);
        }).thenCompose(begun -> begun);
    }

    private <T> CompletableFuture<T> submit(Supplier<T> work) {
        try {
            return CompletableFuture.supplyAsync(work, context.serial());
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new org.apache.kafka.common.errors.BrokerNotAvailableException("The broker is stopping", e));
        }
    }
}
