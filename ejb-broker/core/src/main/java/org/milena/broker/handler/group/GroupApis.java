package org.milena.broker.handler.group;

import java.util.function.Supplier;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.transaction.TransactionAdmission;

/** Registers the APIs of groups and committed offsets, in the versions that work. */
public final class GroupApis {

    private GroupApis() {
    }

    /** @param admission asked before the offsets of a transaction are written */
    public static void register(ApiRegistry registry, GroupCoordinator coordinator, Supplier<MetadataImage> metadata,
                                TransactionAdmission admission) {
        registry.register(ApiKeys.JOIN_GROUP, 0, 9, new JoinGroupHandler(coordinator))
                .register(ApiKeys.SYNC_GROUP, 0, 5, new SyncGroupHandler(coordinator))
                .register(ApiKeys.HEARTBEAT, 0, 4, new HeartbeatHandler(coordinator))
                .register(ApiKeys.LEAVE_GROUP, 0, 5, new LeaveGroupHandler(coordinator))
                .register(ApiKeys.OFFSET_COMMIT, 2, 10, new OffsetCommitHandler(coordinator, metadata))
                .register(ApiKeys.TXN_OFFSET_COMMIT, 0, 6, new TxnOffsetCommitHandler(coordinator, metadata, admission))
                .register(ApiKeys.OFFSET_FETCH, 1, 10, new OffsetFetchHandler(coordinator, metadata))
                .register(ApiKeys.OFFSET_DELETE, 0, 0, new OffsetDeleteHandler(coordinator, metadata))
                .register(ApiKeys.LIST_GROUPS, 0, 5, new ListGroupsHandler(coordinator))
                .register(ApiKeys.DESCRIBE_GROUPS, 0, 6, new DescribeGroupsHandler(coordinator))
                .register(ApiKeys.DELETE_GROUPS, 0, 3, new DeleteGroupsHandler(coordinator))
                .register(ApiKeys.CONSUMER_GROUP_HEARTBEAT, 0, 1, new ConsumerGroupHeartbeatHandler(coordinator))
                .register(ApiKeys.CONSUMER_GROUP_DESCRIBE, 0, 1, new ConsumerGroupDescribeHandler(coordinator));
    }
}
