package org.milena.broker.handler.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.transaction.xa.XAException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.types.Struct;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.handler.transaction.OperatorMessages.Action;
import org.milena.broker.network.WireClient;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.PreparedBranches;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;

/** An operator's private request on the wire, against a whole broker, before and after a restart. */
class OperatorHandlerTest {

    private static final BranchId XID = new BranchId(131_077, new byte[] {1, 2}, new byte[] {3});
    private static final BranchId OTHER = new BranchId(1, new byte[] {9}, new byte[0]);

    @TempDir
    Path dir;
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();
    private EmbeddedBroker broker;
    private WireClient wire;

    @BeforeEach
    void start() throws Exception {
        broker = EmbeddedBroker.start(dir, store, Map.of());
        wire = new WireClient(broker.port());
    }

    @AfterEach
    void stop() throws IOException {
        wire.close();
        broker.close();
    }

    private BranchRequest prepared(String topic, int partitions, BranchId xid, String manager) throws Exception {
        return PreparedBranches.prepare(broker, topic, partitions, topic + "-id", xid, manager);
    }

    private List<Struct> list() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        Struct response;
        do { // while coordinators are loading
            response = BranchWire.operate(wire, Action.LIST);
        } while (response.getInt("xa_code") == XAException.XAER_RMFAIL && System.nanoTime() < deadline);
        assertThat(response.getInt("xa_code")).isZero();
        assertThat(response.getLong("time_ms")).isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
        return Arrays.stream(response.getArray("branches")).map(Struct.class::cast).toList();
    }

    private int asked(Action action, BranchRequest branch) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        int code;
        do { // while the markers are on their way
            code = BranchWire.code(BranchWire.operate(wire, action, branch));
        } while (code == XAException.XAER_RMFAIL && System.nanoTime() < deadline);
        return code;
    }

    private static String held(Struct listed) {
        return Arrays.stream(listed.getArray("partitions")).map(Struct.class::cast)
                .map(each -> each.getString("topic") + "-" + each.getInt("partition")).toList().toString();
    }

    @Test
    void onlyTheToolSeesIt() throws Exception {
        for (String software : List.of("milena-transactions", "milena-connector", "apache-kafka-java", "librdkafka")) {
            ApiVersionsResponseData versions = (ApiVersionsResponseData) wire.call(ApiKeys.API_VERSIONS, 3,
                    new ApiVersionsRequestData().setClientSoftwareName(software).setClientSoftwareVersion("1"));
            assertThat(versions.apiKeys().find(OperatorMessages.KEY) != null).as(software).isEqualTo(software.equals("milena-transactions"));
        }
    }

    /** The schema is a contract with tools of other versions. */
    @Test
    void theBytesOfARequest() {
        Struct request = OperatorMessages.request(Action.ROLLBACK, new BranchRequest("id", 5, (short) 7, XID, "crm"));
        ByteBuffer bytes = ByteBuffer.allocate(request.sizeOf());
        request.writeTo(bytes);
        assertThat(HexFormat.of().formatHex(bytes.array())).isEqualTo("02" + "00000001" + "0003" + "63726d" + "0002" + "6964"
                + "0000000000000005" + "0007" + "00020005" + "00000002" + "0102" + "00000001" + "03");
    }

    @Test
    void branchesOfAllResourceManagersAreListed() throws Exception {
        long before = System.currentTimeMillis();
        BranchRequest first = prepared("t", 2, XID, "crm");
        BranchRequest second = prepared("u", 1, OTHER, "erp");
        for (int restarts = 0; restarts < 2; restarts++) {
            List<Struct> found = list();
            assertThat(found).extracting(each -> each.getString("resource_manager")).containsExactlyInAnyOrder("crm", "erp");
            Struct crm = found.get(found.get(0).getString("resource_manager").equals("crm") ? 0 : 1);
            assertThat(crm.getString("transactional_id")).isEqualTo(first.transactionalId());
            assertThat(crm.getLong("producer_id")).isEqualTo(first.producerId());
            assertThat(crm.getShort("producer_epoch")).isEqualTo(first.producerEpoch());
            assertThat(crm.getInt("format_id")).isEqualTo(131_077);
            assertThat(crm.getBytes("global_id")).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2}));
            assertThat(crm.getBytes("qualifier")).isEqualTo(ByteBuffer.wrap(new byte[] {3}));
            assertThat(crm.getLong("prepared_time_ms")).isBetween(before, System.currentTimeMillis());
            assertThat(crm.get("state")).isEqualTo((byte) 0);
            assertThat(held(crm)).isEqualTo("[t-0, t-1]");
            stop();
            start();
        }
        assertThat(asked(Action.ROLLBACK, first)).isZero();
        assertThat(asked(Action.ROLLBACK, second)).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anOperatorsDecisionIsKeptUntilItIsForgotten(boolean commit) throws Exception {
        BranchRequest branch = prepared("t", 1, XID, "crm");
        int how = commit ? XAException.XA_HEURCOM : XAException.XA_HEURRB;
        Action same = commit ? Action.COMMIT : Action.ROLLBACK;
        assertThat(asked(same, new BranchRequest("t-id", branch.producerId(), (short) (branch.producerEpoch() + 1), XID, "crm"))).as("another epoch")
                .isEqualTo(XAException.XAER_NOTA);
        assertThat(asked(same, branch)).isZero();
        for (int restarts = 0; restarts < 2; restarts++) {
            assertThat(list()).singleElement().satisfies(each -> assertThat(each.get("state")).isEqualTo((byte) (commit ? 1 : 2)));
            assertThat(asked(same, branch)).as("again").isEqualTo(how);
            assertThat(asked(commit ? Action.ROLLBACK : Action.COMMIT, branch)).as("the opposite").isEqualTo(how);
            assertThat(BranchWire.settled(wire, BranchMessages.Action.COMMIT, branch)).as("its transaction manager").isEqualTo(how);
            stop();
            start();
        }
        assertThat(PreparedBranches.committed(broker, "t")).isEqualTo(commit ? List.of("v0") : List.of());
        assertThat(asked(Action.FORGET, branch)).isZero();
        assertThat(list()).isEmpty();
        assertThat(asked(Action.FORGET, branch)).isEqualTo(XAException.XAER_NOTA);
        assertThat(BranchWire.settled(wire, BranchMessages.Action.COMMIT, branch)).isEqualTo(XAException.XAER_NOTA);
    }

    @Test
    void whatItsTransactionManagerHasEndedIsNotListedNorDecided() throws Exception {
        BranchRequest branch = prepared("t", 1, XID, "crm");
        assertThat(BranchWire.settled(wire, BranchMessages.Action.COMMIT, branch)).isZero();
        assertThat(list()).isEmpty();
        assertThat(asked(Action.COMMIT, branch)).isEqualTo(XAException.XAER_NOTA);
        assertThat(asked(Action.ROLLBACK, branch)).isEqualTo(XAException.XAER_NOTA);
    }

    @Test
    void nonsenseIsAnswered() throws Exception {
        assertThat(BranchWire.operate(wire, OperatorMessages.request(Action.LIST).set("action", (byte) 4)).getInt("xa_code")).isEqualTo(XAException.XAER_INVAL);
        Struct noXid = OperatorMessages.request(Action.COMMIT, new BranchRequest("id", 5, (short) 7, XID, "crm"));
        ((Struct) noXid.getArray("branches")[0]).set("format_id", -1);
        assertThat(BranchWire.operate(wire, noXid).getInt("xa_code")).isEqualTo(XAException.XAER_INVAL);
        assertThat(BranchWire.operate(wire, OperatorMessages.request(Action.COMMIT)).getArray("branches")).as("about nothing").isEmpty();
    }
}
