package org.milena.connector.client;

import java.util.List;
import org.milena.connector.RecordHeader;

/**
 * A record as it was fetched.
 *
 * @param timestamp milliseconds since 1970, -1 for none
 * @param key       null without one
 * @param value     null: a tombstone
 */
public record ConsumedRecord(String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, List<RecordHeader> headers) {

    @Override
    public String toString() {
        return topic + "-" + partition + "@" + offset;
    }
}
