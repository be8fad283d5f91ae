package org.milena.broker.handler.produce;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidRequiredAcksException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;

/**
 * Produce. The connection already lives on a data loop of a log directory, so appends to that directory happen right here, on
 * the thread that read the request; appends to another directory are handed to its threads. The answer leaves when every
 * partition's records are committed.
 */
public final class ProduceHandler implements RequestHandler<ProduceRequestData> {

    private static final Logger LOG = System.getLogger(ProduceHandler.class.getName());
    private static final short TOPIC_IDS_SINCE = 13;
    private static final int ZSTD = 4;
    private static final int ATTRIBUTES_LOW_BYTE = 22;
    private static final int MAGIC = 16;

    /** A client id that Kafka lets write what only coordinators should, to repair it. */
    private static final String MAY_WRITE_INTERNAL_TOPICS = "__admin_client";

    private final ReplicaManager replicas;
    private final TopicMetrics metrics;

    public ProduceHandler(ReplicaManager replicas, TopicMetrics metrics) {
        this.replicas = replicas;
        this.metrics = metrics;
    }

    @Override
    public void handle(RequestContext context, ProduceRequestData request) {
        short acks = request.acks();
        if (acks < -1 || acks > 1) {
            throw new InvalidRequiredAcksException("acks " + acks + " is not one of -1, 0, 1");
        }
        ProduceOperation operation = new ProduceOperation(context, acks);
        for (TopicProduceData topic : request.topicData()) {
            TopicProduceResponse answers = new TopicProduceResponse().setName(topic.name()).setTopicId(topic.topicId());
            operation.response().responses().add(answers);
            for (PartitionProduceData data : topic.partitionData()) {
                PartitionProduceResponse answer = new PartitionProduceResponse().setIndex(data.index());
                answers.partitionResponses().add(answer);
                append(operation, topic, data, answer);
            }
        }
        operation.done();
    }

    private void append(ProduceOperation operation, TopicProduceData topic, PartitionProduceData data, PartitionProduceResponse answer) {
        Partition partition;
        try {
            partition = operation.version() >= TOPIC_IDS_SINCE ? replicas.partition(topic.topicId(), data.index())
                    : replicas.partition(topic.name(), data.index());
            if (Topic.isInternal(partition.topicPartition().topic()) && !operation.clientId().equals(MAY_WRITE_INTERNAL_TOPICS)) {
                throw new InvalidTopicException("Cannot append to internal topic " + partition.topicPartition().topic());
            }
        } catch (ApiException e) {
            operation.failed(answer, e);
            return;
        }
        operation.begin();
        if (partition.inContext()) {
            append(operation, partition, data, answer);
        } else {
            operation.begin(); // the answer is not complete before append returns, and the listener may be called before that
            partition.execute(() -> {
                append(operation, partition, data, answer);
                operation.done();
            });
        }
    }

    private void append(ProduceOperation operation, Partition partition, PartitionProduceData data, PartitionProduceResponse answer) {
        operation.begin(); // the records may be committed before the answer says where they are
        try {
            ByteBuffer records = records(data, operation.version());
            int bytes = records.remaining();
            answer.setLogStartOffset(partition.log().logStartOffset());
            LogAppendInfo info = partition.append(records, AppendOrigin.CLIENT, operation.acks(), error -> {
                if (error != null) {
                    operation.failed(answer, error);
                }
                operation.done();
            });
            answer.setBaseOffset(info.firstOffset()).setLogAppendTimeMs(info.logAppendTime()).setLogStartOffset(info.logStartOffset());
            metrics.appended(partition.counters(), bytes, info);
        } catch (ApiException e) {
            metrics.appendFailed(partition.counters(), e);
            operation.failed(answer, e);
            operation.done();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Append to " + partition.topicPartition() + " failed", e);
            metrics.appendFailed(partition.counters(), e);
            operation.failed(answer, e);
            operation.done();
        } finally {
            operation.done();
        }
    }

    private static ByteBuffer records(PartitionProduceData data, short version) {
        if (!(data.records() instanceof MemoryRecords records) || records.sizeInBytes() == 0) {
            throw new org.apache.kafka.common.InvalidRecordException("Produce requests with version " + version
                    + " must have exactly one record batch per partition");
        }
        ByteBuffer buffer = records.buffer();
        if (version < 7 && buffer.remaining() > ATTRIBUTES_LOW_BYTE && buffer.get(buffer.position() + MAGIC) >= 2
                && (buffer.get(buffer.position() + ATTRIBUTES_LOW_BYTE) & 7) == ZSTD) {
            throw new UnsupportedCompressionTypeException("Produce requests with version " + version + " are not allowed to use ZStandard compression");
        }
        return buffer;
    }
}
