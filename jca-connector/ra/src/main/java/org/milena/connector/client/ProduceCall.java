package org.milena.connector.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/** One Produce request under way: batches of different partitions for one leader. */
final class ProduceCall {

    private static final short ALL_IN_SYNC = -1;
    /** From here on topics go by id. */
    private static final int TOPIC_IDS = 13;

    private final short version;
    private final List<Batch> batches = new ArrayList<>();
    private BrokerConnection.Answer<ApiMessage> answer;

    private ProduceCall(short version) {
        this.version = version;
    }

    /**
     * Sends the batches in as many requests as {@code max.request.size} makes of them, all at once.
     *
     * @param transactionalId of the transaction that they belong to, or null
     * @throws ClientException the broker does not serve what is needed; nothing was sent
     */
    static List<ProduceCall> send(ClientConfig config, BrokerConnection broker, String transactionalId, List<Batch> batches) throws ClientException {
        short version = broker.version(ApiKeys.PRODUCE, 12, TOPIC_IDS);
        List<ProduceCall> calls = new ArrayList<>();
        long room = 0;
        for (Batch batch : batches) {
            if (calls.isEmpty() || room < batch.bytes()) {
                calls.add(new ProduceCall(version));
                room = config.maxRequestBytes();
            }
            calls.get(calls.size() - 1).batches.add(batch);
            room -= batch.bytes();
        }
        calls.forEach(call -> call.send(broker, transactionalId, config.requestTimeoutMs()));
        return calls;
    }

    private void send(BrokerConnection broker, String transactionalId, int timeoutMs) {
        Map<String, TopicProduceData> byTopic = new LinkedHashMap<>();
        for (Batch batch : batches) {
            batch.attempted();
            byTopic.computeIfAbsent(batch.topic(), name -> version >= TOPIC_IDS ? new TopicProduceData().setTopicId(batch.topicId())
                            : new TopicProduceData().setName(name))
                    .partitionData().add(new PartitionProduceData().setIndex(batch.partition()).setRecords(batch.encoded()));
        }
        ProduceRequestData request = new ProduceRequestData().setTransactionalId(transactionalId).setAcks(ALL_IN_SYNC).setTimeoutMs(timeoutMs);
        byTopic.values().forEach(request.topicData()::add);
        answer = broker.send(ApiKeys.PRODUCE, version, request);
    }

    /** Waits, and hands each batch to one of the two. */
    void await(Deadline deadline, BiConsumer<Batch, PartitionProduceResponse> answered, BiConsumer<Batch, ClientException> failed) {
        List<Batch> missing = new ArrayList<>(batches);
        ClientException failure;
        try {
            ProduceResponseData response = (ProduceResponseData) answer.await(deadline);
            for (TopicProduceResponse topic : response.responses()) {
                for (PartitionProduceResponse partition : topic.partitionResponses()) {
                    Batch batch = find(topic, partition.index());
                    if (batch != null && missing.remove(batch)) {
                        answered.accept(batch, partition);
                    }
                }
            }
            failure = ClientException.unanswered("The answer to Produce leaves it out", null);
        } catch (ClientException e) {
            failure = e;
        }
        for (Batch batch : missing) {
            failed.accept(batch, failure);
        }
    }

    private Batch find(TopicProduceResponse topic, int partition) {
        for (Batch batch : batches) {
            boolean same = version >= TOPIC_IDS ? batch.topicId().equals(topic.topicId()) : batch.topic().equals(topic.name());
            if (same && batch.partition() == partition) {
                return batch;
            }
        }
        return null;
    }
}
