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
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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
 * <p>Changes run one after the other on {@code serial} (they block on the database and on disks); no method here blocks but
 * {@link #start}. A returned future fails with {@link TimeoutException} when the request's time was over before its turn came.
 */
public final class TopicAdministration {

    private final AdminContext context;
    private final Executor serial;
    private final BrokerClock clock;
    private final TopicCreation creation;
    private final PartitionCreation partitionCreation;
    private final TopicDeletion deletion;
    private final ConfigAlteration configs;
    private final Leadership leadership;
    private final RecordDeletion records;
    private final LogDirs logDirs;
    private final Set<String> beingCreated = ConcurrentHashMap.newKeySet();

    /** @param serial runs one task at a time, in order, on threads that may block */
    public TopicAdministration(AdminContext context, Executor serial, BrokerClock clock) {
        this.context = context;
        this.serial = serial;
        this.clock = clock;
        creation = new TopicCreation(context);
        partitionCreation = new PartitionCreation(context);
        deletion = new TopicDeletion(context);
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
        return submit(0, () -> {
            context.cache().publish(MetadataImages.withBrokers(context.image(), context.config().get().nodeId(), brokers));
            return null;
        });
    }

    /** A log directory failed: its partitions have no leader any more. */
    public CompletableFuture<Void> offline(Collection<TopicPartition> partitions) {
        Set<TopicPartition> gone = Set.copyOf(partitions);
        return submit(0, () -> {
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
        return submit(request.timeoutMs(), () -> creation.create(request));
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
        return submit(0, () -> {
            CreateTopicsRequestData request = new CreateTopicsRequestData();
            mine.stream().filter(name -> context.image().topic(name) == null)
                    .forEach(name -> request.topics().add(InternalTopics.creatable(name, context.config().get())));
            return creation.create(request);
        }).whenComplete((done, error) -> mine.forEach(beingCreated::remove));
    }

    /** A topic of the broker's own, as {@code __consumer_offsets}, created if it is not there; fails with Kafka's error if it can't be. */
    public CompletableFuture<TopicImage> internalTopic(String name) {
        TopicImage existing = context.image().topic(name);
        if (existing != null) {
            return CompletableFuture.completedFuture(existing);
        }
        return submit(0, () -> {
            if (context.image().topic(name) == null) {
                CreateTopicsRequestData request = new CreateTopicsRequestData();
                request.topics().add(InternalTopics.creatable(name, context.config().get()));
                var result = creation.create(request).topics().find(name);
                if (result.errorCode() != Errors.NONE.code()) {
                    throw Errors.forCode(result.errorCode()).exception(result.errorMessage());
                }
            }
            return context.image().topic(name);
        });
    }

    public CompletableFuture<DeleteTopicsResponseData> deleteTopics(DeleteTopicsRequestData request, short version) {
        return submit(request.timeoutMs(), () -> deletion.delete(request, version));
    }

    public CompletableFuture<CreatePartitionsResponseData> createPartitions(CreatePartitionsRequestData request) {
        return submit(request.timeoutMs(), () -> partitionCreation.create(request));
    }

    public CompletableFuture<AlterConfigsResponseData> alterConfigs(AlterConfigsRequestData request) {
        return submit(0, () -> {
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
        return submit(0, () -> {
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

    /** Asks the file system for its free space. */
    public CompletableFuture<DescribeLogDirsResponseData> describeLogDirs(DescribeLogDirsRequestData request) {
        return submit(0, () -> logDirs.describe(request));
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

    private <T> CompletableFuture<T> submit(int timeoutMs, Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        long asked = clock.nanoTime();
        try {
            serial.execute(() -> {
                if (timeoutMs > 0 && clock.nanoTime() - asked > timeoutMs * 1_000_000L) {
                    result.completeExceptionally(new TimeoutException("The request waited longer than its timeout of " + timeoutMs + " ms"));
                    return;
                }
                try {
                    result.complete(work.get());
                } catch (Throwable e) {
                    result.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new org.apache.kafka.common.errors.BrokerNotAvailableException("The broker is stopping", e));
        }
        return result;
    }
}
