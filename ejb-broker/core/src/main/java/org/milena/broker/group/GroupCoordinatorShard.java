package org.milena.broker.group;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResult;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.Record;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.classic.ClassicGroup;
import org.milena.broker.group.classic.ClassicGroups;
import org.milena.broker.group.offset.OffsetCommits;
import org.milena.broker.group.offset.OffsetFetches;
import org.milena.broker.group.offset.OffsetStore;
import org.milena.broker.group.offset.SealedOffsets;
import org.milena.broker.group.offset.TransactionalCommits;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupMetadataValue;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupRecordCodec;
import org.milena.broker.group.record.GroupValue;
import org.milena.broker.coordinator.CoordinatorRecord;
import org.milena.broker.coordinator.CoordinatorShard;
import org.milena.broker.coordinator.Result;
import org.milena.broker.transaction.BranchContent;

/** The groups and offsets of one partition of {@code __consumer_offsets}: leads requests to the protocol a group speaks. */
public final class GroupCoordinatorShard implements CoordinatorShard {

    private static final String EXPIRY = "expiry";
    /** One round of expiry changes at most this many groups, so that nobody waits long behind it. */
    private static final int EXPIRY_RECORDS = 1_000;
    private static final String PROMISED = "promised";
    private static final String WAITING = "waiting for the end of a transaction";
    private static final long FIRST_RETRY_MS = 50;
    private static final long LAST_RETRY_MS = 5_000;

    private final ShardContext context;
    private final OffsetStore offsets = new OffsetStore();
    private final SealedOffsets sealed = new SealedOffsets(offsets);
    private final List<Runnable> waiting = new ArrayList<>();
    private final OffsetCommits commits;
    private final TransactionalCommits transactionalCommits;
    private final OffsetFetches fetches;
    private final ClassicGroups classic;
    private final ConsumerProtocol consumer;

    public GroupCoordinatorShard(ShardContext context, ConsumerProtocol.Factory consumers, Supplier<String> uniqueIds) {
        this.context = context;
        this.commits = new OffsetCommits(context, offsets, sealed);
        this.transactionalCommits = new TransactionalCommits(context, sealed);
        this.fetches = new OffsetFetches(context, offsets);
        this.classic = new ClassicGroups(context, uniqueIds);
        this.consumer = consumers.create(context, classic);
    }

    // ---- durable state

    @Override
    public void replay(CoordinatorRecord record) {
        replay((GroupRecord) record, -1);
    }

    @Override
    public void load(Record record, long producerId) {
        GroupKey key = record.hasKey() ? GroupRecordCodec.decodeKey(record.key()) : null;
        if (key != null) {
            replay(new GroupRecord(key, GroupRecordCodec.decodeValue(key, record.value())), producerId);
        }
    }

    @Override
    public void replay(CoordinatorRecord record, long producerId) {
        replay((GroupRecord) record, producerId);
    }

    private void replay(GroupRecord record, long producerId) {
        if (record.key() instanceof GroupKey.OffsetCommit key) {
            if (record.value() != null) {
                classic.ensureGroup(key.groupId());
            }
            offsets.replay(key, (GroupValue.OffsetCommit) record.value(), producerId);
        } else if (record.key() instanceof GroupKey.GroupMetadata key) {
            classic.replay(key, (GroupMetadataValue) record.value());
        } else {
            consumer.replay(record);
        }
    }

    @Override
    public void endTransaction(long producerId, boolean commit) {
        offsets.endTransaction(producerId, commit);
        sealed.ended(producerId);
        releaseWaiting();
    }

    @Override
    public void loaded() {
        // A group may have been removed while its offsets lived on: they make it a simple group.
        offsets.groupIds().forEach(classic::ensureGroup);
        classic.loaded();
        consumer.loaded();
        if (sealed.loaded()) {
            askForPromised(FIRST_RETRY_MS);
        }
        scheduleExpiry(context.config().get().offsets().retentionCheckIntervalMs());
    }

    /** Until it is known, all that is pending counts as promised. */
    private void askForPromised(long retryMs) {
        context.promised().get().whenComplete((producers, error) -> context.again().accept(shard -> {
            if (shard == this && error == null) {
                sealed.told(producers);
            } else if (shard == this) {
                context.timer().schedule(PROMISED, retryMs, () -> {
                    askForPromised(Math.min(2 * retryMs, LAST_RETRY_MS));
                    return Result.of(null);
                });
            }
            return Result.of(null);
        }));
    }

    @Override
    public void unloaded(ApiException error) {
        classic.unloaded(error);
        consumer.unloaded(error);
        releaseWaiting();
    }

    // ---- membership

    public Result<Void> join(RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer) {
        Group group = context.groups().get(request.groupId());
        if (group != null && group.type() == Group.Type.CONSUMER && !group.isEmpty()) {
            return consumer.joinGroup(info, request, answer);
        }
        return classic.join(info, request, answer);
    }

    public Result<Void> sync(RequestInfo info, SyncGroupRequestData request, CompletableFuture<SyncGroupResponseData> answer) {
        Group group = member(request.groupId());
        if (group instanceof ClassicGroup classicGroup) {
            return classic.sync(classicGroup, request, answer);
        }
        Result<SyncGroupResponseData> result = consumer.syncGroup(info, request);
        return result.<Void>answering(null).whenCommitted(() -> {
            if (result.committed() != null) {
                result.committed().run();
            }
            answer.complete(result.response());
        });
    }

    public Result<HeartbeatResponseData> heartbeat(RequestInfo info, HeartbeatRequestData request) {
        Group group = member(request.groupId());
        return group instanceof ClassicGroup classicGroup ? classic.heartbeat(classicGroup, request) : consumer.heartbeat(info, request);
    }

    public Result<LeaveGroupResponseData> leave(RequestInfo info, LeaveGroupRequestData request) {
        Group group = context.groups().get(request.groupId());
        if (group == null) {
            throw Errors.UNKNOWN_MEMBER_ID.exception();
        }
        return group instanceof ClassicGroup classicGroup ? classic.leave(classicGroup, request) : consumer.leaveGroup(info, request);
    }

    private Group member(String groupId) {
        Group group = context.groups().get(groupId);
        if (group == null || group.isEmpty()) {
            throw Errors.UNKNOWN_MEMBER_ID.exception();
        }
        return group;
    }

    /** For requests that only the consumer protocol knows. */
    public ConsumerProtocol consumer() {
        return consumer;
    }

    // ---- offsets

    public Result<OffsetCommitResponseData> commit(RequestInfo info, OffsetCommitRequestData request) {
        Result<OffsetCommitResponseData> result = commits.commit(info, request);
        if (context.groups().get(request.groupId()) instanceof ClassicGroup group) {
            classic.committed(group, request.memberId());
        }
        return result;
    }

    public Result<TxnOffsetCommitResponseData> commit(RequestInfo info, TxnOffsetCommitRequestData request) {
        return transactionalCommits.commit(info, request);
    }

    /**
     * A producer's transaction is about to be prepared: from now on it takes no more offsets, and nobody else touches where it has some.
     *
     * @throws org.apache.kafka.common.errors.UnstableOffsetCommitException another transaction has offsets pending in the same place
     */
    public Result<Set<BranchContent>> seal(long producerId) {
        return Result.of(sealed.seal(producerId));
    }

    /** Runs {@code action} when the next transaction ends here, or in {@code patienceMs} at the latest. */
    void awaitEnd(long patienceMs, Runnable action) {
        waiting.add(action);
        if (!context.timer().isScheduled(WAITING)) {
            context.timer().schedule(WAITING, patienceMs, () -> {
                releaseWaiting();
                return Result.of(null);
            });
        }
    }

    private void releaseWaiting() {
        List<Runnable> released = List.copyOf(waiting);
        waiting.clear();
        released.forEach(Runnable::run);
    }

    public OffsetCommits commits() {
        return commits;
    }

    public OffsetFetches fetches() {
        return fetches;
    }

    // ---- administration

    /** Never throws: an unknown group is Dead before version 6, an error from there on (KIP-1043). */
    public DescribedGroup describe(RequestInfo info, String groupId) {
        try {
            if (context.groups().get(groupId) instanceof ClassicGroup group) {
                return classic.describe(group);
            }
            String kind = context.groups().get(groupId) == null ? " not found." : " is not a classic group.";
            throw new GroupIdNotFoundException("Group " + groupId + kind);
        } catch (GroupIdNotFoundException e) {
            DescribedGroup dead = new DescribedGroup().setGroupId(groupId).setGroupState("Dead");
            return info.apiVersion() < 6 ? dead
                    : dead.setErrorCode(Errors.GROUP_ID_NOT_FOUND.code()).setErrorMessage(e.getMessage());
        }
    }

    public List<Group> list() {
        return List.copyOf(context.groups().all());
    }

    public Result<DeletableGroupResult> delete(String groupId) {
        Group group = context.groups().get(groupId);
        if (group == null) {
            throw new GroupIdNotFoundException("Group " + groupId + " not found.");
        }
        group.validateDeleteGroup();
        List<GroupRecord> records = new ArrayList<>();
        commits.addTombstones(groupId, records);
        group.addTombstones(records);
        return Result.of(new DeletableGroupResult().setGroupId(groupId), records).inParts().whenReplayed(() -> forget(group));
    }

    public Result<Void> topicsDeleted(Set<String> topics) {
        return commits.topicsDeleted(topics);
    }

    public void metadataChanged(MetadataImage before, MetadataImage after) {
        consumer.metadataChanged(before, after);
    }

    public GroupSummary summary(Group group) {
        Map<TopicPartition, Long> committed = new HashMap<>();
        offsets.offsets(group.groupId()).forEach((tp, offset) -> committed.put(tp, offset.offset()));
        return new GroupSummary(group.groupId(), group.type(), group.state(), group.protocolType(), group.memberCount(), committed);
    }

    // ---- expiry

    private void scheduleExpiry(long delayMs) {
        context.timer().schedule(EXPIRY, delayMs, this::expire);
    }

    private Result<Void> expire() {
        List<GroupRecord> records = new ArrayList<>();
        List<Group> gone = new ArrayList<>();
        boolean more = false;
        for (Group group : List.copyOf(context.groups().all())) {
            if (records.size() >= EXPIRY_RECORDS) {
                more = true;
                break;
            }
            boolean nothingLeft = commits.addExpired(group, records);
            if (nothingLeft && group.isEmpty() && !isJoining(group)) {
                group.addTombstones(records);
                gone.add(group);
            }
        }
        scheduleExpiry(more ? 0 : context.config().get().offsets().retentionCheckIntervalMs());
        return Result.<Void>of(null, records).inParts().whenReplayed(() -> gone.forEach(this::forget));
    }

    private static boolean isJoining(Group group) {
        return group instanceof ClassicGroup classicGroup && classicGroup.hasPendingJoins();
    }

    /** A group that had no record of its own leaves no trace by its tombstone. */
    private void forget(Group group) {
        context.groups().remove(group);
        if (group instanceof ClassicGroup classicGroup) {
            classic.deleted(classicGroup);
        }
    }

    ShardContext context() {
        return context;
    }

    OffsetStore offsets() {
        return offsets;
    }
}
