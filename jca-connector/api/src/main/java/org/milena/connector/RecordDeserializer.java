package org.milena.connector;

/**
 * Turns a key's or a value's bytes into an object. A class that is named by {@code keyDeserializer} or {@code valueDeserializer} has a public
 * constructor without arguments and implements this; or has, like Kafka's deserializers, a public method {@code deserialize(String, byte[])}. It is
 * used by several threads at a time.
 */
@FunctionalInterface
public interface RecordDeserializer<T> {

    /**
     * @param data null without a key, or for a tombstone
     * @throws RuntimeException it can't be read: the record goes to the dead-letter topic
     */
    T deserialize(String topic, byte[] data);
}
