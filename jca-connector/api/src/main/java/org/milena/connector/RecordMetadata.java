package org.milena.connector;

import java.io.Serializable;

/**
 * Where a record is.
 *
 * @param offset    its offset in the partition; -1 when a repeated send was recognised after the broker had forgotten where the first went
 * @param timestamp milliseconds since 1970: the record's own, or the broker's when the topic has {@code message.timestamp.type=LogAppendTime}
 */
public record RecordMetadata(String topic, int partition, long offset, long timestamp) implements Serializable {
}
