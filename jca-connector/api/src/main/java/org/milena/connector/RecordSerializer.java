package org.milena.connector;

/**
 * Turns an object into a key's or a value's bytes. Any of Kafka's serializers fits as a method reference ({@code serializer::serialize}), and so does
 * JSON-B: {@code (topic, order) -> jsonb.toJson(order).getBytes(UTF_8)}.
 */
@FunctionalInterface
public interface RecordSerializer<T> {

    /** @return null for a null, which is a tombstone where it is a value */
    byte[] serialize(String topic, T data);
}
