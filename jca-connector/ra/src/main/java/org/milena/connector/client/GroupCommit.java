package org.milena.connector.client;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** Offsets of a group as a part of a transaction, which begins with them if it has not begun (KIP-890). To repeat it changes nothing. */
final class GroupCommit {

    /** The first that needs no AddOffsetsToTxn before it; later ones go by topic ids. */
    private static final int VERSION = 5;

    private final Cluster cluster;
    private final BatchOwner owner;
    private final GroupMember member;
    private final Map<TopicPartition, GroupOffset> offsets;

    GroupCommit(Cluster cluster, BatchOwner owner, GroupMember member, Map<TopicPartition, GroupOffset> offsets) {
        this.cluster = cluster;
        this.owner = owner;
        this.member = member;
        this.offsets = offsets;
    }

    /** @throws ClientException the transaction does not hold all of them */
    void send(Deadline deadline) throws ClientException {
        boolean unanswered = false;
        ClientException failure = null;
        for (int attempt = 0; !deadline.over(); attempt++) {
            try {
                ProducerIdentity identity = owner.identity(deadline);
                BrokerConnection broker = cluster.groupCoordinator(member.groupId(), deadline);
                check((TxnOffsetCommitResponseData) broker.send(ApiKeys.TXN_OFFSET_COMMIT, broker.version(ApiKeys.TXN_OFFSET_COMMIT, VERSION, VERSION),
                        request(identity)).await(deadline));
                return;
            } catch (ClientException e) {
                unanswered |= e.outcomeUnknown();
                failure = e.orBefore(failure);
                if (!e.retriable()) {
                    throw unanswered ? e.withOutcomeUnknown() : e;
                }
                cluster.forgetGroup(member.groupId());
                deadline.pause(cluster.config().backoff(attempt));
            }
        }
        throw ClientException.timedOut("The offsets of group " + member.groupId() + " were not acknowledged", deadline, failure, unanswered);
    }

    private TxnOffsetCommitRequestData request(ProducerIdentity identity) {
        TxnOffsetCommitRequestData request = new TxnOffsetCommitRequestData().setTransactionalId(owner.transactionalId()).setGroupId(member.groupId())
                .setProducerId(identity.id()).setProducerEpoch(identity.epoch()).setMemberId(member.memberId())
                .setGenerationIdOrMemberEpoch(member.generation()).setGroupInstanceId(member.groupInstanceId());
        Map<String, TxnOffsetCommitRequestTopic> topics = new HashMap<>();
        offsets.forEach((partition, offset) -> topics.computeIfAbsent(partition.topic(), name -> new TxnOffsetCommitRequestTopic().setName(name))
                .partitions().add(new TxnOffsetCommitRequestPartition().setPartitionIndex(partition.partition()).setCommittedOffset(offset.offset())
                        .setCommittedLeaderEpoch(offset.leaderEpoch()).setCommittedMetadata(offset.metadata())));
        request.topics().addAll(topics.values());
        return request;
    }

    private void check(TxnOffsetCommitResponseData answer) throws ClientException {
        for (TxnOffsetCommitResponseTopic topic : answer.topics()) {
            for (TxnOffsetCommitResponsePartition partition : topic.partitions()) {
                Errors error = Errors.forCode(partition.errorCode());
                if (error != Errors.NONE) {
                    throw ClientException.of("The offset of group " + member.groupId() + " for " + topic.name() + "-" + partition.partitionIndex()
                            + " was refused with " + error + ": " + error.message(), error);
                }
            }
        }
    }
}
