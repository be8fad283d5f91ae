package org.milena.broker.metrics;

import java.util.concurrent.atomic.LongAdder;

/**
 * What went into and out of one topic since this broker began to lead it. Belongs to the topic and lives as long: every partition
 * of the topic holds it, so that counting needs no lookup and makes no garbage.
 *
 * <p>Thread-safe; adding never blocks, reading sees each counter's sum at some moment of the call.
 */
public final class TopicCounters {

    private final String topic;
    private final LongAdder messagesIn = new LongAdder();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();
    private final LongAdder produceRequests = new LongAdder();
    private final LongAdder failedProduceRequests = new LongAdder();
    private final LongAdder fetchRequests = new LongAdder();
    private final LongAdder failedFetchRequests = new LongAdder();

    public TopicCounters(String topic) {
        this.topic = topic;
    }

    public String topic() {
        return topic;
    }

    /** One append of a client to one partition; a duplicate has no messages and no bytes. */
    public void produced(long messages, long bytes) {
        produceRequests.increment();
        messagesIn.add(messages);
        bytesIn.add(bytes);
    }

    public void produceFailed(boolean unexpected) {
        produceRequests.increment();
        if (unexpected) {
            failedProduceRequests.increment();
        }
    }

    /** One partition of an answered fetch. */
    public void fetched(long bytes) {
        fetchRequests.increment();
        bytesOut.add(bytes);
    }

    public void fetchFailed(boolean unexpected) {
        fetchRequests.increment();
        if (unexpected) {
            failedFetchRequests.increment();
        }
    }

    public Sums sums() {
        return new Sums(messagesIn.sum(), bytesIn.sum(), bytesOut.sum(), produceRequests.sum(), failedProduceRequests.sum(),
                fetchRequests.sum(), failedFetchRequests.sum());
    }

    /** The counters at one moment. Bytes are those of the record batches, compressed as they were sent. */
    public record Sums(long messagesIn, long bytesIn, long bytesOut, long produceRequests, long failedProduceRequests,
                       long fetchRequests, long failedFetchRequests) {

        public static final Sums ZERO = new Sums(0, 0, 0, 0, 0, 0, 0);

        public Sums plus(Sums other) {
            return new Sums(messagesIn + other.messagesIn, bytesIn + other.bytesIn, bytesOut + other.bytesOut,
                    produceRequests + other.produceRequests, failedProduceRequests + other.failedProduceRequests,
                    fetchRequests + other.fetchRequests, failedFetchRequests + other.failedFetchRequests);
        }
    }
}
