package org.milena.compat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.network.WireClient;

/** Speaks to a transaction coordinator, and says its answers as text: producer ids by the order in which they came. */
final class TransactionClient implements AutoCloseable {

    /** What a client repeats until it is over. */
    private static final Set<Errors> PASSING = Set.of(Errors.CONCURRENT_TRANSACTIONS, Errors.COORDINATOR_LOAD_IN_PROGRESS,
            Errors.NOT_COORDINATOR, Errors.COORDINATOR_NOT_AVAILABLE);

    /** A producer id and epoch that was given out. */
    record Producer(long id, short epoch) {
        Producer plus(int epochs) {
            return new Producer(id, (short) (epoch + epochs));
        }
    }

    private record Answer(Errors error, String text) {
    }

    private final WireClient wire;
    private final Map<Long, Integer> ids = new HashMap<>();
    final List<Producer> producers = new ArrayList<>(List.of(new Producer(1_000_000_007, (short) 3)));

    TransactionClient(int port) throws IOException {
        wire = new WireClient(port);
    }

    private String last(Callable<Answer> question) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            Answer answer = question.call();
            if (!PASSING.contains(answer.error)) {
                return answer.error + " " + answer.text;
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Still " + answer.error + " after 60 s");
            }
        }
    }

    private String producer(long id, short epoch) {
        return id < 0 ? "none" : ids.computeIfAbsent(id, k -> ids.size()) + "/" + epoch;
    }

    void findCoordinator(String transactionalId) throws Exception {
        last(() -> {
            var answer = (FindCoordinatorResponseData) wire.call(ApiKeys.FIND_COORDINATOR, 4, new FindCoordinatorRequestData().setKeyType((byte) 1)
                    .setCoordinatorKeys(List.of(transactionalId)));
            return new Answer(Errors.forCode(answer.coordinators().get(0).errorCode()), "");
        });
    }

    /** @param expected null for a producer that knows nothing of itself */
    String init(String transactionalId, int version, Producer expected) throws Exception {
        InitProducerIdRequestData request = new InitProducerIdRequestData().setTransactionalId(transactionalId).setTransactionTimeoutMs(60_000);
        if (expected != null) {
            request.setProducerId(expected.id).setProducerEpoch(expected.epoch);
        }
        return last(() -> {
            var answer = (InitProducerIdResponseData) wire.call(ApiKeys.INIT_PRODUCER_ID, version, request);
            return given(Errors.forCode(answer.errorCode()), answer.producerId(), answer.producerEpoch());
        });
    }

    private Answer given(Errors error, long id, short epoch) {
        if (error == Errors.NONE && id >= 0) {
            producers.add(new Producer(id, epoch));
        }
        return new Answer(error, producer(id, epoch));
    }

    /** Version 3 adds as clients do, 4 as brokers do, 5 asks only whether the partition has been added. */
    String add(String transactionalId, int version, Producer producer, int partition) throws Exception {
        AddPartitionsToTxnTopicCollection topics = new AddPartitionsToTxnTopicCollection();
        topics.add(new AddPartitionsToTxnTopic().setName("t").setPartitions(List.of(partition)));
        AddPartitionsToTxnRequestData request = new AddPartitionsToTxnRequestData();
        if (version < 4) {
            request.setV3AndBelowTransactionalId(transactionalId).setV3AndBelowProducerId(producer.id).setV3AndBelowProducerEpoch(producer.epoch)
                    .setV3AndBelowTopics(topics);
        } else {
            request.transactions().add(new AddPartitionsToTxnTransaction().setTransactionalId(transactionalId).setProducerId(producer.id)
                    .setProducerEpoch(producer.epoch).setVerifyOnly(version == 5).setTopics(topics));
        }
        return last(() -> {
            var answer = (AddPartitionsToTxnResponseData) wire.call(ApiKeys.ADD_PARTITIONS_TO_TXN, version, request);
            var results = version < 4 ? answer.resultsByTopicV3AndBelow() : answer.resultsByTransaction().find(transactionalId).topicResults();
            return new Answer(Errors.forCode(results.find("t").resultsByPartition().find(partition).partitionErrorCode()), "");
        });
    }

    String end(String transactionalId, int version, Producer producer, boolean commit) throws Exception {
        EndTxnRequestData request = new EndTxnRequestData().setTransactionalId(transactionalId).setProducerId(producer.id)
                .setProducerEpoch(producer.epoch).setCommitted(commit);
        return last(() -> {
            var answer = (EndTxnResponseData) wire.call(ApiKeys.END_TXN, version, request);
            return given(Errors.forCode(answer.errorCode()), answer.producerId(), answer.producerEpoch());
        });
    }

    /** What the coordinator knows, once the last transaction has ended. */
    String describe(String transactionalId) throws Exception {
        return last(() -> {
            var answer = (DescribeTransactionsResponseData) wire.call(ApiKeys.DESCRIBE_TRANSACTIONS, 0,
                    new DescribeTransactionsRequestData().setTransactionalIds(List.of(transactionalId)));
            var state = answer.transactionStates().get(0);
            if (state.transactionState().startsWith("Prepare")) {
                return new Answer(Errors.CONCURRENT_TRANSACTIONS, "");
            }
            List<Integer> partitions = new ArrayList<>();
            state.topics().forEach(topic -> partitions.addAll(topic.partitions()));
            Collections.sort(partitions);
            return new Answer(Errors.forCode(state.errorCode()), state.transactionState() + " " + producer(state.producerId(), state.producerEpoch())
                    + " " + partitions + (state.transactionStartTimeMs() < 0 ? " never begun" : ""));
        });
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }
}
