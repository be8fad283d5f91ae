package org.milena.broker.metrics.prometheus;

import java.util.Collection;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** What the group coordinator knows, for metrics. */
@FunctionalInterface
public interface GroupSource {

    /** The groups this broker coordinates. Called by scrapes: must not wait for a coordinator that is busy; may be a few seconds old. */
    Collection<GroupSnapshot> groups();

    /**
     * @param state     as ListGroups names it: {@code Stable}, {@code Empty}, {@code PreparingRebalance}, {@code Assigning}…
     * @param committed the committed offsets
     */
    record GroupSnapshot(String groupId, String state, int members, Map<TopicPartition, Long> committed) {
    }
}
