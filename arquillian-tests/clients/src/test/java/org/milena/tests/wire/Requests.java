package org.milena.tests.wire;

import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Requests that many tests send. */
public final class Requests {
    private Requests() { }

    public static MemoryRecords records(String... values) {
        return MemoryRecords.withRecords(Compression.NONE, Stream.of(values).map(value -> new SimpleRecord(value.getBytes())).toArray(SimpleRecord[]::new));
    }

    /** acks=all, to one partition. */
    public static ProduceRequestData produce(String topic, int partition, BaseRecords records) {
        ProduceRequestData.TopicProduceDataCollection topics = new ProduceRequestData.TopicProduceDataCollection();
        topics.add(new ProduceRequestData.TopicProduceData().setName(topic).setPartitionData(List.of(
            new ProduceRequestData.PartitionProduceData().setIndex(partition).setRecords(records))));
        return new ProduceRequestData().setAcks((short) -1).setTimeoutMs(10_000).setTopicData(topics);
    }

    /** Produces by version 9, the last that all KIP-480 clients speak with names. */
    public static ProduceResponseData.PartitionProduceResponse produce(RawClient client, String topic, int partition, BaseRecords records) {
        return partition(client.send(produce(topic, partition, records), 9));
    }

    public static ProduceResponseData.PartitionProduceResponse partition(ProduceResponseData response) {
        return response.responses().iterator().next().partitionResponses().get(0);
    }

    public static ListOffsetsResponseData.ListOffsetsPartitionResponse listOffsets(RawClient client, int version, String topic, int partition, long timestamp) {
        ListOffsetsRequestData request = new ListOffsetsRequestData().setReplicaId(-1).setTopics(List.of(
            new ListOffsetsRequestData.ListOffsetsTopic().setName(topic).setPartitions(List.of(
                new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(partition).setTimestamp(timestamp).setCurrentLeaderEpoch(-1)))));
        ListOffsetsResponseData response = client.send(request, version);
        return response.topics().get(0).partitions().get(0);
    }

    /** Waits until the group's coordinator serves: the first request of a new cluster creates its topic. */
    public static void awaitCoordinator(RawClient client, String group) {
        long end = System.nanoTime() + 30_000_000_000L;
        Errors error;
        do {
            FindCoordinatorResponseData found = client.send(new FindCoordinatorRequestData().setKey(group), 3);
            error = Errors.forCode(found.errorCode());
            if (error == Errors.NONE) {
                org.apache.kafka.common.message.HeartbeatRequestData probe = new org.apache.kafka.common.message.HeartbeatRequestData()
                    .setGroupId(group).setMemberId("nobody").setGenerationId(1);
                error = Errors.forCode(((org.apache.kafka.common.message.HeartbeatResponseData) client.send(probe, 4)).errorCode());
                if (error == Errors.UNKNOWN_MEMBER_ID) return;
            }
        } while (System.nanoTime() < end);
        throw new AssertionError("no coordinator for " + group + ": " + error);
    }

    /** A producer id of its own; waits while the broker fetches its first block of them. */
    public static long producerId(RawClient client) {
        long end = System.nanoTime() + 60_000_000_000L;
        InitProducerIdResponseData answer;
        do {
            answer = client.send(new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(1), 4);
        } while (answer.errorCode() == Errors.COORDINATOR_LOAD_IN_PROGRESS.code() && System.nanoTime() < end);
        if (answer.errorCode() != 0) throw new AssertionError("no producer id: " + Errors.forCode(answer.errorCode()));
        return answer.producerId();
    }

    public static JoinGroupRequestData join(String group, String member) {
        JoinGroupRequestData.JoinGroupRequestProtocolCollection protocols = new JoinGroupRequestData.JoinGroupRequestProtocolCollection();
        protocols.add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("range").setMetadata(new byte[] {1, 2, 3}));
        return new JoinGroupRequestData().setGroupId(group).setMemberId(member).setProtocolType("consumer").setProtocols(protocols)
            .setSessionTimeoutMs(60_000).setRebalanceTimeoutMs(60_000);
    }

    public static SyncGroupRequestData sync(String group, String member, int generation) {
        return new SyncGroupRequestData().setGroupId(group).setMemberId(member).setGenerationId(generation)
            .setProtocolType("consumer").setProtocolName("range");
    }
}
