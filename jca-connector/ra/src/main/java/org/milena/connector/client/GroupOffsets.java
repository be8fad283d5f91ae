package org.milena.connector.client;

import java.util.List;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsPartition;
import org.apache.kafka.common.message.ListOffsetsRequestData.ListOffsetsTopic;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponseGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData.OffsetFetchResponsePartitions;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.ListOffsetsRequest;

/** A group's offsets of single partitions, asked for and committed, each by one attempt. Thread-safe. */
final class GroupOffsets {

    private static final byte READ_COMMITTED = 1;

    /** Of this version, which knows member epochs; later ones go by topic ids. */
    private static final int VERSION = 9;

    private final GroupCoordinator coordinator;

    GroupOffsets(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    /**
     * The committed offset; none is told while a transaction with another one is undecided (KIP-447).
     *
     * @return null where the group has none
     */
    GroupOffset committed(GroupMember member, String topic, int partition, Deadline deadline) throws ClientException {
        OffsetFetchRequestData request = new OffsetFetchRequestData().setRequireStable(true).setGroups(List.of(new OffsetFetchRequestGroup()
                .setGroupId(member.groupId()).setMemberId(member.memberId()).setMemberEpoch(member.generation())
                .setTopics(List.of(new OffsetFetchRequestTopics().setName(topic).setPartitionIndexes(List.of(partition))))));
        OffsetFetchResponseGroup group = ((OffsetFetchResponseData) coordinator.ask(ApiKeys.OFFSET_FETCH, VERSION, VERSION, request, deadline)).groups().get(0);
        String what = "The offset of group " + member.groupId() + " for " + topic + "-" + partition;
        coordinator.check(Errors.forCode(group.errorCode()), what, null);
        OffsetFetchResponsePartitions found = group.topics().get(0).partitions().get(0);
        coordinator.check(Errors.forCode(found.errorCode()), what, null);
        return found.committedOffset() < 0 ? null
                : new GroupOffset(found.committedOffset(), found.committedLeaderEpoch(), found.metadata() == null ? "" : found.metadata());
    }

    void commit(GroupMember member, String topic, int partition, GroupOffset offset, Deadline deadline) throws ClientException {
        OffsetCommitRequestData request = new OffsetCommitRequestData().setGroupId(member.groupId()).setMemberId(member.memberId())
                .setGenerationIdOrMemberEpoch(member.generation()).setGroupInstanceId(member.groupInstanceId())
                .setTopics(List.of(new OffsetCommitRequestTopic().setName(topic).setPartitions(List.of(new OffsetCommitRequestPartition()
                        .setPartitionIndex(partition).setCommittedOffset(offset.offset()).setCommittedLeaderEpoch(offset.leaderEpoch())
                        .setCommittedMetadata(offset.metadata())))));
        OffsetCommitResponseData answer = (OffsetCommitResponseData) coordinator.ask(ApiKeys.OFFSET_COMMIT, VERSION, VERSION, request, deadline);
        coordinator.check(Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode()),
                "Committing offset " + offset.offset() + " of group " + member.groupId() + " for " + topic + "-" + partition, null);
    }

    /** Where to begin without a committed offset. */
    static long reset(Cluster cluster, OffsetReset reset, String topic, int partition, int leader, Deadline deadline) throws ClientException {
        long timestamp = reset.timestamp(System.currentTimeMillis());
        long offset = list(cluster, timestamp, topic, partition, leader, deadline);
        // nothing is younger than a duration: at the end then
        return offset >= 0 ? offset : list(cluster, ListOffsetsRequest.LATEST_TIMESTAMP, topic, partition, leader, deadline);
    }

    private static long list(Cluster cluster, long timestamp, String topic, int partition, int leader, Deadline deadline) throws ClientException {
        BrokerConnection broker = cluster.node(leader, deadline);
        ListOffsetsRequestData request = new ListOffsetsRequestData().setReplicaId(ListOffsetsRequest.CONSUMER_REPLICA_ID)
                .setIsolationLevel(READ_COMMITTED).setTopics(List.of(new ListOffsetsTopic().setName(topic)
                        .setPartitions(List.of(new ListOffsetsPartition().setPartitionIndex(partition).setTimestamp(timestamp)))));
        var answer = ((ListOffsetsResponseData) broker.send(ApiKeys.LIST_OFFSETS, broker.version(ApiKeys.LIST_OFFSETS, 7, 10), request).await(deadline))
                .topics().get(0).partitions().get(0);
        Errors error = Errors.forCode(answer.errorCode());
        if (error != Errors.NONE) {
            throw ClientException.of("The offsets of " + topic + "-" + partition + ": " + error.message(), error);
        }
        return answer.offset();
    }
}
