package org.milena.broker.handler.fetch;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchRequestData;

/**
 * One partition that a client fetches; lives as long as its fetch session. Guarded by the session's lock
 * (a request without a session owns it alone).
 */
final class FetchPartition {

    /** Identity within a session: by id where the client speaks ids, else by name. */
    record Key(Uuid topicId, String topic, int index) {
    }

    private final Key key;
    /** Of the topic id, since it was found once; null before. */
    private volatile String name;
    private long fetchOffset;
    private int maxBytes;
    private int leaderEpoch;
    private int lastFetchedEpoch;

    /** What the client was told last; -1 when nothing yet. */
    private long sentHighWatermark = -1;
    private long sentLogStart = -1;

    FetchPartition(Key key) {
        this.key = key;
    }

    void update(FetchRequestData.FetchPartition request) {
        fetchOffset = request.fetchOffset();
        maxBytes = request.partitionMaxBytes();
        leaderEpoch = request.currentLeaderEpoch();
        lastFetchedEpoch = request.lastFetchedEpoch();
    }

    void found(String topicName) {
        if (name == null) {
            name = topicName;
        }
    }

    /** The name of a topic that is known by its id, if this session ever saw it. */
    String name() {
        return name;
    }

    Key key() {
        return key;
    }

    long fetchOffset() {
        return fetchOffset;
    }

    int maxBytes() {
        return maxBytes;
    }

    int leaderEpoch() {
        return leaderEpoch;
    }

    int lastFetchedEpoch() {
        return lastFetchedEpoch;
    }

    /** Remembers what is sent; true when an incremental response must carry this partition. */
    boolean remember(PartitionResult result) {
        boolean tell = result.failed() || result.bytes() > 0 || result.diverging() != null
                || result.highWatermark() != sentHighWatermark || result.logStartOffset() != sentLogStart;
        sentHighWatermark = result.failed() ? -1 : result.highWatermark();
        sentLogStart = result.failed() ? -1 : result.logStartOffset();
        return tell;
    }
}
