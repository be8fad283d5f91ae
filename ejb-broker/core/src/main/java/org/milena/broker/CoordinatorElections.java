package org.milena.broker;

import java.util.HashMap;
import java.util.Map;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.OffsetsTopic;

/** Tells the group coordinator which partitions of {@code __consumer_offsets} are this broker's, and of every new image. */
final class CoordinatorElections implements MetadataCache.Listener {

    private final int nodeId;
    private final GroupCoordinator groups;

    CoordinatorElections(int nodeId, GroupCoordinator groups) {
        this.nodeId = nodeId;
        this.groups = groups;
    }

    @Override
    public void changed(MetadataImage before, MetadataImage after) {
        Map<Integer, Integer> led = led(before.topic(OffsetsTopic.NAME));
        Map<Integer, Integer> leading = led(after.topic(OffsetsTopic.NAME));
        led.forEach((partition, epoch) -> {
            if (!leading.containsKey(partition)) {
                groups.onResignation(partition, -1);
            }
        });
        leading.forEach((partition, epoch) -> {
            if (!epoch.equals(led.get(partition))) {
                groups.onElection(partition, epoch);
            }
        });
        groups.onMetadataChanged(before, after);
    }

    /** Partition → leader epoch. */
    private Map<Integer, Integer> led(TopicImage topic) {
        Map<Integer, Integer> result = new HashMap<>();
        if (topic != null) {
            topic.partitions().stream().filter(p -> p.leader() == nodeId).forEach(p -> result.put(p.index(), p.leaderEpoch()));
        }
        return result;
    }
}
