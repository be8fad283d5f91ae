package org.milena.connector;

import java.util.List;

/**
 * A handle to a pooled connection; used by one thread at a time.
 *
 * <p>Sending blocks until the broker has acknowledged (acks=all) and is idempotent: what is repeated after a lost answer stands in
 * the log once. Records of one connection that go to the same partition keep the order of their sending.
 */
public interface MilenaConnection extends AutoCloseable {

    /**
     * Sends one record and waits for its place in the log.
     *
     * @throws MilenaException the record was not sent, or ({@link MilenaException#isOutcomeUnknown()}) nobody can tell
     * @throws IllegalStateException the handle is closed
     */
    RecordMetadata send(OutboundRecord record) throws MilenaException;

    /**
     * Sends many records, in as few requests as possible: one batch for each partition, all partitions at a time. Within a partition
     * they keep their order. Much faster than single sends.
     *
     * @return where each record is, in the order of {@code records}
     * @throws BatchSendException at least one was not sent; it tells which were
     * @throws IllegalStateException the handle is closed
     */
    List<RecordMetadata> send(List<OutboundRecord> records) throws MilenaException;

    /** Sends a text without a key. */
    default RecordMetadata send(String topic, String value) throws MilenaException {
        return send(OutboundRecord.to(topic).value(value));
    }

    /** Sends a text with a key: records of the same key go to the same partition. */
    default RecordMetadata send(String topic, String key, String value) throws MilenaException {
        return send(OutboundRecord.to(topic).key(key).value(value));
    }

    /**
     * The number of partitions of a topic. One that does not exist is created, where the broker creates topics by themselves.
     *
     * @throws MilenaException the topic does not exist, or the broker can't be reached
     */
    int partitions(String topic) throws MilenaException;

    /** Gives the connection back to the pool. Idempotent. */
    @Override
    void close();
}
