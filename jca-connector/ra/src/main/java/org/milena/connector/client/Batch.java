package org.milena.connector.client;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.AbstractRecords;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.milena.connector.OutboundRecord;

/** Records for one partition that are sent as one batch: all of them are in the log, or none. */
final class Batch {

    private static final Header[] NO_HEADERS = {};

    private final String topic;
    private final int partition;
    private final List<OutboundRecord> records = new ArrayList<>();
    private final List<Integer> indexes = new ArrayList<>();
    private int bytes = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;

    private MemoryRecords encoded;
    private ProducerIdentity producer;
    private Uuid topicId;
    private long sentAt;
    private int attempts;
    private boolean outcomeUnknown;
    private ClientException failure;

    Batch(String topic, int partition) {
        this.topic = topic;
        this.partition = partition;
    }

    /** Upper bound of what the record takes in a batch, the batch's own overhead not counted. */
    static int size(OutboundRecord record) {
        return AbstractRecords.estimateSizeInBytesUpperBound(RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE, record.key(), record.value(),
                headers(record)) - DefaultRecordBatch.RECORD_BATCH_OVERHEAD;
    }

    private static Header[] headers(OutboundRecord record) {
        return record.headers().isEmpty() ? NO_HEADERS
                : record.headers().stream().map(h -> new RecordHeader(h.key(), h.value())).toArray(Header[]::new);
    }

    boolean hasRoom(int recordBytes, int maxBytes) {
        return records.isEmpty() || bytes + recordBytes <= maxBytes;
    }

    /** @param index the record's place in the call that sends it */
    void add(OutboundRecord record, int recordBytes, int index) {
        records.add(record);
        indexes.add(index);
        bytes += recordBytes;
    }

    String topic() {
        return topic;
    }

    int partition() {
        return partition;
    }

    /** Of the topic that the bytes are for. */
    Uuid topicId() {
        return topicId;
    }

    int count() {
        return records.size();
    }

    int bytes() {
        return bytes;
    }

    List<Integer> indexes() {
        return indexes;
    }

    long timestamp(int i) {
        return records.get(i).timestamp().orElse(sentAt);
    }

    /** Fixes the bytes to send; repeated attempts send the same, so that the broker knows them again. */
    void encode(ProducerIdentity identity, boolean transactional, Topic where, long now) {
        producer = identity;
        topicId = where.id();
        sentAt = now;
        attempts = 0;
        outcomeUnknown = false;
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(bytes), RecordBatch.CURRENT_MAGIC_VALUE, Compression.NONE,
                TimestampType.CREATE_TIME, 0, RecordBatch.NO_TIMESTAMP, identity.id(), identity.epoch(),
                identity.sequence(where, partition), transactional, RecordBatch.NO_PARTITION_LEADER_EPOCH);
        for (OutboundRecord record : records) {
            builder.append(record.timestamp().orElse(now), record.key(), record.value(), headers(record));
        }
        encoded = builder.build();
    }

    MemoryRecords encoded() {
        return encoded;
    }

    /** Whether there are bytes for this topic; one that was created again under the name wants others. */
    boolean encodedFor(Topic where) {
        return encoded != null && topicId.equals(where.id());
    }

    /** To be encoded anew. */
    void discardEncoding() {
        encoded = null;
    }

    /** It is in the log: the next batch of its producer follows it. */
    void acknowledged() {
        producer.advance(topicId, partition, count());
    }

    void attempted() {
        attempts++;
    }

    int attempts() {
        return attempts;
    }

    /** An attempt got no answer. */
    void unanswered() {
        outcomeUnknown = true;
    }

    /** Some attempt got no answer, and none since told whether it was carried out. */
    boolean outcomeUnknown() {
        return outcomeUnknown;
    }

    void failed(ClientException cause) {
        failure = cause;
    }

    /** Of the last attempt; null while there was none. */
    ClientException failure() {
        return failure;
    }

    @Override
    public String toString() {
        return topic + "-" + partition + " (" + count() + (count() == 1 ? " record)" : " records)");
    }
}
