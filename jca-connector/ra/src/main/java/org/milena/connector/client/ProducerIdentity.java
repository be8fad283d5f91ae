package org.milena.connector.client;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;

/** A producer id with the sequence numbers that come next (KIP-98). Used by one thread at a time. */
final class ProducerIdentity {

    /** By topic id, not name: a topic created again begins anew. */
    private record Place(Uuid topic, int partition) {
    }

    private final long id;
    private final short epoch;
    private final Map<Place, Integer> next = new HashMap<>();

    ProducerIdentity(long id, short epoch) {
        this.id = id;
        this.epoch = epoch;
    }

    long id() {
        return id;
    }

    short epoch() {
        return epoch;
    }

    int sequence(Topic topic, int partition) {
        return next.getOrDefault(new Place(topic.id(), partition), 0);
    }

    /** Where how much is in the log. */
    List<BranchContents.Records> sent() {
        return next.entrySet().stream().map(each -> new BranchContents.Records(each.getKey().topic, each.getKey().partition,
                (each.getValue() - 1) & Integer.MAX_VALUE)).toList();
    }

    /** So many records are in the log; after the largest number comes 0. */
    void advance(Uuid topic, int partition, int records) {
        next.merge(new Place(topic, partition), records, (from, by) -> (int) (((long) from + by) & Integer.MAX_VALUE));
    }
}
