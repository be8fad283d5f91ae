package org.milena.broker.handler.produce;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidRequiredAcksException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedCompressionTypeException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogAppendInfo;
import org.milena.broker.log.TransactionGuard;
import org.milena.broker.metrics.TopicMetrics;
import org.milena.broker.network.RequestContext;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.transaction.TransactionAdmission;

/**
 * Produce. The connection already lives on a data loop of a log directory, so appends to that directory happen right here, on
 * the thread that read the request; appends to another directory are handed to its threads. The answer leaves when every
 * partition's records are committed. Where a batch begins a transaction in its partition, the transaction coordinator is asked first,
 * and the connection's next requests wait behind; nobody else does.
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
    private final TransactionAdmission admission;
    private final Turns turns = new Turns();

    public ProduceHandler(ReplicaManager replicas, TopicMetrics metrics, TransactionAdmission admission) {
        this.replicas = replicas;
        this.metrics = metrics;
        this.admission = admission;
    }

    @Override
    public void handle(RequestContext context, ProduceRequestData request) {
        short acks = request.acks();
        if (acks < -1 || acks > 1) {
            throw new InvalidRequiredAcksException("acks " + acks + " is not one of -1, 0, 1");
        }
        if (turns.mustWait(context)) {
            turns.await(context, guarded(context, () -> produce(context, request)));
        } else {
            produce(context, request);
        }
    }

    /** For what runs later: nobody else would answer for it. */
    private static Runnable guarded(RequestContext context, Runnable work) {
        return () -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                LOG.log(Level.ERROR, "Produce version " + context.apiVersion() + " from client \"" + context.clientId() + "\" failed", e);
                context.fail(e);
            }
        };
    }

    private void produce(RequestContext context, ProduceRequestData request) {
        ProduceOperation operation = new ProduceOperation(context, request.acks());
        if (request.transactionalId() == null) {
            append(operation, request, Map.of());
            return;
        }
        TransactionAdmissions admissions = new TransactionAdmissions(context, request.transactionalId());
        try {
            collect(admissions, context, request);
        } catch (ApiException e) {
            context.fail(e);
            return;
        }
        if (admissions.nothingToAsk()) {
            append(operation, request, admissions.outcome());
            return;
        }
        turns.hold(context);
        admissions.ask(admission, outcome -> turns.resume(context, guarded(context, () -> append(operation, request, outcome))));
    }

    private void collect(TransactionAdmissions admissions, RequestContext context, ProduceRequestData request) {
        for (TopicProduceData topic : request.topicData()) {
            for (PartitionProduceData data : topic.partitionData()) {
                try {
                    if (data.records() instanceof MemoryRecords records) {
                        admissions.add(find(context, topic, data.index()), records.buffer());
                    }
                } catch (UnknownTopicOrPartitionException | UnknownTopicIdException | InvalidTopicException | KafkaStorageException e) {
                    // the append will say so
                }
            }
        }
    }

    private void append(ProduceOperation operation, ProduceRequestData request, Map<TopicPartition, TransactionAdmissions.Admitted> admitted) {
        for (TopicProduceData topic : request.topicData()) {
            TopicProduceResponse answers = new TopicProduceResponse().setName(topic.name()).setTopicId(topic.topicId());
            operation.response().responses().add(answers);
            for (PartitionProduceData data : topic.partitionData()) {
                PartitionProduceResponse answer = new PartitionProduceResponse().setIndex(data.index());
                answers.partitionResponses().add(answer);
                append(operation, topic, data, answer, admitted);
            }
        }
        operation.done();
    }

    /** Asked before a transaction grows, too: none shall hold a partition that its client may not write to. */
    private Partition find(RequestContext context, TopicProduceData topic, int index) {
        Partition partition = context.apiVersion() >= TOPIC_IDS_SINCE ? replicas.partition(topic.topicId(), index) : replicas.partition(topic.name(), index);
        if (Topic.isInternal(partition.topicPartition().topic()) && !context.clientId().equals(MAY_WRITE_INTERNAL_TOPICS)) {
            throw new InvalidTopicException("Cannot append to internal topic " + partition.topicPartition().topic());
        }
        return partition;
    }

    private void append(ProduceOperation operation, TopicProduceData topic, PartitionProduceData data, PartitionProduceResponse answer,
                        Map<TopicPartition, TransactionAdmissions.Admitted> admitted) {
        Partition partition;
        try {
            partition = find(operation.context(), topic, data.index());
        } catch (ApiException e) {
            operation.failed(answer, e);
            return;
        }
        TransactionAdmissions.Admitted transaction = admitted.isEmpty() ? null : admitted.get(partition.topicPartition());
        if (transaction != null && transaction.refused() != null) {
            operation.failed(answer, transaction.refused());
            metrics.appendFailed(partition.counters(), transaction.refused());
            return;
        }
        append(operation, partition, data, transaction == null ? null : transaction.guard(), answer);
    }

    private void append(ProduceOperation operation, Partition partition, PartitionProduceData data, TransactionGuard guard,
                        PartitionProduceResponse answer) {
        operation.begin();
        if (partition.inContext()) {
            appendHere(operation, partition, data, guard, answer);
        } else {
            operation.begin(); // the answer is not complete before append returns, and the listener may be called before that
            partition.execute(() -> {
                appendHere(operation, partition, data, guard, answer);
                operation.done();
            });
        }
    }

    private void appendHere(ProduceOperation operation, Partition partition, PartitionProduceData data, TransactionGuard guard,
                            PartitionProduceResponse answer) {
        operation.begin(); // the records may be committed before the answer says where they are
        try {
            ByteBuffer records = records(data, operation.version());
            int bytes = records.remaining();
            answer.setLogStartOffset(partition.log().logStartOffset());
            LogAppendInfo info = partition.append(records, AppendOrigin.CLIENT, operation.acks(), guard, error -> {
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
