package org.milena.connector.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/**
 * One send of records: batches for their partitions, sent in rounds, of each partition one batch at a time, until all are acknowledged,
 * refused, or out of time. A batch that gets no answer, or an answer that asks for it, is sent again with the same sequence numbers.
 */
final class Delivery {

    private final Cluster cluster;
    private final BatchOwner producer;
    private final Deadline deadline;
    private final Map<TopicPartition, Deque<Batch>> waiting = new LinkedHashMap<>();
    private RecordMetadata[] results;
    private Batch refused;

    Delivery(Cluster cluster, BatchOwner producer, Deadline deadline) {
        this.cluster = cluster;
        this.producer = producer;
        this.deadline = deadline;
    }

    List<RecordMetadata> deliver(List<OutboundRecord> records) throws ClientException {
        results = new RecordMetadata[records.size()];
        arrange(records);
        try {
            deliverAll();
        } catch (ClientException e) { // interrupted between two attempts
            List.copyOf(waiting.values()).forEach(batches -> refuse(batches.getFirst(), e));
        }
        if (refused != null) {
            throw failure(records.size());
        }
        return Arrays.asList(results);
    }

    private void deliverAll() throws ClientException {
        for (int fruitless = 0; !waiting.isEmpty(); ) {
            int before = waiting.values().stream().mapToInt(Deque::size).sum();
            round();
            boolean progress = waiting.values().stream().mapToInt(Deque::size).sum() < before;
            fruitless = progress ? 0 : fruitless + 1;
            if (deadline.over()) {
                giveUp();
            } else if (!progress) {
                deadline.pause(cluster.config().backoff(fruitless - 1));
            }
        }
    }

    private ClientException failure(int records) {
        ClientException first = refused.failure();
        if (records == 1) {
            return first;
        }
        long missing = Arrays.stream(results).filter(r -> r == null).count();
        return first.withResults(missing + " of " + records + " records were not sent: " + first.getMessage(), Arrays.asList(results));
    }

    /** Chooses partitions and fills batches, before anything is sent. */
    private void arrange(List<OutboundRecord> records) throws ClientException {
        int most = cluster.config().maxRequestBytes();
        for (int i = 0; i < records.size(); i++) {
            OutboundRecord record = records.get(i);
            int size = Batch.size(record);
            if (size + DefaultRecordBatch.RECORD_BATCH_OVERHEAD > most) {
                throw ClientException.of("A record for " + record.topic() + " takes up to " + (size + DefaultRecordBatch.RECORD_BATCH_OVERHEAD)
                        + " bytes, more than max.request.size = " + most, Errors.MESSAGE_TOO_LARGE);
            }
            int partition = producer.partitioner().partition(record, cluster.topic(record.topic(), deadline));
            Deque<Batch> batches = waiting.computeIfAbsent(new TopicPartition(record.topic(), partition), p -> new ArrayDeque<>());
            if (batches.isEmpty() || !batches.getLast().hasRoom(size, most)) {
                batches.add(new Batch(record.topic(), partition));
            }
            batches.getLast().add(record, size, i);
        }
    }

    /** Sends the first batch of every partition, to all leaders at once, then waits for the answers. */
    private void round() throws ClientException {
        Map<Integer, List<Batch>> byLeader = new LinkedHashMap<>();
        for (Deque<Batch> batches : List.copyOf(waiting.values())) {
            Batch batch = batches.getFirst();
            try {
                byLeader.computeIfAbsent(prepare(batch), leader -> new ArrayList<>()).add(batch);
            } catch (ClientException e) {
                failed(batch, e);
            }
        }
        List<ProduceCall> calls = new ArrayList<>();
        byLeader.forEach((leader, batches) -> {
            try {
                calls.addAll(ProduceCall.send(cluster.config(), cluster.node(leader, deadline), producer.transactionalId(), batches));
            } catch (ClientException e) {
                batches.forEach(batch -> failed(batch, e));
            }
        });
        for (ProduceCall call : calls) {
            call.await(deadline, this::answered, this::failed);
        }
    }

    /** @return the leader that the batch goes to now */
    private int prepare(Batch batch) throws ClientException {
        Topic topic = cluster.topic(batch.topic(), deadline);
        int leader = batch.partition() < topic.partitions() ? topic.leaders()[batch.partition()] : -1;
        if (leader < 0) {
            throw ClientException.of(batch.topic() + "-" + batch.partition() + " has no leader now", Errors.LEADER_NOT_AVAILABLE);
        }
        if (!batch.encodedFor(topic)) {
            batch.encode(producer.identity(deadline), producer.transactionalId() != null, topic, System.currentTimeMillis());
        }
        return leader;
    }

    private void answered(Batch batch, PartitionProduceResponse answer) {
        Errors error = Errors.forCode(answer.errorCode());
        switch (error) {
            case NONE, DUPLICATE_SEQUENCE_NUMBER -> acknowledged(batch, error == Errors.NONE ? answer.baseOffset() : -1, answer.logAppendTimeMs());
            case OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID, INVALID_PRODUCER_EPOCH -> forgotten(batch, answer);
            case REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND -> {
                batch.unanswered(); // it is in the leader's log
                failed(batch, said(batch, answer));
            }
            default -> failed(batch, said(batch, answer));
        }
    }

    private static ClientException said(Batch batch, PartitionProduceResponse answer) {
        Errors error = Errors.forCode(answer.errorCode());
        String details = answer.errorMessage() == null ? error.message() : answer.errorMessage();
        return ClientException.of("The broker refused " + batch + " with " + error + ": " + details, error);
    }

    private void acknowledged(Batch batch, long baseOffset, long logAppendTime) {
        batch.acknowledged();
        for (int i = 0; i < batch.count(); i++) {
            results[batch.indexes().get(i)] = new RecordMetadata(batch.topic(), batch.partition(), baseOffset < 0 ? -1 : baseOffset + i,
                    logAppendTime >= 0 ? logAppendTime : batch.timestamp(i));
        }
        TopicPartition key = new TopicPartition(batch.topic(), batch.partition());
        Deque<Batch> rest = waiting.get(key);
        rest.removeFirst();
        if (rest.isEmpty()) {
            waiting.remove(key);
        }
    }

    /**
     * The broker does not know what this producer sent before, because it expired or was deleted. A first attempt can't be in the log:
     * it is sent once more by a new producer. A later one may be.
     */
    private void forgotten(Batch batch, PartitionProduceResponse answer) {
        boolean renewed = producer.renewIdentity();
        if (renewed && batch.attempts() == 1) {
            batch.failed(said(batch, answer));
            batch.discardEncoding();
        } else {
            if (batch.attempts() > 1) {
                batch.unanswered();
            }
            refuse(batch, said(batch, answer));
        }
    }

    private void failed(Batch batch, ClientException cause) {
        if (cause.outcomeUnknown()) {
            batch.unanswered();
        }
        if (!cause.retriable()) {
            refuse(batch, cause);
            return;
        }
        batch.failed(cause.orBefore(batch.failure()));
        if (cause.error().exception() instanceof InvalidMetadataException || cause.error() == Errors.NETWORK_EXCEPTION) {
            cluster.forget(batch.topic());
        }
    }

    /** It will not be sent, nor what follows it in its partition. */
    private void refuse(Batch batch, ClientException cause) {
        batch.failed(batch.outcomeUnknown() ? cause.withOutcomeUnknown() : cause);
        if (batch.outcomeUnknown()) {
            producer.renewIdentity();
        }
        if (refused == null || batch.outcomeUnknown() && !refused.outcomeUnknown()) {
            refused = batch;
        }
        waiting.remove(new TopicPartition(batch.topic(), batch.partition()));
    }

    private void giveUp() {
        for (Deque<Batch> batches : List.copyOf(waiting.values())) {
            Batch batch = batches.getFirst();
            refuse(batch, ClientException.timedOut("Sending " + batch + " was not acknowledged", deadline, batch.failure(), batch.outcomeUnknown()));
        }
    }
}
