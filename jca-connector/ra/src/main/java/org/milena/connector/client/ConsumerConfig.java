package org.milena.connector.client;

import java.util.List;

/**
 * What a member of a consumer group can be told, in Kafka's terms.
 *
 * @param groupId                {@code group.id}
 * @param process                whose member it is, so that its next run can tell; null: nobody's
 * @param groupInstanceId        {@code group.instance.id}: its static membership (KIP-345), or null
 * @param assignor               {@code group.remote.assignor}: the broker's assignor, or null for the group's choice
 * @param topics                 to consume; empty where there is a pattern
 * @param topicPattern           a regular expression (RE2) that the broker matches topics against, or null
 * @param reset                  {@code auto.offset.reset}
 * @param maxPollIntervalMs      {@code max.poll.interval.ms}: how long a delivery may last before a rebalance takes its partition away
 * @param fetchMinBytes          {@code fetch.min.bytes}
 * @param fetchMaxWaitMs         {@code fetch.max.wait.ms}
 * @param fetchMaxBytes          {@code fetch.max.bytes}: of one answer
 * @param maxPartitionFetchBytes {@code max.partition.fetch.bytes}: of one partition in an answer; at most two such are kept in memory
 */
public record ConsumerConfig(String groupId, ServerProcess process, String groupInstanceId, String assignor, List<String> topics, String topicPattern,
                             OffsetReset reset, int maxPollIntervalMs, int fetchMinBytes, int fetchMaxWaitMs, int fetchMaxBytes, int maxPartitionFetchBytes) {

    /** Kafka's values; but a group begins with the earliest record, since what was sent before it first ran is to be consumed. */
    public static ConsumerConfig of(String groupId, List<String> topics) {
        return new ConsumerConfig(groupId, null, null, null, topics, null, OffsetReset.parse("earliest"), 300_000, 1, 500, 50 * 1024 * 1024, 1024 * 1024);
    }

    public ConsumerConfig {
        topics = List.copyOf(topics);
        if (groupId == null || groupId.isBlank()) {
            throw new IllegalArgumentException("groupId must be set");
        }
        if (topics.isEmpty() == (topicPattern == null)) {
            throw new IllegalArgumentException(topics.isEmpty() ? "topics or topicPattern must be set" : "only one of topics and topicPattern may be set");
        }
        atLeast("maxPollIntervalMs", 1, maxPollIntervalMs);
        atLeast("fetchMinBytes", 0, fetchMinBytes);
        atLeast("fetchMaxWaitMs", 0, fetchMaxWaitMs);
        atLeast("fetchMaxBytes", 1, fetchMaxBytes);
        atLeast("maxPartitionFetchBytes", 1, maxPartitionFetchBytes);
    }

    private static void atLeast(String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
        }
    }
}
