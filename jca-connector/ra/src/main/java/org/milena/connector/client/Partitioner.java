package org.milena.connector.client;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.common.utils.Utils;
import org.milena.connector.OutboundRecord;

/**
 * Chooses partitions as Kafka's own producer does: the one the record names; else by the key's hash (murmur2); else, without a key, the
 * same one for about {@value #STICKY_BYTES} bytes of records, then another (KIP-480, KIP-794). Used by one thread at a time.
 */
final class Partitioner {

    private static final int STICKY_BYTES = 16 * 1024;

    private static final class Sticky {
        private int partition;
        private long bytesLeft;
    }

    private final Map<String, Sticky> sticky = new HashMap<>();

    /** @throws IllegalArgumentException the record names a partition that the topic has not */
    int partition(OutboundRecord record, Topic topic) {
        if (record.partition().isPresent()) {
            int wanted = record.partition().getAsInt();
            if (wanted >= topic.partitions()) {
                throw new IllegalArgumentException("Topic " + topic.name() + " has " + topic.partitions() + " partitions, no partition " + wanted);
            }
            return wanted;
        }
        if (record.key() != null) {
            return Utils.toPositive(Utils.murmur2(record.key())) % topic.partitions();
        }
        return keyless(topic, record.value() == null ? 0 : record.value().length);
    }

    private int keyless(Topic topic, int bytes) {
        Sticky current = sticky.computeIfAbsent(topic.name(), name -> new Sticky());
        if (current.bytesLeft <= 0 || current.partition >= topic.partitions() || topic.leaders()[current.partition] < 0) {
            current.partition = another(topic, current.partition);
            current.bytesLeft = STICKY_BYTES;
        }
        current.bytesLeft -= bytes + 1;
        return current.partition;
    }

    /** One by chance, with a leader where there are such, and not the same again where there is a choice. */
    private static int another(Topic topic, int last) {
        int count = topic.partitions();
        int begin = ThreadLocalRandom.current().nextInt(count);
        int fallback = begin;
        for (int i = 0; i < count; i++) {
            int candidate = (begin + i) % count;
            if (topic.leaders()[candidate] >= 0) {
                if (candidate != last) {
                    return candidate;
                }
                fallback = candidate;
            }
        }
        return fallback;
    }
}
