package org.milena.broker.handler.offsets;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.log.PartitionLog.EpochEnd;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;

/** OffsetForLeaderEpoch (KIP-101, KIP-320): where an epoch of the log ended, for clients that check for truncation. */
public final class OffsetForLeaderEpochHandler implements RequestHandler<OffsetForLeaderEpochRequestData> {

    private final ReplicaManager replicas;

    public OffsetForLeaderEpochHandler(ReplicaManager replicas) {
        this.replicas = replicas;
    }

    @Override
    public void handle(RequestContext context, OffsetForLeaderEpochRequestData request) {
        OffsetForLeaderEpochResponseData response = new OffsetForLeaderEpochResponseData();
        for (OffsetForLeaderTopic topic : request.topics()) {
            OffsetForLeaderTopicResult answers = new OffsetForLeaderTopicResult().setTopic(topic.topic());
            response.topics().add(answers);
            for (OffsetForLeaderPartition wanted : topic.partitions()) {
                answers.partitions().add(answer(topic.topic(), wanted));
            }
        }
        context.reply(response);
    }

    private EpochEndOffset answer(String topic, OffsetForLeaderPartition wanted) {
        EpochEndOffset answer = new EpochEndOffset().setPartition(wanted.partition());
        try {
            Partition partition = replicas.partition(topic, wanted.partition());
            partition.checkLeaderEpoch(wanted.currentLeaderEpoch());
            EpochEnd end = partition.log().endOffsetForEpoch(wanted.leaderEpoch());
            return answer.setLeaderEpoch(end.epoch()).setEndOffset(end.endOffset());
        } catch (ApiException e) {
            return answer.setErrorCode(Errors.forException(e).code());
        }
    }
}
