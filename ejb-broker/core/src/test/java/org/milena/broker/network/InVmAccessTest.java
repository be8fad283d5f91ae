package org.milena.broker.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.internal.InternalThreadLocalMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.RequestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.log.DirectoryExecutor;

/** The door without a socket: what holds for a socket holds here. */
@Timeout(30)
class InVmAccessTest {

    private static final int PIPELINED = 5;

    private final BlockingQueue<RequestContext> held = new LinkedBlockingQueue<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private EventLoops loops;
    private BrokerServer server;
    private InVmAccess access;
    private int correlation;

    @BeforeEach
    void start() throws IOException {
        ApiRegistry registry = new ApiRegistry()
                .register(ApiKeys.API_VERSIONS, (context, request) -> context.reply(new ApiVersionsResponseData().setThrottleTimeMs(7)))
                .register(ApiKeys.HEARTBEAT, (context, request) -> held.add(context))
                .register(ApiKeys.PRODUCE, (context, request) -> {
                    boolean moved = Thread.currentThread().getName().startsWith("milena-data");
                    context.executor().execute(() -> context.reply(new ProduceResponseData().setThrottleTimeMs(moved ? 1 : 0)));
                });
        loops = new EventLoops(Thread::new, 1);
        DirectoryExecutor directory = loops.newDirectoryLoops(2, 0);
        NetworkConfig config = new NetworkConfig(List.of(new NetworkConfig.Endpoint("PLAINTEXT", "127.0.0.1", 0)), 1 << 20, 8 << 20,
                2, Integer.MAX_VALUE, 600_000, -1, -1, 50, PIPELINED);
        server = new BrokerServer(config, loops, List.of(directory), registry, RequestListener.NONE, () -> true);
        server.start();
        access = new InVmAccess(server, 1);
    }

    @AfterEach
    void stop() {
        server.close();
        loops.close();
    }

    private ByteBuffer frame(ApiKeys key, ApiMessage body) {
        short version = key.latestVersion();
        return RequestUtils.serialize(new RequestHeaderData().setRequestApiKey(key.id).setRequestApiVersion(version).setCorrelationId(correlation++)
                .setClientId("test"), key.requestHeaderVersion(version), body, version);
    }

    private CompletionStage<ByteBuffer> heartbeat(Function<ByteBuffer, CompletionStage<ByteBuffer>> connection) {
        return connection.apply(frame(ApiKeys.HEARTBEAT, new HeartbeatRequestData().setGroupId("g").setMemberId("m")));
    }

    private static <T extends ApiMessage> T read(CompletionStage<ByteBuffer> answer, ApiKeys key, T into) throws Exception {
        ByteBufferAccessor in = new ByteBufferAccessor(answer.toCompletableFuture().get());
        assertThat(new ResponseHeaderData(in, key.responseHeaderVersion(key.latestVersion())).correlationId()).isNotNegative();
        into.read(in, key.latestVersion());
        assertThat(in.remaining()).isZero();
        return into;
    }

    /** A thread of the server lives on after both deployments, and what Netty leaves in it keeps the broker's class loader. */
    @Test
    void nothingOfNettyStaysInTheThreadOfWhoConnectsAsksAndCloses() throws Exception {
        CompletableFuture<InternalThreadLocalMap> left = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                var connection = access.apply(1, closed::countDown);
                connection.apply(frame(ApiKeys.API_VERSIONS, new ApiVersionsRequestData())).toCompletableFuture().get();
                ((AutoCloseable) connection).close();
                left.complete(InternalThreadLocalMap.getIfSet());
            } catch (Exception e) {
                left.completeExceptionally(e);
            }
        });
        caller.start();
        assertThat(left.get()).isNull();
        caller.join();
    }

    @Test
    void aRequestIsAnsweredAsOverASocket() throws Exception {
        var connection = access.apply(1, closed::countDown);
        var answer = read(connection.apply(frame(ApiKeys.API_VERSIONS, new ApiVersionsRequestData())), ApiKeys.API_VERSIONS, new ApiVersionsResponseData());
        assertThat(answer.throttleTimeMs()).isEqualTo(7);
        assertThat(server.connectionCount()).isEqualTo(1);
        assertThat(server.requestMemoryInUse()).isZero();
    }

    @Test
    void anotherNodeIsNotHere() {
        assertThat(access.apply(2, closed::countDown)).isNull();
        assertThat(access.apply(null, closed::countDown)).isNotNull();
    }

    @Test
    void theConnectionMovesToADataLoopWithItsFirstProduceAndRequestsBehindItFollow() throws Exception {
        var connection = access.apply(null, closed::countDown);
        List<CompletionStage<ByteBuffer>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(connection.apply(frame(ApiKeys.PRODUCE, new ProduceRequestData().setAcks((short) -1))));
        }
        for (CompletionStage<ByteBuffer> answer : answers) {
            assertThat(read(answer, ApiKeys.PRODUCE, new ProduceResponseData()).throttleTimeMs()).isEqualTo(1);
        }
    }

    @Test
    void manyThreadsAskAtOnce() throws Exception {
        for (int round = 0; round < 50; round++) {
            var connection = access.apply(null, () -> { });
            List<ByteBuffer> frames = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                frames.add(frame(i % 10 == 5 ? ApiKeys.PRODUCE : ApiKeys.API_VERSIONS, i % 10 == 5 ? new ProduceRequestData().setAcks((short) -1) : new ApiVersionsRequestData()));
            }
            List<CompletableFuture<ByteBuffer>> answers = frames.parallelStream().map(f -> connection.apply(f).toCompletableFuture()).toList();
            for (CompletableFuture<ByteBuffer> answer : answers) {
                assertThat(answer.get(20, TimeUnit.SECONDS).hasRemaining()).isTrue();
            }
            ((AutoCloseable) connection).close();
            assertThat(connection.apply(frames.get(0)).toCompletableFuture()).isCompletedExceptionally();
            while (server.connectionCount() > 0) {
                Thread.onSpinWait(); // it counts against the limit until it is gone
            }
        }
    }

    @Test
    void noMoreRequestsThanAllowedAreInWorkAtATime() throws Exception {
        var connection = access.apply(null, closed::countDown);
        List<CompletionStage<ByteBuffer>> answers = new ArrayList<>();
        for (int i = 0; i < 3 * PIPELINED; i++) {
            answers.add(heartbeat(connection));
        }
        List<RequestContext> first = new ArrayList<>();
        for (int i = 0; i < PIPELINED; i++) {
            first.add(held.take());
        }
        assertThat(held.poll(50, TimeUnit.MILLISECONDS)).isNull();
        first.get(PIPELINED - 1).reply(new HeartbeatResponseData().setThrottleTimeMs(99)); // answers keep the order of the requests
        assertThat(held.poll(50, TimeUnit.MILLISECONDS)).isNull();
        for (int i = 0; i < PIPELINED - 1; i++) {
            first.get(i).reply(new HeartbeatResponseData().setThrottleTimeMs(i));
        }
        assertThat(read(answers.get(PIPELINED - 1), ApiKeys.HEARTBEAT, new HeartbeatResponseData()).throttleTimeMs()).isEqualTo(99);
        for (int i = 0; i < 2 * PIPELINED; i++) {
            held.take().reply(new HeartbeatResponseData());
        }
        for (CompletionStage<ByteBuffer> answer : answers) {
            answer.toCompletableFuture().get();
        }
    }

    @Test
    void whatIsNoRequestClosesTheConnectionAndSaysSo() throws Exception {
        var connection = access.apply(null, closed::countDown);
        assertThatThrownBy(connection.apply(ByteBuffer.allocate(7)).toCompletableFuture()::get).hasRootCauseMessage("A frame of 7 bytes is no request");
        assertThatThrownBy(connection.apply(ByteBuffer.allocate((1 << 20) + 1)).toCompletableFuture()::get)
                .hasRootCauseMessage("A request of 1048577 bytes is larger than socket.request.max.bytes = 1048576");
        CompletionStage<ByteBuffer> nonsense = connection.apply(ByteBuffer.allocate(100).putShort(0, (short) 999));
        assertThatThrownBy(nonsense.toCompletableFuture()::get).hasRootCauseMessage("The broker in this server has closed the connection");
        closed.await();
    }

    @Test
    void aCorrelationIdInUseIsRefused() {
        var connection = access.apply(null, closed::countDown);
        heartbeat(connection);
        correlation--;
        assertThatThrownBy(heartbeat(connection).toCompletableFuture()::get).hasRootCauseMessage("Correlation id 0 is in use by a request under way");
    }

    @Test
    void connectionsCountAgainstTheLimit() throws Exception {
        access.apply(null, () -> { });
        access.apply(null, () -> { });
        CountDownLatch refused = new CountDownLatch(1);
        access.apply(null, refused::countDown);
        refused.await();
        assertThat(server.connectionCount()).isEqualTo(2);
    }

    @Test
    void aBrokerThatStopsFailsWhatIsUnderWayTellsTheClientAndRefusesNewConnections() throws Exception {
        var connection = access.apply(null, closed::countDown);
        CompletionStage<ByteBuffer> waiting = heartbeat(connection);
        held.take();
        stop();
        closed.await();
        assertThatThrownBy(waiting.toCompletableFuture()::get).hasRootCauseMessage("The broker in this server has closed the connection");
        assertThatThrownBy(heartbeat(connection).toCompletableFuture()::get).hasRootCauseInstanceOf(IOException.class);
        assertThatThrownBy(() -> access.apply(null, () -> { })).isInstanceOf(UncheckedIOException.class)
                .hasMessage("No connection to Milena in this server: the broker has stopped");
    }

    @Test
    void aClientThatClosesIsForgotten() throws Exception {
        var connection = access.apply(null, closed::countDown);
        heartbeat(connection);
        held.take();
        ((AutoCloseable) connection).close();
        closed.await();
        assertThat(heartbeat(connection).toCompletableFuture()).isCompletedExceptionally();
        assertThat(server.requestMemoryInUse()).isZero();
    }
}
