package org.milena.broker.ejb;

import java.util.HashMap;
import java.util.Map;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.OffsetsTopic;

/** Tells the group coordinator which partitions of {@code __consumer_offsets} this broker leads, and of other changes. */
record OffsetsPartitions(GroupCoordinator coordinator, int nodeId) implements MetadataCache.Listener {

    @Override
    public void changed(MetadataImage before, MetadataImage after) {
        Map<Integer, Integer> led = led(before);
        Map<Integer, Integer> leads = led(after);
        leads.forEach((partition, epoch) -> {
            if (!epoch.equals(led.get(partition))) {
                coordinator.onElection(partition, epoch);
            }
        });
        led.keySet().stream().filter(partition -> !leads.containsKey(partition))
            .forEach(partition -> coordinator.onResignation(partition, epoch(after, partition)));
        coordinator.onMetadataChanged(before, after);
    }

    private Map<Integer, Integer> led(MetadataImage image) {
        Map<Integer, Integer> epochs = new HashMap<>();
        TopicImage topic = image.topic(OffsetsTopic.NAME);
        if (topic != null) {
            topic.partitions().stream().filter(p -> p.leader() == nodeId).forEach(p -> epochs.put(p.index(), p.leaderEpoch()));
        }
        return epochs;
    }

    private static int epoch(MetadataImage image, int partition) {
        TopicImage topic = image.topic(OffsetsTopic.NAME);
        return topic == null ? -1 : topic.partitions().stream().filter(p -> p.index() == partition).mapToInt(PartitionImage::leaderEpoch).findFirst().orElse(-1);
    }
}
