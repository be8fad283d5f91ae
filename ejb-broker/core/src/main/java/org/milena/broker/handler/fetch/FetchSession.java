package org.milena.broker.handler.fetch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.FetchRequestData;

/**
 * An incremental fetch session (KIP-227): the partitions a client fetches and what it was told of them, so that requests and
 * responses carry only what changed. Guarded by its own lock.
 */
final class FetchSession {

    private final int id;
    private final boolean usesTopicIds;
    private final Map<FetchPartition.Key, FetchPartition> partitions;
    private int nextEpoch = 1;
    private final long createdMs;
    private long lastUsedMs;

    FetchSession(int id, boolean usesTopicIds, Map<FetchPartition.Key, FetchPartition> partitions, long nowMs) {
        this.id = id;
        this.usesTopicIds = usesTopicIds;
        this.partitions = partitions;
        this.createdMs = nowMs;
        this.lastUsedMs = nowMs;
    }

    long createdMs() {
        return createdMs;
    }

    int id() {
        return id;
    }

    boolean usesTopicIds() {
        return usesTopicIds;
    }

    synchronized int size() {
        return partitions.size();
    }

    synchronized long lastUsedMs() {
        return lastUsedMs;
    }

    /** Takes the request's epoch; false when it isn't the one expected. Epochs wrap to 1 (0 and -1 are special). */
    synchronized boolean advance(int epoch, long nowMs) {
        if (epoch != nextEpoch) {
            return false;
        }
        nextEpoch = nextEpoch == Integer.MAX_VALUE ? 1 : nextEpoch + 1;
        lastUsedMs = nowMs;
        return true;
    }

    /** Applies an incremental request and returns all partitions, in the order in which they shall be served. */
    synchronized List<FetchPartition> update(FetchRequestData request) {
        for (FetchRequestData.FetchTopic topic : request.topics()) {
            for (FetchRequestData.FetchPartition p : topic.partitions()) {
                partitions.computeIfAbsent(new FetchPartition.Key(topic.topicId(), topic.topic(), p.partition()), FetchPartition::new).update(p);
            }
        }
        for (FetchRequestData.ForgottenTopic topic : request.forgottenTopicsData()) {
            for (int index : topic.partitions()) {
                partitions.remove(new FetchPartition.Key(topic.topicId(), topic.topic(), index));
            }
        }
        return new ArrayList<>(partitions.values());
    }

    /** Remembers what is about to be sent; true when the response must carry the partition. One that had data goes to the end of the queue. */
    synchronized boolean remember(FetchPartition partition, PartitionResult result) {
        boolean tell = partition.remember(result);
        if (result.bytes() > 0 && partitions.remove(partition.key(), partition)) {
            partitions.put(partition.key(), partition);
        }
        return tell;
    }

    /** The partitions of a full request. */
    static Map<FetchPartition.Key, FetchPartition> partitionsOf(FetchRequestData request) {
        Map<FetchPartition.Key, FetchPartition> all = new LinkedHashMap<>();
        for (FetchRequestData.FetchTopic topic : request.topics()) {
            for (FetchRequestData.FetchPartition p : topic.partitions()) {
                all.computeIfAbsent(new FetchPartition.Key(topic.topicId(), topic.topic(), p.partition()), FetchPartition::new).update(p);
            }
        }
        return all;
    }
}
