package org.milena.broker.metrics.prometheus;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.metrics.TopicCounters;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.replication.ReplicaManager.TrafficSnapshot;

/**
 * Kafka's BrokerTopicMetrics: each series once for the whole broker (no label) and once for every topic that had traffic.
 * As in Kafka, a failure that clients cause in ordinary life (an unknown topic, a record too large) is no failed request.
 */
final class TopicTraffic implements TopicMetrics, MultiCollector {

    private static final String PREFIX = "kafka_server_brokertopicmetrics_";

    private final LongAdder waits = new LongAdder();
    private volatile Supplier<TrafficSnapshot> source;

    void observe(Supplier<TrafficSnapshot> traffic) {
        source = traffic;
    }

    @Override
    public void appended(TopicCounters counters, int bytes, LogAppendInfo info) {
        if (info.duplicate()) {
            counters.produced(0, 0);
        } else {
            counters.produced(info.lastOffset() - info.firstOffset() + 1, bytes);
        }
    }

    @Override
    public void appendFailed(TopicCounters counters, Throwable error) {
        counters.produceFailed(!(error instanceof UnknownTopicOrPartitionException || error instanceof NotLeaderOrFollowerException
                || error instanceof RecordTooLargeException || error instanceof RecordBatchTooLargeException
                || error instanceof CorruptRecordException || error instanceof KafkaStorageException));
    }

    @Override
    public void fetched(TopicCounters counters, int bytes) {
        counters.fetched(bytes);
    }

    @Override
    public void fetchFailed(TopicCounters counters, short errorCode) {
        counters.fetchFailed(switch (Errors.forCode(errorCode)) {
            case UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, UNKNOWN_LEADER_EPOCH, FENCED_LEADER_EPOCH,
                 REPLICA_NOT_AVAILABLE, KAFKA_STORAGE_ERROR, OFFSET_OUT_OF_RANGE, INCONSISTENT_TOPIC_ID, UNKNOWN_TOPIC_ID -> false;
            default -> true;
        });
    }

    @Override
    public void fetchWaits() {
        waits.increment();
    }

    @Override
    public void fetchWaitEnded() {
        waits.decrement();
    }

    @Override
    public MetricSnapshots collect() {
        Snapshots out = new Snapshots();
        out.gauge("kafka_server_delayedoperationpurgatory_purgatorysize", "Requests that wait", Math.max(0, waits.sum()),
                "delayedOperation", "Fetch");
        Supplier<TrafficSnapshot> traffic = source;
        if (traffic != null) {
            TrafficSnapshot now = traffic.get();
            add(out, now.total());
            now.topics().forEach((topic, sums) -> {
                if (!sums.equals(TopicCounters.Sums.ZERO)) {
                    add(out, sums, "topic", topic);
                }
            });
        }
        return out.build();
    }

    private static void add(Snapshots out, TopicCounters.Sums sums, String... labels) {
        out.counter(PREFIX + "messagesin", "Records appended for clients", sums.messagesIn(), labels);
        out.counter(PREFIX + "bytesin", "Bytes of record batches appended for clients", sums.bytesIn(), labels);
        out.counter(PREFIX + "bytesout", "Bytes of record batches sent to clients", sums.bytesOut(), labels);
        out.counter(PREFIX + "totalproducerequests", "Appends to single partitions that were asked for", sums.produceRequests(), labels);
        out.counter(PREFIX + "failedproducerequests", "Appends that failed for another reason than the clients' ordinary mistakes",
                sums.failedProduceRequests(), labels);
        out.counter(PREFIX + "totalfetchrequests", "Reads of single partitions that were answered", sums.fetchRequests(), labels);
        out.counter(PREFIX + "failedfetchrequests", "Reads that failed for another reason than the clients' ordinary mistakes",
                sums.failedFetchRequests(), labels);
    }
}
