package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddOffsetsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResultCollection;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;

/** Transactions on the wire as older clients write them (docs: what real clients send), and what each version is told. */
class OlderProtocolTest {

    @TempDir
    Path dir;
    private EmbeddedBroker broker;
    private WireClient wire;

    @BeforeEach
    void start() throws Exception {
        broker = EmbeddedBroker.start(dir);
        wire = new WireClient(broker.port());
        try (Admin admin = Admin.create(broker.properties())) {
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
        FindCoordinatorResponseData found = call(ApiKeys.FIND_COORDINATOR, 2, new FindCoordinatorRequestData().setKeyType((byte) 1).setKey("id"));
        assertThat(found.errorCode()).isZero();
    }

    @AfterEach
    void stop() throws IOException {
        wire.close();
        broker.close();
    }

    @SuppressWarnings("unchecked")
    private <T extends ApiMessage> T call(ApiKeys key, int version, ApiMessage request) throws IOException {
        return (T) wire.call(key, version, request);
    }

    /** As clients do: again, while the coordinator loads or the last transaction ends. */
    private InitProducerIdResponseData init(int version) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            InitProducerIdResponseData answer = call(ApiKeys.INIT_PRODUCER_ID, version,
                    new InitProducerIdRequestData().setTransactionalId("id").setTransactionTimeoutMs(60_000));
            Errors error = Errors.forCode(answer.errorCode());
            if (error != Errors.COORDINATOR_LOAD_IN_PROGRESS && error != Errors.CONCURRENT_TRANSACTIONS) {
                assertThat(error).isEqualTo(Errors.NONE);
                return answer;
            }
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    private static AddPartitionsToTxnTopicCollection topics(String name, Integer... partitions) {
        AddPartitionsToTxnTopicCollection topics = new AddPartitionsToTxnTopicCollection();
        topics.add(new AddPartitionsToTxnTopic().setName(name).setPartitions(List.of(partitions)));
        return topics;
    }

    private static Errors only(AddPartitionsToTxnTopicResultCollection results) {
        return Errors.forCode(results.iterator().next().resultsByPartition().iterator().next().partitionErrorCode());
    }

    private Errors addPartitions(int version, InitProducerIdResponseData producer) throws IOException {
        AddPartitionsToTxnRequestData request = new AddPartitionsToTxnRequestData();
        if (version < 4) {
            request.setV3AndBelowTransactionalId("id").setV3AndBelowProducerId(producer.producerId())
                    .setV3AndBelowProducerEpoch(producer.producerEpoch()).setV3AndBelowTopics(topics("t", 0));
        } else {
            request.transactions().add(batched(producer, false));
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            AddPartitionsToTxnResponseData answer = call(ApiKeys.ADD_PARTITIONS_TO_TXN, version, request);
            Errors error = only(version < 4 ? answer.resultsByTopicV3AndBelow() : answer.resultsByTransaction().find("id").topicResults());
            if (error != Errors.CONCURRENT_TRANSACTIONS) {
                return error;
            }
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    private static AddPartitionsToTxnTransaction batched(InitProducerIdResponseData producer, boolean verifyOnly) {
        return new AddPartitionsToTxnTransaction().setTransactionalId("id").setProducerId(producer.producerId())
                .setProducerEpoch(producer.producerEpoch()).setVerifyOnly(verifyOnly).setTopics(topics("t", 0));
    }

    private Errors produce(int version, InitProducerIdResponseData producer, int sequence, String value) throws IOException {
        ProduceRequestData request = new ProduceRequestData().setTransactionalId("id").setAcks((short) -1).setTimeoutMs(10_000);
        request.topicData().add(new ProduceRequestData.TopicProduceData().setName("t").setPartitionData(List.of(
                new ProduceRequestData.PartitionProduceData().setIndex(0).setRecords(MemoryRecords.withTransactionalRecords(Compression.NONE,
                        producer.producerId(), producer.producerEpoch(), sequence, new SimpleRecord(value.getBytes()))))));
        ProduceResponseData answer = call(ApiKeys.PRODUCE, version, request);
        return Errors.forCode(answer.responses().iterator().next().partitionResponses().get(0).errorCode());
    }

    private Errors end(int version, InitProducerIdResponseData producer, boolean commit) throws IOException {
        EndTxnResponseData answer = call(ApiKeys.END_TXN, version, new EndTxnRequestData().setTransactionalId("id")
                .setProducerId(producer.producerId()).setProducerEpoch(producer.producerEpoch()).setCommitted(commit));
        return Errors.forCode(answer.errorCode());
    }

    private Errors addOffsets(int version, InitProducerIdResponseData producer) throws IOException {
        AddOffsetsToTxnResponseData answer = call(ApiKeys.ADD_OFFSETS_TO_TXN, version, new AddOffsetsToTxnRequestData().setTransactionalId("id")
                .setProducerId(producer.producerId()).setProducerEpoch(producer.producerEpoch()).setGroupId("g"));
        return Errors.forCode(answer.errorCode());
    }

    /** Values of the committed records, once the last transaction has ended. */
    private List<String> readCommitted(long end) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            FetchRequestData request = new FetchRequestData().setMaxWaitMs(100).setMinBytes(1).setMaxBytes(1 << 20).setIsolationLevel((byte) 1)
                    .setTopics(List.of(new FetchRequestData.FetchTopic().setTopic("t").setPartitions(List.of(
                            new FetchRequestData.FetchPartition().setPartition(0).setPartitionMaxBytes(1 << 20)))));
            FetchResponseData answer = call(ApiKeys.FETCH, 11, request);
            var partition = answer.responses().get(0).partitions().get(0);
            if (partition.lastStableOffset() >= end) {
                List<String> values = new ArrayList<>();
                var aborted = partition.abortedTransactions() == null ? List.<FetchResponseData.AbortedTransaction>of() : partition.abortedTransactions();
                ((MemoryRecords) partition.records()).batches().forEach(batch -> {
                    boolean isAborted = aborted.stream().anyMatch(a -> a.producerId() == batch.producerId() && a.firstOffset() == batch.baseOffset());
                    if (!batch.isControlBatch() && !isAborted) {
                        batch.forEach(record -> values.add(java.nio.charset.StandardCharsets.UTF_8.decode(record.value()).toString()));
                    }
                });
                return values;
            }
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    /** The versions of the oldest possible client, sarama, KafkaJS, librdkafka and Java 2.0, Java 2.8, and Java 3.9. */
    @ParameterizedTest
    @CsvSource({"0,0,0,0,3", "1,0,0,1,7", "1,1,1,1,6", "4,3,3,3,9", "5,3,3,4,11"})
    void aTransactionOfAnOlderClient(int init, int add, int offsets, int end, int produce) throws IOException {
        InitProducerIdResponseData producer = init(init);
        assertThat(produce(produce, producer, 0, "not added")).as("KIP-890: partitions must have been added").isNotEqualTo(Errors.NONE);
        assertThat(addPartitions(add, producer)).isEqualTo(Errors.NONE);
        assertThat(produce(produce, producer, 0, "a")).isEqualTo(Errors.NONE);
        assertThat(addOffsets(offsets, producer)).isEqualTo(Errors.NONE);
        assertThat(end(end, producer, true)).isEqualTo(Errors.NONE);
        assertThat(addPartitions(add, producer)).isEqualTo(Errors.NONE);
        assertThat(produce(produce, producer, 1, "x")).isEqualTo(Errors.NONE);
        assertThat(end(end, producer, false)).isEqualTo(Errors.NONE);
        assertThat(addPartitions(add, producer)).isEqualTo(Errors.NONE);
        assertThat(produce(produce, producer, 2, "b")).isEqualTo(Errors.NONE);
        assertThat(end(end, producer, true)).isEqualTo(Errors.NONE);
        assertThat(readCommitted(6)).containsExactly("a", "b");
        InitProducerIdResponseData next = init(init);
        assertThat(next.producerEpoch()).isEqualTo((short) (producer.producerEpoch() + 1));
        assertThat(addPartitions(add, producer)).isEqualTo(add < 2 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED);
        assertThat(addOffsets(offsets, producer)).isEqualTo(offsets < 2 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED);
        assertThat(end(end, producer, true)).isEqualTo(end < 2 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED);
    }

    @Test
    void aFencedProducerThatResumesIsToldWhatItKnows() throws IOException {
        InitProducerIdResponseData old = init(4);
        init(4);
        init(4);
        for (int version = 3; version <= 5; version++) {
            InitProducerIdResponseData answer = call(ApiKeys.INIT_PRODUCER_ID, version, new InitProducerIdRequestData().setTransactionalId("id")
                    .setTransactionTimeoutMs(60_000).setProducerId(old.producerId()).setProducerEpoch(old.producerEpoch()));
            assertThat(Errors.forCode(answer.errorCode())).isEqualTo(version < 4 ? Errors.INVALID_PRODUCER_EPOCH : Errors.PRODUCER_FENCED);
            assertThat(answer.producerId()).isEqualTo(-1);
        }
    }

    @Test
    void partitionsThatAreNotThereLeaveTheOthersOut() throws IOException {
        InitProducerIdResponseData producer = init(4);
        AddPartitionsToTxnTopicCollection topics = topics("t", 0, 1);
        topics.add(new AddPartitionsToTxnTopic().setName("nowhere").setPartitions(List.of(0)));
        AddPartitionsToTxnResponseData answer = call(ApiKeys.ADD_PARTITIONS_TO_TXN, 3, new AddPartitionsToTxnRequestData()
                .setV3AndBelowTransactionalId("id").setV3AndBelowProducerId(producer.producerId()).setV3AndBelowProducerEpoch(producer.producerEpoch())
                .setV3AndBelowTopics(topics));
        var results = answer.resultsByTopicV3AndBelow();
        assertThat(Errors.forCode(results.find("t").resultsByPartition().find(0).partitionErrorCode())).isEqualTo(Errors.OPERATION_NOT_ATTEMPTED);
        assertThat(Errors.forCode(results.find("t").resultsByPartition().find(1).partitionErrorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(Errors.forCode(results.find("nowhere").resultsByPartition().find(0).partitionErrorCode())).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(end(3, producer, false)).as("nothing was begun").isEqualTo(Errors.INVALID_TXN_STATE);
    }

    @Test
    void brokersAskForSeveralTransactionsAndMayOnlyVerify() throws IOException {
        InitProducerIdResponseData producer = init(4);
        AddPartitionsToTxnRequestData request = new AddPartitionsToTxnRequestData();
        request.transactions().add(batched(producer, true));
        request.transactions().add(batched(producer, true).setTransactionalId("stranger"));
        AddPartitionsToTxnResponseData answer = call(ApiKeys.ADD_PARTITIONS_TO_TXN, 5, request);
        assertThat(only(answer.resultsByTransaction().find("id").topicResults())).isEqualTo(Errors.TRANSACTION_ABORTABLE);
        assertThat(only(answer.resultsByTransaction().find("stranger").topicResults())).isIn(Errors.INVALID_PRODUCER_ID_MAPPING, Errors.COORDINATOR_LOAD_IN_PROGRESS);
        assertThat(addPartitions(4, producer)).isEqualTo(Errors.NONE);
        answer = call(ApiKeys.ADD_PARTITIONS_TO_TXN, 5, request);
        assertThat(only(answer.resultsByTransaction().find("id").topicResults())).isEqualTo(Errors.NONE);
    }

    /** There is no offsets topic: nobody has ever asked for a group. */
    @Test
    void offsetsThatWereOnlyAnnouncedHoldNothingUp() throws IOException {
        InitProducerIdResponseData producer = init(4);
        assertThat(addOffsets(3, producer)).isEqualTo(Errors.NONE);
        assertThat(end(4, producer, false)).isEqualTo(Errors.NONE);
        assertThat(init(4).producerEpoch()).isEqualTo((short) (producer.producerEpoch() + 1));
    }
}
