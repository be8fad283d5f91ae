package org.milena.connector.ra;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.milena.connector.InboundRecord;
import org.milena.connector.RecordHeader;
import org.milena.connector.client.ConsumedRecord;

/** A record as a bean sees it. */
record DeliveredRecord(ConsumedRecord record, Object key, Object value, int deliveryCount) implements InboundRecord<Object, Object> {

    @Override
    public String topic() {
        return record.topic();
    }

    @Override
    public int partition() {
        return record.partition();
    }

    @Override
    public long offset() {
        return record.offset();
    }

    @Override
    public Instant timestamp() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    @Override
    public List<RecordHeader> headers() {
        return Collections.unmodifiableList(record.headers());
    }

    @Override
    public String header(String name) {
        byte[] last = null;
        for (RecordHeader header : record.headers()) {
            if (header.key().equals(name)) {
                last = header.value();
            }
        }
        return last == null ? null : new String(last, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return record.toString();
    }
}
