package org.milena.broker.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.handler.PrivateApi;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.testing.Logged;

class BrokerServerTest {

    private static final short PRIVATE_KEY = 30_001;

    private final BlockingQueue<RequestContext> held = new LinkedBlockingQueue<>();
    private final AtomicInteger lists = new AtomicInteger();
    private final AtomicBoolean descriptorsLeft = new AtomicBoolean(true);
    private final List<String> rejected = new CopyOnWriteArrayList<>();
    private final ApiRegistry registry = new ApiRegistry()
            .register(ApiKeys.API_VERSIONS, (context, request) -> context.reply(new ApiVersionsResponseData()))
            .register(ApiKeys.HEARTBEAT, (context, request) -> held.add(context))
            .register(ApiKeys.LIST_GROUPS, (context, request) -> {
                ListGroupsResponseData response = new ListGroupsResponseData();
                for (int i = 0; i < 2_000; i++) {
                    response.groups().add(new ListGroupsResponseData.ListedGroup().setGroupId("group-" + i).setProtocolType("x".repeat(200)));
                }
                lists.incrementAndGet();
                context.reply(response);
            })
            .register(ApiKeys.LIST_OFFSETS, (context, request) -> {
                throw new IllegalStateException("broken on purpose");
            })
            .register(ApiKeys.PRODUCE, (context, request) -> context.executor().execute(() ->
                    context.reply(new ProduceResponseData().setThrottleTimeMs(Thread.currentThread().getName().startsWith("milena-data") ? 1 : 0))))
            .register(new PrivateApi(PRIVATE_KEY, "Private", "nobody", new Schema(), (context, request) -> {
                throw new CoordinatorNotAvailableException("away on purpose");
            }));
    private EventLoops loops;
    private BrokerServer server;

    @BeforeEach
    void start() throws IOException {
        start(Integer.MAX_VALUE, 600_000);
    }

    private void start(int maxConnectionsPerIp, long maxIdleMs) throws IOException {
        stop();
        loops = new EventLoops(Thread::new, 1);
        DirectoryExecutor directory = loops.newDirectoryLoops(2, 0);
        NetworkConfig config = new NetworkConfig(List.of(new NetworkConfig.Endpoint("PLAINTEXT", "127.0.0.1", 0)), 1 << 20, 8 << 20,
                Integer.MAX_VALUE, maxConnectionsPerIp, maxIdleMs, -1, -1, 50, 20);
        server = new BrokerServer(config, loops, List.of(directory), registry, new RequestListener() {
            @Override
            public void connectionRejected(String reason) {
                rejected.add(reason);
            }
        }, descriptorsLeft::get);
        server.start();
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
            loops.close();
        }
    }

    private int port() {
        return server.addresses().get(0).getPort();
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    private RequestContext nextHeld() throws InterruptedException {
        RequestContext context = held.poll(20, TimeUnit.SECONDS);
        assertThat(context).as("a heartbeat that reached its handler").isNotNull();
        return context;
    }

    private static HeartbeatRequestData heartbeat() {
        return new HeartbeatRequestData().setGroupId("g").setMemberId("m");
    }

    @Test
    void answersLeaveInTheOrderOfTheRequestsWhateverTheOrderOfTheReplies() throws Exception {
        try (WireClient client = new WireClient(port())) {
            for (int i = 0; i < 3; i++) {
                client.send(WireClient.frame(ApiKeys.HEARTBEAT, 4, i, heartbeat()));
            }
            List<RequestContext> contexts = List.of(nextHeld(), nextHeld(), nextHeld());
            for (int i = 2; i >= 0; i--) {
                contexts.get(i).reply(new HeartbeatResponseData().setThrottleTimeMs(i));
            }
            for (int i = 0; i < 3; i++) {
                assertThat(((HeartbeatResponseData) client.receive(ApiKeys.HEARTBEAT, 4, i)).throttleTimeMs()).isEqualTo(i);
            }
        }
    }

    @Test
    void aRequestThatArrivesByteByByteIsServed() throws Exception {
        try (WireClient client = new WireClient(port())) {
            ByteBuffer frame = WireClient.frame(ApiKeys.API_VERSIONS, 0, 7, new ApiVersionsRequestData());
            while (frame.hasRemaining()) {
                client.send(frame.get());
            }
            assertThat(client.receive(ApiKeys.API_VERSIONS, 0, 7)).isInstanceOf(ApiVersionsResponseData.class);
        }
    }

    @Test
    void apiVersionsInAnUnknownVersionIsAnsweredInVersionZeroAndTheConnectionLivesOn() throws Exception {
        try (WireClient client = new WireClient(port())) {
            ByteBuffer frame = WireClient.frame(ApiKeys.API_VERSIONS, 3, 7, new ApiVersionsRequestData());
            frame.putShort(6, (short) 99);
            client.send(frame);
            ApiVersionsResponseData answer = (ApiVersionsResponseData) client.receive(ApiKeys.API_VERSIONS, 0, 7);
            assertThat(answer.errorCode()).isEqualTo(Errors.UNSUPPORTED_VERSION.code());
            assertThat(answer.apiKeys().find(ApiKeys.API_VERSIONS.id)).isNotNull();
            assertThat(client.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData())).isInstanceOf(ApiVersionsResponseData.class);
        }
    }

    @Test
    void whatIsNoRequestClosesItsConnectionAndNoOther() throws Exception {
        ByteBuffer unknownKey = ByteBuffer.allocate(12).putInt(8).putShort((short) 999).putShort((short) 0).putInt(1).flip();
        ByteBuffer unsupported = WireClient.frame(ApiKeys.HEARTBEAT, 4, 1, heartbeat()).putShort(6, (short) 120);
        ByteBuffer notServed = WireClient.frame(ApiKeys.DESCRIBE_CLUSTER, 0, 1, new DescribeClusterRequestData());
        ByteBuffer truncated = WireClient.frame(ApiKeys.HEARTBEAT, 4, 1, heartbeat());
        truncated.putInt(0, truncated.remaining() - 4 - 3).limit(truncated.limit() - 3);
        List<byte[]> bad = new ArrayList<>();
        bad.add("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes());
        bad.add(ByteBuffer.allocate(4).putInt(-1).array());
        bad.add(ByteBuffer.allocate(4).putInt(0).array());
        bad.add(ByteBuffer.allocate(4).putInt((1 << 20) + 1).array());
        for (ByteBuffer frame : List.of(unknownKey, unsupported, notServed, truncated)) {
            byte[] bytes = new byte[frame.remaining()];
            frame.get(bytes);
            bad.add(bytes);
        }
        try (WireClient bystander = new WireClient(port())) {
            for (byte[] bytes : bad) {
                try (WireClient client = new WireClient(port())) {
                    client.send(bytes);
                    assertThat(client.closedByServer()).as(new String(bytes)).isTrue();
                }
                assertThat(bystander.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData())).isNotNull();
            }
        }
        await("closed connections are forgotten", () -> server.connectionCount() == 0);
    }

    @Test
    void anUnexpectedFailureOfAHandlerIsAnsweredWithUnknownServerError() throws Exception {
        try (WireClient client = new WireClient(port())) {
            ListOffsetsRequestData request = new ListOffsetsRequestData().setReplicaId(-1);
            request.topics().add(new ListOffsetsRequestData.ListOffsetsTopic().setName("t")
                    .setPartitions(List.of(new ListOffsetsRequestData.ListOffsetsPartition().setTimestamp(-1))));
            var answer = (org.apache.kafka.common.message.ListOffsetsResponseData) client.call(ApiKeys.LIST_OFFSETS, 6, request);
            assertThat(answer.topics().get(0).partitions().get(0).errorCode()).isEqualTo(Errors.UNKNOWN_SERVER_ERROR.code());
        }
    }

    /** A private request has no answer for failures of any kind. */
    @Test
    void aFailureThatNoAnswerCanTellIsLoggedAndCountedAndEndsTheConnection() throws Exception {
        RequestHeaderData header = new RequestHeaderData().setRequestApiKey(PRIVATE_KEY).setClientId("wire");
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor(header, PrivateApi.REQUEST_HEADER_VERSION).buffer();
        try (Logged log = new Logged(Connection.class.getName()); WireClient client = new WireClient(port())) {
            client.send(ByteBuffer.allocate(4 + bytes.remaining()).putInt(bytes.remaining()).put(bytes).flip());
            assertThat(client.closedByServer()).isTrue();
            assertThat(log.messages()).singleElement().asString().startsWith("Closing connection 127.0.0.1:" + port()).contains("Private", "away on purpose");
            assertThat(rejected).containsExactly("invalid-request");
        }
    }

    @Test
    void theFirstProduceMovesAConnectionToADataLoopAndKeepsTheOrder() throws Exception {
        try (WireClient client = new WireClient(port())) {
            client.send(WireClient.frame(ApiKeys.HEARTBEAT, 4, 1, heartbeat()));
            client.send(WireClient.frame(ApiKeys.PRODUCE, 9, 2, new ProduceRequestData().setAcks((short) 1)));
            client.send(WireClient.frame(ApiKeys.API_VERSIONS, 3, 3, new ApiVersionsRequestData()));
            nextHeld().reply(new HeartbeatResponseData());
            client.receive(ApiKeys.HEARTBEAT, 4, 1);
            assertThat(((ProduceResponseData) client.receive(ApiKeys.PRODUCE, 9, 2)).throttleTimeMs()).as("served on a data loop").isEqualTo(1);
            client.receive(ApiKeys.API_VERSIONS, 3, 3);
            for (int i = 0; i < 100; i++) {
                client.call(ApiKeys.PRODUCE, 9, new ProduceRequestData().setAcks((short) 1));
            }
        }
        await("a moved connection is forgotten, too", () -> server.connectionCount() == 0);
    }

    @Test
    void aClientThatNeverReadsIsSlowedAndHoldsNoMemory() throws Exception {
        try (WireClient greedy = new WireClient(port(), 4096); WireClient other = new WireClient(port())) {
            ByteBuffer frame = WireClient.frame(ApiKeys.LIST_GROUPS, 2, 1, new ListGroupsRequestData());
            Thread sender = new Thread(() -> {
                try {
                    for (int i = 0; i < 100_000; i++) {
                        greedy.send(frame);
                    }
                } catch (IOException e) {
                    // the test is over and has closed the socket
                }
            });
            sender.start();
            await("the first answers", () -> lists.get() > 2);
            int[] seen = {-1, 0};
            await("the server stops serving it", () -> {
                seen[1] = lists.get() == seen[0] ? seen[1] + 1 : 0;
                seen[0] = lists.get();
                return seen[1] > 200;
            });
            assertThat(lists.get()).isLessThan(100);
            assertThat(other.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData())).isNotNull();
            greedy.close();
            sender.join();
        }
    }

    @Test
    void connectionsAboveTheLimitOfTheirAddressAreRefused() throws Exception {
        start(2, 600_000);
        try (WireClient one = new WireClient(port()); WireClient two = new WireClient(port())) {
            one.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData());
            two.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData());
            try (WireClient three = new WireClient(port())) {
                assertThat(three.closedByServer()).isTrue();
            }
            one.close();
            await("the place is free again", () -> server.connectionCount() == 1);
            try (WireClient next = new WireClient(port())) {
                assertThat(next.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData())).isNotNull();
            }
        }
    }

    @Test
    void nearTheDescriptorLimitNewConnectionsAreRefused() throws Exception {
        try (WireClient first = new WireClient(port())) {
            first.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData());
            descriptorsLeft.set(false);
            try (WireClient refused = new WireClient(port())) {
                assertThat(refused.closedByServer()).isTrue();
            }
            assertThat(first.call(ApiKeys.API_VERSIONS, 3, new ApiVersionsRequestData())).isNotNull();
        }
    }

    @Test
    void anIdleConnectionIsClosed() throws Exception {
        start(Integer.MAX_VALUE, 300);
        try (WireClient idle = new WireClient(port())) {
            assertThat(idle.closedByServer()).isTrue();
        }
    }

    @Test
    void aConnectionThatClosesWhileARequestWaitsRunsItsCloseAction() throws Exception {
        AtomicBoolean closed = new AtomicBoolean();
        try (WireClient client = new WireClient(port())) {
            client.send(WireClient.frame(ApiKeys.HEARTBEAT, 4, 1, heartbeat()));
            nextHeld().onClose(() -> closed.set(true));
        }
        await("the close action", closed::get);
    }

    @Test
    void aTakenPortIsNamedInTheError() {
        NetworkConfig config = new NetworkConfig(List.of(new NetworkConfig.Endpoint("PLAINTEXT", "127.0.0.1", port())), 1 << 20, 1 << 20,
                10, 10, 1000, -1, -1, 50, 20);
        BrokerServer second = new BrokerServer(config, loops, List.of(loops.newDirectoryLoops(1, 0)), registry, RequestListener.NONE, () -> true);
        assertThatThrownBy(second::start).isInstanceOf(IOException.class)
                .hasMessageContaining("Listener PLAINTEXT can't be bound to").hasMessageContaining(String.valueOf(port()));
    }
}
