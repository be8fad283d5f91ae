package org.milena.broker.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.handler.ApiRegistry;

/** Whoever reads its answers gets them all, whatever else goes on. */
class StuckClientTest {

    private static final int MEMORY = 2 << 20;
    private static final int STALLED = 24;

    private final ApiRegistry registry = new ApiRegistry()
            .register(ApiKeys.LIST_GROUPS, (context, request) -> {
                ListGroupsResponseData response = new ListGroupsResponseData();
                for (int i = 0; i < 2_000; i++) {
                    response.groups().add(new ListGroupsResponseData.ListedGroup().setGroupId("group-" + i).setProtocolType("x".repeat(200)));
                }
                context.reply(response);
            })
            .register(ApiKeys.DESCRIBE_GROUPS, (context, request) -> context.reply(new DescribeGroupsResponseData()))
            .register(ApiKeys.HEARTBEAT, (context, request) -> {
                throw new NoClassDefFoundError("broken on purpose");
            })
            .register(ApiKeys.FETCH, (context, request) -> { });
    private EventLoops loops;
    private BrokerServer server;

    private int start(int sendBuffer) throws IOException {
        loops = new EventLoops(Thread::new, 1);
        NetworkConfig config = new NetworkConfig(List.of(new NetworkConfig.Endpoint("PLAINTEXT", "127.0.0.1", 0)), 1 << 20, MEMORY,
                Integer.MAX_VALUE, Integer.MAX_VALUE, 600_000, sendBuffer, -1, 50, 20);
        server = new BrokerServer(config, loops, List.of(loops.newDirectoryLoops(2, 0)), registry, RequestListener.NONE, () -> true);
        server.start();
        return server.addresses().get(0).getPort();
    }

    @AfterEach
    void stop() {
        server.close();
        loops.close();
    }

    @Test
    void pipelinedRequestsWithLargeAnswersAreAllAnswered() throws Exception {
        try (WireClient client = new WireClient(start(-1))) {
            ByteBuffer burst = ByteBuffer.allocate(100_000);
            for (int i = 0; i < 60; i++) {
                burst.put(WireClient.frame(ApiKeys.LIST_GROUPS, 2, i, new ListGroupsRequestData()));
            }
            client.send(burst.flip());
            for (int i = 0; i < 60; i++) {
                client.receive(ApiKeys.LIST_GROUPS, 2, i);
            }
        }
    }

    @Test
    void anAnswerThatWasHalfSentWhenItsConnectionMovedToADataLoopIsSentWhole() throws Exception {
        try (WireClient client = new WireClient(start(8192), 4096)) {
            ByteBuffer burst = ByteBuffer.allocate(100_000);
            burst.put(WireClient.frame(ApiKeys.LIST_GROUPS, 2, 1, new ListGroupsRequestData()));
            burst.put(WireClient.frame(ApiKeys.FETCH, 12, 2, new FetchRequestData().setMaxWaitMs(60_000)));
            client.send(burst.flip());
            client.receive(ApiKeys.LIST_GROUPS, 2, 1);
        }
    }

    @Test
    void anErrorInAHandlerIsAnsweredLikeAnException() throws Exception {
        try (WireClient client = new WireClient(start(-1))) {
            var answer = (HeartbeatResponseData) client.call(ApiKeys.HEARTBEAT, 4, new HeartbeatRequestData().setGroupId("g").setMemberId("m"));
            assertThat(answer.errorCode()).isEqualTo(Errors.UNKNOWN_SERVER_ERROR.code());
        }
    }

    /** All of them have begun, together they hold the memory, and each needs more of it to end. */
    @Test
    void largeRequestsThatShareTooLittleMemoryAllGetThrough() throws Exception {
        int port = start(-1);
        DescribeGroupsRequestData large = new DescribeGroupsRequestData();
        for (int i = 0; i < 28; i++) {
            large.groups().add("g".repeat(32_000));
        }
        List<WireClient> clients = new ArrayList<>();
        try {
            List<ByteBuffer> rest = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                WireClient client = new WireClient(port);
                clients.add(client);
                ByteBuffer frame = WireClient.frame(ApiKeys.DESCRIBE_GROUPS, 4, 7, large);
                client.send(frame.slice(0, 400_000));
                rest.add(frame.slice(400_000, frame.limit() - 400_000));
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (server.memory().shortage() == 0) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.onSpinWait();
            }
            List<CompletableFuture<Void>> answers = new ArrayList<>();
            for (int i = 0; i < clients.size(); i++) {
                WireClient client = clients.get(i);
                ByteBuffer end = rest.get(i);
                answers.add(CompletableFuture.runAsync(() -> {
                    try {
                        client.send(end);
                        client.receive(ApiKeys.DESCRIBE_GROUPS, 4, 7);
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                }, task -> new Thread(task).start()));
            }
            CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
            assertThat(server.memory().used()).isZero();
        } finally {
            for (WireClient client : clients) {
                client.close();
            }
        }
    }

    /** Each holds an eighth of the memory. They are cut off together and not one after the other, and nobody small waits at all. */
    @Test
    void veryManyThatStallDoNotKeepTheMemoryForLong() throws Exception {
        int port = start(-1);
        DescribeGroupsRequestData large = new DescribeGroupsRequestData();
        for (int i = 0; i < 28; i++) {
            large.groups().add("g".repeat(32_000));
        }
        ByteBuffer frame = WireClient.frame(ApiKeys.DESCRIBE_GROUPS, 4, 7, large);
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < STALLED; i++) {
                WireClient client = new WireClient(port);
                clients.add(client);
                client.send(frame.slice(0, 200_000));
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (server.memory().shortage() == 0) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.onSpinWait();
            }
            WireClient honest = new WireClient(port).patience(100_000);
            clients.add(honest);
            CompletableFuture<Void> answered = CompletableFuture.runAsync(() -> {
                try {
                    honest.send(frame);
                    honest.receive(ApiKeys.DESCRIBE_GROUPS, 4, 7);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }, task -> new Thread(task).start());
            int answers = 0;
            try (WireClient small = new WireClient(port)) {
                while (!answered.isDone()) {
                    small.call(ApiKeys.DESCRIBE_GROUPS, 4, new DescribeGroupsRequestData());
                    answers++;
                }
            }
            answered.get();
            assertThat(answers).isGreaterThan(STALLED);
        } finally {
            for (WireClient client : clients) {
                client.close();
            }
        }
    }
}
