package org.milena.broker;

import java.util.HashMap;
import java.util.Map;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.TopicImage;

/** Tells a coordinator which partitions of its internal topic are this broker's. */
final class CoordinatorElections implements MetadataCache.Listener {

    /** What elections and resignations become. */
    @FunctionalInterface
    interface Coordinator {
        void accept(int partition, int leaderEpoch);
    }

    private final int nodeId;
    private final String topic;
    private final Coordinator elected;
    private final Coordinator resigned;

    CoordinatorElections(int nodeId, String topic, Coordinator elected, Coordinator resigned) {
        this.nodeId = nodeId;
        this.topic = topic;
        this.elected = elected;
        this.resigned = resigned;
    }

    @Override
    public void changed(MetadataImage before, MetadataImage after) {
        Map<Integer, Integer> led = led(before.topic(topic));
        Map<Integer, Integer> leading = led(after.topic(topic));
        led.forEach((partition, epoch) -> {
            if (!leading.containsKey(partition)) {
                resigned.accept(partition, -1);
            }
        });
        leading.forEach((partition, epoch) -> {
            if (!epoch.equals(led.get(partition))) {
                elected.accept(partition, epoch);
            }
        });
    }

    /** Partition → leader epoch. */
    private Map<Integer, Integer> led(TopicImage image) {
        Map<Integer, Integer> result = new HashMap<>();
        if (image != null) {
            image.partitions().stream().filter(p -> p.leader() == nodeId).forEach(p -> result.put(p.index(), p.leaderEpoch()));
        }
        return result;
    }
}
