package org.milena.connector.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** One Fetch request under way, without a session, to the leader of some partitions. Used by one thread. */
final class FetchCall {

    private static final int OLDEST = 13; // topics go by id
    private static final int LATEST = 17;
    private static final byte READ_COMMITTED = 1;
    private static final int NO_SESSION = -1;

    /** Takes the answer for one partition. */
    interface Taker {
        void take(PartitionFeed feed, long from, PartitionData data);

        void failed(PartitionFeed feed, ClientException cause);
    }

    private final Map<PartitionFeed, Long> asked = new LinkedHashMap<>();
    private final Map<PartitionId, PartitionFeed> byId = new HashMap<>();
    private BrokerConnection.Answer<ApiMessage> answer;

    /** @throws ClientException nothing was sent */
    static FetchCall send(BrokerConnection leader, ConsumerConfig config, List<PartitionFeed> feeds) throws ClientException {
        short version = leader.version(ApiKeys.FETCH, OLDEST, LATEST);
        FetchCall call = new FetchCall();
        Map<Uuid, FetchTopic> topics = new LinkedHashMap<>();
        for (PartitionFeed feed : feeds) {
            long from = feed.wanted();
            if (from >= 0) {
                call.asked.put(feed, from);
                call.byId.put(feed.id(), feed);
                topics.computeIfAbsent(feed.id().topic(), id -> new FetchTopic().setTopicId(id)).partitions().add(new FetchPartition()
                        .setPartition(feed.partition()).setFetchOffset(from).setPartitionMaxBytes(config.maxPartitionFetchBytes()));
            }
        }
        FetchRequestData request = new FetchRequestData().setMaxWaitMs(config.fetchMaxWaitMs()).setMinBytes(config.fetchMinBytes())
                .setMaxBytes(config.fetchMaxBytes()).setIsolationLevel(READ_COMMITTED).setSessionEpoch(NO_SESSION)
                .setTopics(new ArrayList<>(topics.values()));
        call.answer = leader.send(ApiKeys.FETCH, version, request);
        return call;
    }

    CompletableFuture<?> arrival() {
        return answer.arrival();
    }

    boolean isThere() {
        return answer.isThere();
    }

    boolean concerns(PartitionFeed feed) {
        return asked.containsKey(feed);
    }

    /** Hands over what has come. */
    void take(Taker taker) {
        try {
            FetchResponseData response = (FetchResponseData) answer.await(Deadline.after(0));
            Errors error = Errors.forCode(response.errorCode());
            if (error != Errors.NONE) {
                throw ClientException.of("The fetch was refused with " + error + ": " + error.message(), error);
            }
            response.responses().forEach(topic -> topic.partitions().forEach(data -> {
                PartitionFeed feed = byId.get(new PartitionId(topic.topicId(), data.partitionIndex()));
                Long from = feed == null ? null : asked.remove(feed);
                if (from != null) {
                    taker.take(feed, from, data);
                }
            }));
        } catch (ClientException e) {
            asked.keySet().forEach(feed -> taker.failed(feed, e));
        }
    }
}
