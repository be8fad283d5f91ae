package org.milena.broker.group;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.OffsetFetchResponse;
import org.apache.kafka.common.requests.TxnOffsetCommitRequest;
import org.apache.kafka.common.utils.Utils;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.record.GroupRecord.Scope;
import org.milena.broker.coordinator.CoordinatorLog;
import org.milena.broker.coordinator.CoordinatorRuntime;
import org.milena.broker.coordinator.Producer;
import org.milena.broker.coordinator.Result;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.log.TransactionEnd;
import org.milena.broker.time.Timer;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.TransactionAdmission;
import org.milena.broker.transaction.TransactionMarkers;

/**
 * The group coordinator of one broker: consumer groups of both protocols and committed offsets. Methods may be called from any
 * thread and never block; futures always complete with a response, errors inside, on a coordinator's thread. Topics of offset
 * requests are names here; the handlers translate ids.
 */
public final class GroupCoordinator {

    private final Supplier<GroupConfig> config;
    private final Supplier<MetadataImage> metadata;
    private final CoordinatorRuntime<GroupCoordinatorShard> runtime;

    /**
     * @param config   the current settings; asked each time
     * @param promised see {@link ShardContext}
     * @param threads  where shards run; must not be threads that a disk can block
     */
    public GroupCoordinator(Supplier<GroupConfig> config, Supplier<MetadataImage> metadata, CoordinatorLog log,
                            Supplier<CompletableFuture<Set<Long>>> promised, Executor threads, Timer timer, BrokerClock clock,
                            ConsumerProtocol.Factory consumers) {
        this(config, metadata, log, promised, threads, timer, clock, consumers, () -> UUID.randomUUID().toString());
    }

    /** @param uniqueIds makes the unguessable part of member ids; a simulation hands in its own */
    GroupCoordinator(Supplier<GroupConfig> config, Supplier<MetadataImage> metadata, CoordinatorLog log,
                     Supplier<CompletableFuture<Set<Long>>> promised, Executor threads, Timer timer, BrokerClock clock,
                     ConsumerProtocol.Factory consumers, Supplier<String> uniqueIds) {
        this.config = config;
        this.metadata = metadata;
        var settings = new CoordinatorRuntime.Settings(OffsetsTopic.NAME, () -> config.get().offsets().commitTimeoutMs(),
                () -> config.get().offsets().topicCompression());
        this.runtime = new CoordinatorRuntime<>(log, threads, timer, clock, settings, (partition, leaderEpoch, shardTimer) ->
                new GroupCoordinatorShard(new ShardContext(partition, config, clock, shardTimer, metadata, new Groups(),
                        operation -> again(partition, operation), promised), consumers, uniqueIds));
    }

    private void again(int partition, Function<GroupCoordinatorShard, Result<Void>> operation) {
        runtime.write(partition, null, operation);
    }

    // ---- life

    /** This broker leads a partition of {@code __consumer_offsets} since this epoch. */
    public void onElection(int partition, int leaderEpoch) {
        runtime.elected(partition, leaderEpoch);
    }

    /** It does no longer, since this epoch; -1: the partition is gone. */
    public void onResignation(int partition, int leaderEpoch) {
        runtime.resigned(partition, leaderEpoch);
    }

    /** A new image was published: offsets of deleted topics go, consumer groups look at their subscriptions. */
    public void onMetadataChanged(MetadataImage before, MetadataImage after) {
        Set<String> deleted = new HashSet<>();
        before.topicsByName().forEach((name, topic) -> {
            if (after.topic(topic.id()) == null) {
                deleted.add(name);
            }
        });
        runtime.forEach(shard -> {
            shard.metadataChanged(before, after);
            return deleted.isEmpty() ? Result.of(null) : shard.topicsDeleted(deleted);
        });
    }

    /** Whoever waits gets NOT_COORDINATOR. The coordinator is of no use afterwards. */
    public void shutdown() {
        runtime.close();
    }

    /** The partition of {@code __consumer_offsets} that holds a group, as every Kafka client and broker computes it. */
    public int partitionFor(String groupId) {
        MetadataImage.TopicImage topic = metadata.get().topic(OffsetsTopic.NAME);
        return partitionFor(groupId, topic == null ? config.get().offsets().topicPartitions() : topic.partitions().size());
    }

    static int partitionFor(String groupId, int partitions) {
        return Utils.abs(groupId.hashCode()) % partitions;
    }

    // ---- membership, classic protocol

    public CompletableFuture<JoinGroupResponseData> joinGroup(RequestInfo info, JoinGroupRequestData request) {
        GroupConfig.Classic limits = config.get().classic();
        Errors invalid = !isGroupId(request.groupId()) ? Errors.INVALID_GROUP_ID
                : request.sessionTimeoutMs() < limits.minSessionTimeoutMs() || request.sessionTimeoutMs() > limits.maxSessionTimeoutMs()
                ? Errors.INVALID_SESSION_TIMEOUT : Errors.NONE;
        if (invalid != Errors.NONE) {
            return CompletableFuture.completedFuture(joinError(request, invalid));
        }
        CompletableFuture<JoinGroupResponseData> answer = new CompletableFuture<>();
        member(request.groupId(), shard -> shard.join(info, request, answer)).whenComplete((done, error) -> {
            if (error != null) {
                answer.complete(joinError(request, error(error)));
            }
        });
        return answer;
    }

    private static JoinGroupResponseData joinError(JoinGroupRequestData request, Errors error) {
        boolean forgetId = error == Errors.GROUP_MAX_SIZE_REACHED;
        return new JoinGroupResponseData().setMemberId(forgetId ? "" : request.memberId()).setProtocolName(null).setErrorCode(error.code());
    }

    public CompletableFuture<SyncGroupResponseData> syncGroup(RequestInfo info, SyncGroupRequestData request) {
        CompletableFuture<SyncGroupResponseData> answer = new CompletableFuture<>();
        if (!isGroupId(request.groupId())) {
            answer.complete(new SyncGroupResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
            return answer;
        }
        member(request.groupId(), shard -> shard.sync(info, request, answer)).whenComplete((done, error) -> {
            if (error != null) {
                answer.complete(new SyncGroupResponseData().setErrorCode(error(error).code()));
            }
        });
        return answer;
    }

    public CompletableFuture<HeartbeatResponseData> heartbeat(RequestInfo info, HeartbeatRequestData request) {
        if (!isGroupId(request.groupId())) {
            return CompletableFuture.completedFuture(new HeartbeatResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        // Waits for nothing: a classic heartbeat says only what the member knows already.
        return runtime.write(partitionFor(request.groupId()), null, shard -> shard.heartbeat(info, request)).exceptionally(e -> {
            // The member may well be in the group that is still being read; the next heartbeat will tell.
            Errors error = cause(e) instanceof CoordinatorLoadInProgressException ? Errors.NONE : error(e);
            return new HeartbeatResponseData().setErrorCode(error.code());
        });
    }

    public CompletableFuture<LeaveGroupResponseData> leaveGroup(RequestInfo info, LeaveGroupRequestData request) {
        if (!isGroupId(request.groupId())) {
            return CompletableFuture.completedFuture(new LeaveGroupResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        return member(request.groupId(), shard -> shard.leave(info, request)).exceptionally(e -> {
            if (error(e) != Errors.UNKNOWN_MEMBER_ID) {
                return new LeaveGroupResponseData().setErrorCode(error(e).code());
            }
            LeaveGroupResponseData response = new LeaveGroupResponseData();
            request.members().forEach(m -> response.members().add(new LeaveGroupResponseData.MemberResponse().setMemberId(m.memberId())
                    .setGroupInstanceId(m.groupInstanceId()).setErrorCode(Errors.UNKNOWN_MEMBER_ID.code())));
            return response;
        });
    }

    // ---- membership, consumer protocol (KIP-848)

    public CompletableFuture<ConsumerGroupHeartbeatResponseData> consumerGroupHeartbeat(RequestInfo info, ConsumerGroupHeartbeatRequestData request) {
        return member(request.groupId(), shard -> shard.consumer().heartbeat(info, request)).exceptionally(e ->
                new ConsumerGroupHeartbeatResponseData().setErrorCode(error(e).code()).setErrorMessage(message(e)));
    }

    public CompletableFuture<List<ConsumerGroupDescribeResponseData.DescribedGroup>> consumerGroupDescribe(List<String> groupIds) {
        return each(groupIds, id -> !isGroupId(id) ? CompletableFuture.completedFuture(
                new ConsumerGroupDescribeResponseData.DescribedGroup().setGroupId(id).setErrorCode(Errors.INVALID_GROUP_ID.code()))
                : runtime.read(partitionFor(id), List.of(Scope.members(id)), shard -> shard.consumer().describe(id))
                .exceptionally(e -> new ConsumerGroupDescribeResponseData.DescribedGroup().setGroupId(id)
                        .setErrorCode(error(e).code()).setErrorMessage(message(e))));
    }

    // ---- offsets

    /** @param request topics that exist, with name and, where it is known, id */
    public CompletableFuture<OffsetCommitResponseData> commitOffsets(RequestInfo info, OffsetCommitRequestData request) {
        return runtime.writeUnlessFull(partitionFor(request.groupId()), Scope.members(request.groupId()), shard -> shard.commit(info, request))
                .exceptionally(e -> commitError(request, error(e) == Errors.MESSAGE_TOO_LARGE ? Errors.INVALID_COMMIT_OFFSET_SIZE : error(e)));
    }

    private static OffsetCommitResponseData commitError(OffsetCommitRequestData request, Errors error) {
        OffsetCommitResponseData response = new OffsetCommitResponseData();
        request.topics().forEach(topic -> {
            var answered = new OffsetCommitResponseData.OffsetCommitResponseTopic().setName(topic.name()).setTopicId(topic.topicId());
            topic.partitions().forEach(p -> answered.partitions().add(new OffsetCommitResponseData.OffsetCommitResponsePartition()
                    .setPartitionIndex(p.partitionIndex()).setErrorCode(error.code())));
            response.topics().add(answered);
        });
        return response;
    }

    /**
     * Commits offsets within a producer's transaction: they count once that is committed.
     *
     * @param request   topics that exist, with name and, where it is known, id
     * @param admission confirms that the transaction holds this group
     */
    public CompletableFuture<TxnOffsetCommitResponseData> commitOffsets(RequestInfo info, TxnOffsetCommitRequestData request,
                                                                        TransactionAdmission admission) {
        return (isGroupId(request.groupId()) ? new TransactionalCommit(runtime, info, request).run(partitionFor(request.groupId()), admission)
                : CompletableFuture.<TxnOffsetCommitResponseData>failedFuture(Errors.INVALID_GROUP_ID.exception()))
                .exceptionally(e -> TxnOffsetCommitRequest.getErrorResponse(request, TransactionalCommit.told(error(e), info.apiVersion())));
    }

    /** Ends a producer's transaction in one partition of {@code __consumer_offsets}, as {@link TransactionMarkers#write} says. */
    public CompletableFuture<Void> endTransaction(int partition, TransactionEnd end, boolean flushed) {
        return runtime.endTransaction(partition, end, flushed);
    }

    /**
     * A transaction is about to be prepared: it takes no more offsets in a partition of {@code __consumer_offsets}, and until it ends nobody
     * else commits or deletes where it has some (rules 18). Again is harmless.
     *
     * @return what it has there; exceptionally: InvalidTxnState or InvalidProducerEpoch when it is not open there, UnstableOffsetCommit when it is not alone;
     *         anything else: try again
     */
    public CompletableFuture<Set<BranchContent>> sealTransaction(int partition, long producerId, short producerEpoch) {
        return new PatientWrite<>(runtime, partition, null, new Producer(producerId, producerEpoch, null), shard -> shard.seal(producerId)).run();
    }

    public CompletableFuture<OffsetFetchResponseGroup> fetchOffsets(RequestInfo info, OffsetFetchRequestGroup request, boolean requireStable) {
        String groupId = request.groupId();
        return runtime.read(partitionFor(groupId), List.of(Scope.members(groupId), Scope.offsets(groupId)),
                        shard -> shard.fetches().fetch(request, requireStable))
                .exceptionally(e -> OffsetFetchResponse.groupError(request, error(e), info.apiVersion()));
    }

    public CompletableFuture<OffsetDeleteResponseData> deleteOffsets(OffsetDeleteRequestData request) {
        if (!isGroupId(request.groupId())) {
            return CompletableFuture.completedFuture(new OffsetDeleteResponseData().setErrorCode(Errors.INVALID_GROUP_ID.code()));
        }
        return runtime.write(partitionFor(request.groupId()), Scope.members(request.groupId()), shard -> shard.commits().delete(request))
                .exceptionally(e -> new OffsetDeleteResponseData().setErrorCode(error(e).code()));
    }

    // ---- administration

    public CompletableFuture<List<DescribedGroup>> describeGroups(RequestInfo info, List<String> groupIds) {
        return each(groupIds, id -> runtime.read(partitionFor(id), List.of(Scope.members(id)), shard -> shard.describe(info, id))
                .exceptionally(e -> new DescribedGroup().setGroupId(id).setErrorCode(error(e).code())
                        .setErrorMessage(info.apiVersion() < 6 ? null : message(e))));
    }

    /** The empty id may name a group: before Kafka 2 a client could commit offsets without one. */
    public CompletableFuture<List<DeletableGroupResult>> deleteGroups(List<String> groupIds) {
        return each(List.copyOf(new LinkedHashSet<>(groupIds)), id -> {
            if (id == null) {
                return CompletableFuture.completedFuture(new DeletableGroupResult().setGroupId(id).setErrorCode(Errors.INVALID_GROUP_ID.code()));
            }
            return member(id, shard -> shard.delete(id)).exceptionally(e -> new DeletableGroupResult().setGroupId(id).setErrorCode(error(e).code()));
        });
    }

    /** Filters are Kafka's names, in any case; empty means all. */
    public CompletableFuture<ListGroupsResponseData> listGroups(ListGroupsRequestData request) {
        List<CompletableFuture<List<ListedGroup>>> parts = new ArrayList<>();
        for (int partition : runtime.partitions()) {
            CompletableFuture<List<ListedGroup>> part = runtime.read(partition, null, shard -> shard.list().stream()
                    .filter(g -> matches(request.statesFilter(), g.state()) && matches(request.typesFilter(), g.type().toString()))
                    .map(g -> new ListedGroup().setGroupId(g.groupId()).setProtocolType(g.protocolType()).setGroupState(g.state())
                            .setGroupType(g.type().toString()))
                    .toList());
            parts.add(part.handle((groups, e) -> {
                if (e == null) {
                    return groups;
                }
                if (cause(e) instanceof NotCoordinatorException) {
                    return List.of();
                }
                throw new CompletionException(cause(e));
            }));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).handle((done, e) -> {
            ListGroupsResponseData response = new ListGroupsResponseData();
            if (e != null) {
                return response.setErrorCode(error(e).code());
            }
            parts.forEach(part -> response.groups().addAll(part.join()));
            return response;
        });
    }

    private static boolean matches(List<String> filter, String value) {
        return filter.isEmpty() || filter.stream().anyMatch(value::equalsIgnoreCase);
    }

    /** Shows every active shard to an observer, on the shard's thread; uncommitted state included. For tests. */
    CompletableFuture<Void> observe(Consumer<GroupCoordinatorShard> observer) {
        return runtime.observe(observer);
    }

    /** All groups at this moment, for metrics and console; never waits for the disk. */
    public CompletableFuture<List<GroupSummary>> summaries() {
        ConcurrentLinkedQueue<GroupSummary> all = new ConcurrentLinkedQueue<>();
        return runtime.observe(shard -> shard.list().forEach(group -> all.add(shard.summary(group))))
                .thenApply(done -> List.copyOf(all));
    }

    // ---- helpers

    private <T> CompletableFuture<T> member(String groupId, Function<GroupCoordinatorShard, Result<T>> operation) {
        return runtime.write(partitionFor(groupId), Scope.members(groupId), operation);
    }

    private static <T> CompletableFuture<List<T>> each(List<String> ids, Function<String, CompletableFuture<T>> operation) {
        List<CompletableFuture<T>> parts = ids.stream().map(operation).toList();
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenApply(done -> parts.stream().map(CompletableFuture::join).toList());
    }

    private static boolean isGroupId(String groupId) {
        return groupId != null && !groupId.isEmpty();
    }

    private static Throwable cause(Throwable e) {
        return Errors.maybeUnwrapException(e);
    }

    private static Errors error(Throwable e) {
        return Errors.forException(cause(e));
    }

    private static String message(Throwable e) {
        return cause(e).getMessage();
    }
}
