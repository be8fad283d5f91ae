package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.milena.broker.handler.transaction.BranchWire.code;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.handler.transaction.BranchMessages.Action;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.transaction.BranchContent;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;

/** The private request on the wire, beside Kafka's, against a whole broker. */
class BranchHandlerTest {

    private static final BranchId XID = new BranchId(131_077, new byte[] {1, 2}, new byte[] {3});

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
    }

    @AfterEach
    void stop() throws IOException {
        wire.close();
        broker.close();
    }

    private Struct call(Action action, BranchRequest... branches) throws IOException {
        return BranchWire.call(wire, action, branches);
    }

    private int settled(Action action, BranchRequest branch) throws IOException {
        return BranchWire.settled(wire, action, branch);
    }

    private ApiVersionsResponseData versions(String software) throws IOException {
        return (ApiVersionsResponseData) wire.call(ApiKeys.API_VERSIONS, 3,
                new ApiVersionsRequestData().setClientSoftwareName(software).setClientSoftwareVersion("1"));
    }

    @Test
    void onlyTheConnectorSeesIt() throws Exception {
        assertThat(versions("milena-connector").apiKeys().find(BranchMessages.KEY)).isNotNull()
                .satisfies(api -> assertThat(api.maxVersion()).isZero());
        assertThat(versions("apache-kafka-java").apiKeys().find(BranchMessages.KEY)).isNull();
        assertThat(versions("librdkafka").apiKeys().find(BranchMessages.KEY)).isNull();
        assertThat(versions("milena-transactions").apiKeys().find(BranchMessages.KEY)).as("a tool").isNull();
    }

    /** The schema is a contract with connectors of other versions. */
    @Test
    void theRequestIsTheseBytes() {
        Struct request = BranchMessages.request(Action.PREPARE, "crm", List.of(new BranchRequest("id", 5, (short) 7, XID, "crm")),
                Set.of(new BranchContent.Records(new Uuid(1, 2), 3, 4), new BranchContent.Offset("g", new TopicPartition("t", 6), 8)));
        ByteBuffer bytes = ByteBuffer.allocate(request.sizeOf());
        request.writeTo(bytes);
        assertThat(HexFormat.of().formatHex(bytes.array())).isEqualTo("00" + "0003" + "63726d" + "00000001" + "0002" + "6964"
                + "0000000000000005" + "0007" + "00020005" + "00000002" + "0102" + "00000001" + "03"
                + "00000001" + "00000000000000010000000000000002" + "00000003" + "00000004"
                + "00000001" + "0001" + "67" + "0001" + "74" + "00000006" + "0000000000000008");
    }

    /** Records of a Kafka producer, prepared under its feet: its id, its records, our two phases. */
    @Test
    void aBranchThroughBothPhases() throws Exception {
        try (KafkaProducer<String, String> producer = producer()) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("t", "v")).get(30, TimeUnit.SECONDS);
            BranchRequest branch = new BranchRequest("id", producerId(), (short) 0, XID, "crm");
            assertThat(code(call(Action.COMMIT, branch))).as("not prepared").isEqualTo(XAException.XAER_NOTA);
            assertThat(code(call(Action.PREPARE, branch))).isZero();
            Struct found = (Struct) call(Action.RECOVER).getArray("branches")[0];
            assertThat(found.getString("transactional_id")).isEqualTo("id");
            assertThat(found.getLong("producer_id")).isEqualTo(branch.producerId());
            assertThat(found.getShort("producer_epoch")).isZero();
            assertThat(found.getInt("format_id")).isEqualTo(131_077);
            assertThat(found.getBytes("global_id")).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
            assertThat(found.get("outcome")).isEqualTo((byte) 0);
            assertThat(settled(Action.COMMIT, branch)).isZero();
            assertThat(settled(Action.COMMIT, branch)).as("again").isZero();
            assertThat(settled(Action.ROLLBACK, branch)).isEqualTo(XAException.XA_HEURCOM);
            assertThat(call(Action.RECOVER).getArray("branches")).isEmpty();
            assertThat(settled(Action.FORGET, branch)).isZero();
            assertThat(settled(Action.FORGET, branch)).isEqualTo(XAException.XAER_NOTA);
        }
    }

    /** Offsets of a group are in the branch like records: secured with the vote, applied or dropped with the decision. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void groupOffsetsShareTheFateOfTheBranch(boolean commit) throws Exception {
        try (KafkaProducer<String, String> producer = producer(); Admin admin = Admin.create(broker.properties())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.sendOffsetsToTransaction(Map.of(new TopicPartition("t", 0), new OffsetAndMetadata(5)), new ConsumerGroupMetadata("g"));
            BranchRequest branch = new BranchRequest("id", producerId(), (short) 0, XID, "crm");
            assertThat(code(call(Action.PREPARE, branch))).isZero();
            assertThat(offsets(admin)).as("in doubt").isEmpty();
            assertThat(code(call(commit ? Action.COMMIT : Action.ROLLBACK, branch))).isZero();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!state().startsWith("Complete") && System.nanoTime() < deadline) {
                Thread.onSpinWait(); // the markers follow the answer
            }
            assertThat(offsets(admin)).isEqualTo(commit ? Map.of(new TopicPartition("t", 0), 5L) : Map.of());
        }
    }

    /** The connector in the broker's own server speaks the same frames, without a socket and without their size. */
    @Test
    void itIsServedInTheVmToo() throws Exception {
        Struct request = BranchMessages.request(Action.COMMIT, "crm", new BranchRequest("id", 5, (short) 7, XID, "crm"));
        ByteBuffer body = ByteBuffer.allocate(request.sizeOf());
        request.writeTo(body);
        ByteBuffer frame = BranchWire.frame(BranchMessages.KEY, 0, body.flip()).position(4).slice();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        int code = XAException.XAER_RMFAIL;
        while (code == XAException.XAER_RMFAIL && System.nanoTime() < deadline) { // there is no coordinator before the first transactional id
            ByteBuffer answer = broker.broker().inVmAccess().apply(null, () -> { }).apply(frame.duplicate()).toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
            assertThat(answer.getInt()).isEqualTo(42);
            code = code(BranchMessages.RESPONSE.read(answer));
            wire.call(ApiKeys.FIND_COORDINATOR, 2, new FindCoordinatorRequestData().setKeyType((byte) 1).setKey("id"));
        }
        assertThat(code).isEqualTo(XAException.XAER_NOTA);
    }

    /** Rules 14. */
    @Test
    void aTopicOfAPreparedBranchIsNotDeleted() throws Exception {
        try (KafkaProducer<String, String> producer = producer(); Admin admin = Admin.create(broker.properties())) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("t", "v")).get(30, TimeUnit.SECONDS);
            BranchRequest branch = new BranchRequest("id", producerId(), (short) 0, XID, "crm");
            assertThat(code(call(Action.PREPARE, branch))).isZero();
            assertThatThrownBy(() -> admin.deleteTopics(List.of("t")).all().get(30, TimeUnit.SECONDS)).rootCause()
                    .isInstanceOf(org.apache.kafka.common.errors.PolicyViolationException.class)
                    .hasMessageStartingWith("Topic t holds records of prepared XA branches: 131077:0102:03 of crm");
            assertThat(code(call(Action.ROLLBACK, branch))).isZero();
            admin.deleteTopics(List.of("t")).all().get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void answersAreCounted() throws Exception {
        BranchRequest branch = new BranchRequest("id", 5, (short) 7, XID, "crm");
        wire.call(ApiKeys.FIND_COORDINATOR, 2, new FindCoordinatorRequestData().setKeyType((byte) 1).setKey("id")); // makes the coordinator
        assertThat(settled(Action.COMMIT, branch)).isEqualTo(XAException.XAER_NOTA);
        BranchWire.recover(wire);
        double asked = count("commit", "XAER_NOTA");
        double recovered = count("recover", "XA_OK");
        call(Action.COMMIT, branch, branch);
        call(Action.RECOVER);
        BranchWire.call(wire, BranchMessages.request(Action.RECOVER, ""));
        BranchWire.call(wire, BranchMessages.request(Action.RECOVER, "crm").set("action", (byte) 77));
        assertThat(count("commit", "XAER_NOTA")).as("each branch").isEqualTo(asked + 2);
        assertThat(count("recover", "XA_OK")).isEqualTo(recovered + 1);
        assertThat(count("recover", "XAER_INVAL")).isEqualTo(1);
        assertThat(count("unknown", "XAER_INVAL")).isEqualTo(1);
    }

    private double count(String request, String result) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        broker.broker().metrics().scrape(out, "text/plain");
        String series = "milena_transaction_branch_requests_total{request=\"" + request + "\",result=\"" + result + "\"} ";
        return out.toString(StandardCharsets.UTF_8).lines().filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length()))).sum();
    }

    @Test
    void nonsenseIsAnswered() throws Exception {
        assertThat(BranchWire.call(wire, BranchMessages.request(Action.RECOVER, "")).getInt("xa_code")).isEqualTo(XAException.XAER_INVAL);
        assertThat(BranchWire.call(wire, BranchMessages.request(Action.RECOVER, "crm").set("action", (byte) 77)).getInt("xa_code")).isEqualTo(XAException.XAER_INVAL);
        assertThat(versions("milena-connector").errorCode()).as("the connection lives on").isZero();
    }

    private KafkaProducer<String, String> producer() {
        var settings = broker.properties();
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "id");
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private static Map<TopicPartition, Long> offsets(Admin admin) throws Exception {
        Map<TopicPartition, Long> found = new HashMap<>();
        admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS).forEach((tp, offset) -> {
            if (offset != null) {
                found.put(tp, offset.offset());
            }
        });
        return found;
    }

    private long producerId() throws IOException {
        return transaction().producerId();
    }

    private String state() throws IOException {
        return transaction().transactionState();
    }

    private ListTransactionsResponseData.TransactionState transaction() throws IOException {
        ListTransactionsResponseData list = (ListTransactionsResponseData) wire.call(ApiKeys.LIST_TRANSACTIONS, 0, new ListTransactionsRequestData());
        return list.transactionStates().get(0);
    }
}
