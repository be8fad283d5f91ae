package org.milena.connector;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A record to send. Only the topic must be there; texts are UTF-8; a record without a value is a tombstone.
 *
 * <pre>{@code
 * OutboundRecord.to("orders").key("4711").value(order, json).header("source", "shop")
 * }</pre>
 *
 * <p>Not thread-safe while it is filled. Arrays are not copied. It may be sent more than once.
 */
public final class OutboundRecord {

    private final String topic;
    private byte[] key;
    private byte[] value;
    private int partition = -1;
    private long timestamp = -1;
    private List<RecordHeader> headers = List.of();

    private OutboundRecord(String topic) {
        this.topic = Objects.requireNonNull(topic, "topic");
    }

    public static OutboundRecord to(String topic) {
        return new OutboundRecord(topic);
    }

    /** Records of the same key go to the same partition, the one that every Java client of Kafka chooses. */
    public OutboundRecord key(byte[] bytes) {
        key = bytes;
        return this;
    }

    public OutboundRecord key(String text) {
        return key(bytes(text));
    }

    public <T> OutboundRecord key(T data, RecordSerializer<? super T> serializer) {
        return key(serializer.serialize(topic, data));
    }

    public OutboundRecord value(byte[] bytes) {
        value = bytes;
        return this;
    }

    public OutboundRecord value(String text) {
        return value(bytes(text));
    }

    public <T> OutboundRecord value(T data, RecordSerializer<? super T> serializer) {
        return value(serializer.serialize(topic, data));
    }

    /** Sends to this partition, whatever the key. */
    public OutboundRecord partition(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("partition " + number);
        }
        partition = number;
        return this;
    }

    /** Without one it is the time of sending. */
    public OutboundRecord timestamp(Instant instant) {
        return timestamp(instant.toEpochMilli());
    }

    /** @param epochMillis milliseconds since 1970 */
    public OutboundRecord timestamp(long epochMillis) {
        if (epochMillis < 0) {
            throw new IllegalArgumentException("timestamp " + epochMillis);
        }
        timestamp = epochMillis;
        return this;
    }

    public OutboundRecord header(String name, String text) {
        return header(name, bytes(text));
    }

    public OutboundRecord header(String name, byte[] bytes) {
        if (headers.isEmpty()) {
            headers = new ArrayList<>(4);
        }
        headers.add(new RecordHeader(name, bytes));
        return this;
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    public String topic() {
        return topic;
    }

    /** Null without one. */
    public byte[] key() {
        return key;
    }

    /** Null: a tombstone. */
    public byte[] value() {
        return value;
    }

    public OptionalInt partition() {
        return partition < 0 ? OptionalInt.empty() : OptionalInt.of(partition);
    }

    public OptionalLong timestamp() {
        return timestamp < 0 ? OptionalLong.empty() : OptionalLong.of(timestamp);
    }

    public List<RecordHeader> headers() {
        return Collections.unmodifiableList(headers);
    }
}
