package org.milena.connector;

import java.time.Instant;
import java.util.List;

/**
 * A record that is delivered to a message-driven bean.
 *
 * @param <K> what keys are read as, by {@code keyType} or {@code keyDeserializer}: texts unless said otherwise
 * @param <V> what values are read as, by {@code valueType} or {@code valueDeserializer}: texts unless said otherwise
 */
public interface InboundRecord<K, V> {

    String topic();

    int partition();

    /** Its place in the partition; with topic and partition it names the record for ever. */
    long offset();

    /** When it was sent, or written if the topic has {@code message.timestamp.type=LogAppendTime}. */
    Instant timestamp();

    /** Null without one. */
    K key();

    /** Null: a tombstone. */
    V value();

    /** In their order. */
    List<RecordHeader> headers();

    /** The value of the last header with this name as a text in UTF-8, or null. */
    String header(String name);

    /**
     * How often the record has been delivered, this time included: 1 the first time. After a crash of the server it may be one more, never less.
     */
    int deliveryCount();
}
