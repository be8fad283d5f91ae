package org.milena.broker.group;

import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.coordinator.Result;

/**
 * The KIP-848 consumer protocol within one shard: its groups stand in {@link Groups}. Each method runs on the shard's executor,
 * must not block, and refuses by throwing an {@link ApiException}. An answer without records leaves at once unless records of the
 * same group are still uncommitted (then it waits for them).
 *
 * <p>Upgrade: when the heartbeat finds a classic group, its result holds the group's GroupMetadata tombstone and the
 * ConsumerGroup records, and {@code whenReplayed} calls {@link ClassicProtocol#release}. Downgrade: the result holds the
 * ConsumerGroup tombstones followed by a GroupMetadata record, and {@code whenReplayed} calls {@link ClassicProtocol#adopt}.
 */
public interface ConsumerProtocol {

    /** Makes the protocol of one shard. */
    @FunctionalInterface
    interface Factory {
        ConsumerProtocol create(ShardContext context, ClassicProtocol classic);
    }

    Result<ConsumerGroupHeartbeatResponseData> heartbeat(RequestInfo info, ConsumerGroupHeartbeatRequestData request);

    /** @throws org.apache.kafka.common.errors.GroupIdNotFoundException no consumer group has that id */
    ConsumerGroupDescribeResponseData.DescribedGroup describe(String groupId);

    /** A member of the classic protocol in a consumer group. {@code answer} may be completed with the answer later; errors are thrown. */
    Result<Void> joinGroup(RequestInfo info, JoinGroupRequestData request, CompletableFuture<JoinGroupResponseData> answer);

    Result<SyncGroupResponseData> syncGroup(RequestInfo info, SyncGroupRequestData request);

    Result<HeartbeatResponseData> heartbeat(RequestInfo info, HeartbeatRequestData request);

    Result<LeaveGroupResponseData> leaveGroup(RequestInfo info, LeaveGroupRequestData request);

    /** Replays a ConsumerGroup* record. Creates the group where it is missing (replacing an empty simple classic one), removes it by its tombstone. */
    void replay(GroupRecord record);

    /** Everything is replayed: set the timers. */
    void loaded();

    /** A new image: groups whose topics it touches look again at their next heartbeat. */
    void metadataChanged(MetadataImage before, MetadataImage after);

    /** The shard is dropped: whoever waits gets {@code error}. */
    void unloaded(ApiException error);
}
