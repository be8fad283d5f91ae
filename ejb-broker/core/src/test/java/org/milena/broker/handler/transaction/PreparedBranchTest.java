package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.handler.transaction.BranchWire.code;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.UnstableOffsetCommitException;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.handler.transaction.BranchMessages.Action;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.transaction.BranchCoordinator;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;

/** What a whole broker lets clients and operators do beside a branch that is in doubt, before and after a restart. */
class PreparedBranchTest {

    private static final BranchId XID = new BranchId(131_077, new byte[] {1, 2}, new byte[] {3});
    private static final TopicPartition T = new TopicPartition("t", 0);

    @TempDir
    Path dir;
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();
    private EmbeddedBroker broker;
    private WireClient wire;
    private BranchRequest branch;
    private KafkaProducer<String, String> producer;

    @BeforeEach
    void start() throws Exception {
        broker = EmbeddedBroker.start(dir, store, Map.of());
        wire = new WireClient(broker.port());
        try (Admin admin = admin()) {
            admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
        }
    }

    @AfterEach
    void stop() throws IOException {
        if (producer != null) {
            producer.close(Duration.ZERO); // it would try for ever to abort what is prepared
        }
        wire.close();
        broker.close();
    }

    private void restart() throws Exception {
        stop();
        broker = EmbeddedBroker.start(dir, store, Map.of());
        wire = new WireClient(broker.port());
    }

    private Admin admin() {
        return Admin.create(broker.properties());
    }

    private void begin() {
        producer = new KafkaProducer<>(broker.properties(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "id"), new StringSerializer(), new StringSerializer());
        producer.initTransactions();
        producer.beginTransaction();
    }

    private void send(String value) throws Exception {
        producer.send(new ProducerRecord<>("t", value)).get(30, TimeUnit.SECONDS);
    }

    private TransactionDescription description() throws Exception {
        try (Admin admin = admin()) {
            return admin.describeTransactions(List.of("id")).description("id").get(30, TimeUnit.SECONDS);
        }
    }

    private void prepare() throws Exception {
        TransactionDescription description = description();
        branch = new BranchRequest("id", description.producerId(), (short) description.producerEpoch(), XID, "crm");
        assertThat(code(BranchWire.call(wire, Action.PREPARE, branch))).isZero();
    }

    private int decided(Action action) throws IOException {
        return BranchWire.settled(wire, action, branch);
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.call()) {
            assertThat(System.nanoTime()).as("gave up waiting").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** One more record of the branch, as a client that did not wait would send it. */
    private Errors lateSend() throws IOException {
        MemoryRecords records = MemoryRecords.withTransactionalRecords(Compression.NONE, branch.producerId(), branch.producerEpoch(), 1,
                new SimpleRecord("late".getBytes(StandardCharsets.UTF_8)));
        ProduceRequestData request = new ProduceRequestData().setAcks((short) -1).setTimeoutMs(10_000).setTransactionalId("id");
        request.topicData().add(new TopicProduceData().setName("t").setPartitionData(List.of(new PartitionProduceData().setIndex(0).setRecords(records))));
        ProduceResponseData response = (ProduceResponseData) wire.call(ApiKeys.PRODUCE, 12, request);
        return Errors.forCode(response.responses().iterator().next().partitionResponses().get(0).errorCode());
    }

    @Test
    void aSendAfterTheVoteIsRefused() throws Exception {
        begin();
        send("v");
        prepare();
        assertThatThrownBy(() -> send("late")).isInstanceOf(ExecutionException.class).hasCauseInstanceOf(InvalidTxnStateException.class);
        assertThat(lateSend()).isEqualTo(Errors.INVALID_TXN_STATE);
        restart();
        Errors[] refusal = new Errors[1];
        await(() -> (refusal[0] = lateSend()) != Errors.NOT_ENOUGH_REPLICAS); // while the coordinators are loading
        assertThat(refusal[0]).as("the seal is not on disk: the coordinator is asked").isEqualTo(Errors.CONCURRENT_TRANSACTIONS);
        assertThat(decided(Action.COMMIT)).isZero();
        assertThat(broker.broker().replicas().partition("t", 0).log().logEndOffset()).as("the record and perhaps its marker").isLessThanOrEqualTo(2);
    }

    /** An open transaction that nobody prepared goes on over a restart, as in Kafka. */
    @Test
    void anOrdinaryTransactionGoesOnAfterARestart() throws Exception {
        begin();
        send("v");
        TransactionDescription description = description();
        branch = new BranchRequest("id", description.producerId(), (short) description.producerEpoch(), XID, "crm");
        restart();
        Errors[] answer = new Errors[1];
        await(() -> (answer[0] = lateSend()) != Errors.NOT_ENOUGH_REPLICAS); // while the coordinators are loading
        assertThat(answer[0]).isEqualTo(Errors.NONE);
    }

    /** Rules 18, against Kafka's own tools. */
    @Test
    void aGroupsOffsetInDoubtIsNotMoved() throws Exception {
        begin();
        producer.sendOffsetsToTransaction(Map.of(T, new OffsetAndMetadata(10)), new ConsumerGroupMetadata("g"));
        prepare();
        for (int restarts = 0; restarts < 2; restarts++) {
            try (Admin admin = admin()) {
                assertThatThrownBy(() -> reset(admin)).hasRootCauseInstanceOf(UnstableOffsetCommitException.class);
                assertThatThrownBy(() -> admin.deleteConsumerGroupOffsets("g", Set.of(T)).partitionResult(T).get(30, TimeUnit.SECONDS))
                        .hasRootCauseInstanceOf(UnstableOffsetCommitException.class);
                assertThatThrownBy(() -> admin.deleteConsumerGroups(List.of("g")).all().get(30, TimeUnit.SECONDS))
                        .hasRootCauseInstanceOf(UnstableOffsetCommitException.class);
            }
            if (restarts == 0) {
                restart();
            }
        }
        assertThat(decided(Action.ROLLBACK)).isZero();
        try (Admin admin = admin()) {
            await(() -> {
                try {
                    reset(admin);
                    return true;
                } catch (ExecutionException e) { // the marker follows the answer
                    assertThat(e.getCause()).isInstanceOf(UnstableOffsetCommitException.class);
                    return false;
                }
            });
            assertThat(admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS).get(T).offset()).isEqualTo(11);
        }
    }

    private static void reset(Admin admin) throws Exception {
        admin.alterConsumerGroupOffsets("g", Map.of(T, new OffsetAndMetadata(11))).all().get(30, TimeUnit.SECONDS);
    }

    /** As a connector consumes: each record in a branch of another producer, begun as soon as the commit of the last is answered. */
    @Test
    void oneRecordAfterTheOtherInBranchesOfTheirOwn() throws Exception {
        broker.broker().topics().internalTopic("__consumer_offsets").join();
        broker.broker().topics().internalTopic("__transaction_state").join();
        for (int offset = 1; offset <= 20; offset++) {
            branch = new BranchRequest("id-" + offset, newProducerId("id-" + offset), (short) 0, XID, "crm");
            assertThat(commitOffset(offset)).as("offset %s", offset).isEqualTo(Errors.NONE);
            assertThat(decided(Action.PREPARE)).as("vote on offset %s", offset).isZero();
            assertThat(decided(Action.COMMIT)).isZero();
        }
        try (Admin admin = admin()) {
            await(() -> admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS).get(T).offset() == 20);
        }
    }

    private long newProducerId(String transactionalId) throws Exception {
        InitProducerIdResponseData[] answer = new InitProducerIdResponseData[1];
        await(() -> {
            answer[0] = (InitProducerIdResponseData) wire.call(ApiKeys.INIT_PRODUCER_ID, 5,
                    new InitProducerIdRequestData().setTransactionalId(transactionalId).setTransactionTimeoutMs(60_000));
            return answer[0].errorCode() != Errors.COORDINATOR_LOAD_IN_PROGRESS.code();
        });
        assertThat(Errors.forCode(answer[0].errorCode())).isEqualTo(Errors.NONE);
        return answer[0].producerId();
    }

    private Errors commitOffset(long offset) throws IOException {
        TxnOffsetCommitResponseData answer = (TxnOffsetCommitResponseData) wire.call(ApiKeys.TXN_OFFSET_COMMIT, 5, new TxnOffsetCommitRequestData()
                .setTransactionalId(branch.transactionalId()).setGroupId("g").setProducerId(branch.producerId()).setProducerEpoch(branch.producerEpoch())
                .setTopics(List.of(new TxnOffsetCommitRequestTopic().setName("t").setPartitions(List.of(
                        new TxnOffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(offset).setCommittedMetadata(""))))));
        return Errors.forCode(answer.topics().get(0).partitions().get(0).errorCode());
    }

    /** As {@code kafka-transactions abort} does it, with a coordinator epoch that no coordinator has. */
    @Test
    void anOperatorRollsABranchBackWithKafkasTool() throws Exception {
        begin();
        send("v");
        prepare();
        try (Admin admin = admin()) {
            assertThat(description().transactionTimeoutMs()).isEqualTo(Integer.MAX_VALUE);
            await(() -> scrape().contains("milena_transaction_branches_in_doubt 1.0"));
            admin.abortTransaction(new AbortTransactionSpec(T, branch.producerId(), branch.producerEpoch(), BranchCoordinator.OPERATOR_EPOCH)).all()
                    .get(30, TimeUnit.SECONDS);
            Struct found = (Struct) BranchWire.call(wire, Action.RECOVER).getArray("branches")[0];
            assertThat(found.get("outcome")).as("rolled back by an operator").isEqualTo((byte) 2);
            assertThat(decided(Action.COMMIT)).isEqualTo(XAException.XA_HEURRB);
            await(() -> scrape().contains("milena_transaction_branches_in_doubt 0.0"));
            assertThat(scrape()).contains("milena_transaction_oldest_branch_in_doubt_seconds");
            assertThat(decided(Action.FORGET)).isZero();
        }
    }

    private String scrape() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        broker.broker().metrics().scrape(out, "text/plain");
        return out.toString(StandardCharsets.UTF_8);
    }
}
