package org.milena.connector.client;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecord;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Utils;
import org.milena.connector.RecordHeader;

/**
 * What one fetch brought of a partition, read record by record as a {@code read_committed} consumer does: without the records of aborted
 * transactions and without markers. A batch is decompressed when its turn comes. Used by one thread at a time.
 */
final class FetchedBatches {

    private static final Records NONE = () -> null;

    private final String topic;
    private final int partition;
    private final long from;
    private final long next;
    private final Iterator<MutableRecordBatch> batches;
    private final Deque<AbortedTransaction> aborted;
    private final Set<Long> abortedProducers = new HashSet<>();
    private MutableRecordBatch batch;
    private Records records = NONE;
    private IOException damage;

    /**
     * @param from    the offset that was asked for; batches may begin before it
     * @param aborted the aborted transactions with records among the batches, as the broker lists them
     */
    FetchedBatches(String topic, int partition, long from, MemoryRecords fetched, List<AbortedTransaction> aborted) {
        this.topic = topic;
        this.partition = partition;
        this.from = from;
        long end = from;
        for (MutableRecordBatch batch : fetched.batches()) {
            end = Math.max(end, batch.nextOffset());
        }
        this.next = end;
        this.batches = fetched.batches().iterator();
        List<AbortedTransaction> inOrder = new ArrayList<>(aborted);
        inOrder.sort(Comparator.comparingLong(AbortedTransaction::firstOffset));
        this.aborted = new ArrayDeque<>(inOrder);
    }

    /** The offset that follows the last batch; the one that was asked for where there is none. */
    long nextOffset() {
        return next;
    }

    /**
     * @return null after the last one
     * @throws IOException the batch is damaged or can't be decompressed; so it stays, what follows it is not read
     */
    ConsumedRecord next() throws IOException {
        if (damage != null) {
            throw damage;
        }
        while (true) {
            Record record = read();
            if (record == null) {
                if (!batches.hasNext()) {
                    return null;
                }
                batch = batches.next();
                records = open();
            } else if (record.offset() >= from) {
                return consumed(record);
            }
        }
    }

    private Record read() throws IOException {
        try {
            return records.next();
        } catch (IOException | RuntimeException e) {
            throw damaged(e);
        }
    }

    private Records open() throws IOException {
        try {
            batch.ensureValid();
            if (!isCommitted()) {
                return NONE;
            }
            return batch.compressionType() == CompressionType.NONE ? plain(batch) : compressed((DefaultRecordBatch) batch);
        } catch (IOException | RuntimeException e) {
            throw damaged(e);
        }
    }

    private IOException damaged(Exception e) {
        damage = new IOException("The batch of " + topic + "-" + partition + " at offset " + batch.baseOffset() + " can't be read: " + e.getMessage(), e);
        return damage;
    }

    private boolean isCommitted() {
        while (!aborted.isEmpty() && aborted.getFirst().firstOffset() <= batch.lastOffset()) {
            abortedProducers.add(aborted.removeFirst().producerId());
        }
        if (batch.isControlBatch()) {
            Iterator<Record> marker = batch.iterator();
            if (marker.hasNext() && ControlRecordType.parse(marker.next().key()) == ControlRecordType.ABORT) {
                abortedProducers.remove(batch.producerId());
            }
            return false;
        }
        return !batch.isTransactional() || !abortedProducers.contains(batch.producerId());
    }

    private ConsumedRecord consumed(Record record) {
        Header[] headers = record.headers();
        List<RecordHeader> copied = new ArrayList<>(headers.length);
        for (Header header : headers) {
            copied.add(new RecordHeader(header.key(), header.value()));
        }
        return new ConsumedRecord(topic, partition, record.offset(), record.timestamp(), Utils.toNullableArray(record.key()),
                Utils.toNullableArray(record.value()), copied);
    }

    /** The records of one batch, one after the other, null at the end. */
    @FunctionalInterface
    private interface Records {
        Record next() throws IOException;
    }

    private static Records plain(RecordBatch batch) {
        Iterator<Record> all = batch.iterator();
        return () -> all.hasNext() ? all.next() : null;
    }

    private static Records compressed(DefaultRecordBatch batch) throws IOException {
        byte[] bytes = new byte[batch.sizeInBytes()];
        batch.writeTo(ByteBuffer.wrap(bytes));
        InputStream in = new BufferedInputStream(Decompression.open(batch.compressionType(), bytes, DefaultRecordBatch.RECORD_BATCH_OVERHEAD));
        Long appendTime = batch.timestampType() == TimestampType.LOG_APPEND_TIME ? (Long) batch.maxTimestamp() : null;
        int[] left = {batch.countOrNull()};
        return () -> left[0]-- <= 0 ? null
                : DefaultRecord.readFrom(in, batch.baseOffset(), batch.baseTimestamp(), batch.baseSequence(), appendTime, Integer.MAX_VALUE);
    }
}
