package org.milena.connector.client;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Fetches for the partitions of one member: one request at a time to each leader. Used by one thread. */
final class Fetches implements FetchCall.Taker {

    private static final Logger LOG = System.getLogger(Fetches.class.getName());

    /** So long a leader that is not there may hold up the heartbeats. */
    private static final long CONNECT_MS = 5_000;

    private final Cluster cluster;
    private final ConsumerConfig config;
    private final ConsumedTopics topics;
    private final Map<Integer, FetchCall> underWay = new HashMap<>();

    Fetches(Cluster cluster, ConsumerConfig config, ConsumedTopics topics) {
        this.cluster = cluster;
        this.config = config;
        this.topics = topics;
    }

    boolean isUnderWay(PartitionFeed feed) {
        return underWay.values().stream().anyMatch(call -> call.concerns(feed));
    }

    List<CompletableFuture<?>> arrivals() {
        List<CompletableFuture<?>> arrivals = new ArrayList<>();
        underWay.values().forEach(call -> arrivals.add(call.arrival()));
        return arrivals;
    }

    /** Asks every leader that has answered the last time for what is wanted of it. */
    void send(Collection<PartitionFeed> feeds) {
        Map<Integer, List<PartitionFeed>> byLeader = new HashMap<>();
        for (PartitionFeed feed : feeds) {
            if (feed.isLocated() && feed.wanted() >= 0 && feed.mayTry() && !isUnderWay(feed)) {
                try {
                    int leader = leader(feed);
                    if (!underWay.containsKey(leader)) {
                        byLeader.computeIfAbsent(leader, l -> new ArrayList<>()).add(feed);
                    }
                } catch (ClientException e) {
                    failed(feed, e);
                }
            }
        }
        byLeader.forEach((leader, wanting) -> {
            try {
                underWay.put(leader, FetchCall.send(cluster.node(leader, Deadline.after(CONNECT_MS)), config, wanting));
            } catch (ClientException e) {
                wanting.forEach(feed -> failed(feed, e));
            }
        });
    }

    private int leader(PartitionFeed feed) throws ClientException {
        Topic topic = topics.topic(feed.id().topic());
        int leader = topic != null && feed.partition() < topic.partitions() ? topic.leaders()[feed.partition()] : -1;
        if (leader < 0) {
            throw ClientException.of(feed + " has no leader now", Errors.LEADER_NOT_AVAILABLE);
        }
        return leader;
    }

    /** Hands over what has come. */
    void take() {
        for (Iterator<FetchCall> calls = underWay.values().iterator(); calls.hasNext(); ) {
            FetchCall call = calls.next();
            if (call.isThere()) {
                calls.remove();
                call.take(this);
            }
        }
    }

    @Override
    public void take(PartitionFeed feed, long from, PartitionData data) {
        Errors error = Errors.forCode(data.errorCode());
        if (error == Errors.OFFSET_OUT_OF_RANGE) {
            outOfRange(feed, from, data);
        } else if (error != Errors.NONE) {
            failed(feed, ClientException.of(feed + " can't be fetched: " + error.message(), error));
        } else {
            feed.succeeded();
            if (data.records() instanceof MemoryRecords records) {
                feed.append(from, new FetchedBatches(feed.topic(), feed.partition(), from, records,
                        data.abortedTransactions() == null ? List.of() : data.abortedTransactions()));
            }
        }
    }

    private void outOfRange(PartitionFeed feed, long from, PartitionData data) {
        try {
            long to = reset(feed, feed.topic(), Deadline.after(CONNECT_MS));
            LOG.log(Level.WARNING, "Group " + config.groupId() + " goes on at offset " + to + " of " + feed + " (auto.offset.reset=" + config.reset()
                    + "): offset " + from + " is not there, the log begins at " + data.logStartOffset());
            feed.jump(from, to);
        } catch (ClientException e) {
            failed(feed, e);
        }
    }

    /** Where to begin without an offset, or with one that is gone. */
    long reset(PartitionFeed feed, String topic, Deadline deadline) throws ClientException {
        if (config.reset().isNone()) {
            throw ClientException.of("Group " + config.groupId() + " has no valid offset for " + topic + "-" + feed.partition()
                    + ", and auto.offset.reset is none", null);
        }
        return GroupOffsets.reset(cluster, config.reset(), topic, feed.partition(), leader(feed), deadline);
    }

    /** To be tried again a little later. */
    @Override
    public void failed(PartitionFeed feed, ClientException cause) {
        topics.forget(feed.id().topic());
        if (feed.failed(cause.getMessage(), GroupConsumer.isPassing(cause), cluster.config().backoff(feed.failures()))) {
            LOG.log(Level.WARNING, "Group " + config.groupId() + " waits with " + feed + ": " + cause.getMessage());
        }
    }
}
