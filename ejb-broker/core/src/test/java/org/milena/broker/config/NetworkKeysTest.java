package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.config.LiveBroker.await;

import io.netty.channel.Channel;
import io.netty.channel.socket.ServerSocketChannelConfig;
import io.netty.channel.socket.SocketChannelConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.network.Channels;
import org.milena.broker.network.WireClient;

/** Keys of threads, sockets and connections. */
class NetworkKeysTest {

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) {
        return LiveBroker.start(dir.resolve(name), settings);
    }

    private static WireClient client(LiveBroker broker) throws IOException {
        return new WireClient(broker.embedded().port());
    }

    private static ApiVersionsRequestData apiVersions() {
        return new ApiVersionsRequestData().setClientSoftwareName("wire").setClientSoftwareVersion("1");
    }

    private static void works(WireClient client) throws IOException {
        client.call(ApiKeys.API_VERSIONS, 3, apiVersions());
    }

    /** @param data the connections fetch, which moves them to the loops of a log directory */
    private static void connections(LiveBroker broker, int count, boolean data) throws Exception {
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                WireClient client = client(broker);
                clients.add(client);
                works(client);
                if (data) {
                    client.call(ApiKeys.FETCH, 12, new FetchRequestData().setMaxWaitMs(0).setMaxBytes(1000).setSessionEpoch(-1));
                }
            }
        } finally {
            for (WireClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    @Proves("num.network.threads")
    void soManyThreadsServeConnections() throws Exception {
        for (int threads : new int[] {1, 3, 5}) {
            try (LiveBroker broker = threads == 3 ? broker("default") : broker("n" + threads, "num.network.threads", String.valueOf(threads))) {
                connections(broker, 12, false);
                assertThat(broker.threads("milena-control")).hasSize(threads);
            }
        }
    }

    @Test
    @Proves("num.io.threads")
    void soManyThreadsWorkOnLogDirectories() throws Exception {
        for (int threads : new int[] {1, 4, 8}) {
            try (LiveBroker broker = threads == 8 ? broker("default") : broker("n" + threads, "num.io.threads", String.valueOf(threads))) {
                connections(broker, 24, true);
                assertThat(broker.threads("milena-data")).hasSize(threads);
            }
        }
    }

    @Test
    @Proves("socket.request.max.bytes")
    void aLargerRequestClosesTheConnection() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker small = broker("small", "socket.request.max.bytes", "5000");
                WireClient served = client(usual); WireClient refused = client(small)) {
            ByteBuffer large = WireClient.frame(ApiKeys.METADATA, 12, 1, new MetadataRequestData()
                    .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName("x".repeat(6000)))));
            served.send(large);
            served.receive(ApiKeys.METADATA, 12, 1);
            refused.send(large);
            assertThat(refused.closedByServer()).isTrue();
        }
    }

    @Test
    @Proves({"max.connections", "max.connections.per.ip"})
    void oneConnectionTooManyIsClosed() throws Exception {
        try (LiveBroker usual = broker("usual"); LiveBroker all = broker("all", "max.connections", "6"); LiveBroker ip = broker("ip", "max.connections.per.ip", "6")) {
            assertThat(admitted(usual, "127.0.0.1")).isEqualTo(10);
            assertThat(admitted(all, "127.0.0.1")).as("of all addresses").isLessThan(6);
            assertThat(admitted(ip, "127.0.0.1")).as("of this address").isLessThan(6);
            assertThat(admitted(ip, "127.0.0.2")).as("of another address").isEqualTo(6);
        }
    }

    /** How many of ten connections from an address stay open; the client of the fixture and its admin client count too. */
    private static int admitted(LiveBroker broker, String from) throws Exception {
        List<Socket> sockets = new ArrayList<>();
        int admitted = 0;
        try {
            for (int i = 0; i < 10; i++) {
                Socket socket = new Socket();
                sockets.add(socket);
                socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
                socket.setSoTimeout(20_000);
                socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), broker.embedded().port()));
                admitted += answers(socket) ? 1 : 0;
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        int left = admitted;
        await("the connections are counted out", () -> broker.embedded().broker().server().connectionCount() <= 10 - Math.min(left, 4));
        return admitted;
    }

    private static boolean answers(Socket socket) throws IOException {
        ByteBuffer request = WireClient.frame(ApiKeys.API_VERSIONS, 3, 1, apiVersions());
        try {
            socket.getOutputStream().write(request.array(), 0, request.limit());
            return socket.getInputStream().read() >= 0;
        } catch (java.net.SocketException e) {
            return false;
        }
    }

    @Test
    @Proves("connections.max.idle.ms")
    void anIdleConnectionIsClosed() throws Exception {
        try (LiveBroker patient = broker("patient"); LiveBroker hasty = broker("hasty", "connections.max.idle.ms", "100");
                WireClient stays = client(patient); WireClient goes = client(hasty)) {
            assertThat(goes.closedByServer()).isTrue();
            works(stays);
        }
    }

    // ---- what only the sockets of the broker tell

    /** The broker's end of a connection, which has moved to the only data loop because it fetched. */
    private static Channel accepted(LiveBroker broker, WireClient client) throws Exception {
        client.call(ApiKeys.FETCH, 12, new FetchRequestData().setMaxWaitMs(0).setMaxBytes(1000).setSessionEpoch(-1));
        Object loop = broker.directories().iterator().next().executor().forPartition(new TopicPartition("any", 0));
        return Channels.of(broker.embedded().broker().server()).stream().filter(channel -> channel.eventLoop() == loop).findFirst().orElseThrow();
    }

    @Test
    @Proves({"socket.send.buffer.bytes", "socket.receive.buffer.bytes"})
    void socketsGetTheirBuffers() throws Exception {
        long[] usual = buffers(broker("usual", "num.io.threads", "1"));
        long[] system = buffers(broker("system", "num.io.threads", "1", "socket.send.buffer.bytes", "-1", "socket.receive.buffer.bytes", "-1"));
        long[] small = buffers(broker("small", "num.io.threads", "1", "socket.send.buffer.bytes", "20000", "socket.receive.buffer.bytes", "30000"));
        assertThat(usual).containsExactly(102_400, 102_400);
        assertThat(small).containsExactly(20_000, 30_000);
        assertThat(system[0]).isNotIn(usual[0], small[0]);
        assertThat(system[1]).isNotIn(usual[1], small[1]);
    }

    private static long[] buffers(LiveBroker started) throws Exception {
        try (LiveBroker broker = started; WireClient client = client(broker)) {
            SocketChannelConfig config = (SocketChannelConfig) accepted(broker, client).config();
            return new long[] {config.getSendBufferSize(), config.getReceiveBufferSize()};
        }
    }

    @Test
    @Proves("socket.listen.backlog.size")
    void soManyConnectionsWaitToBeAccepted() throws Exception {
        assertThat(waiting(broker("usual", "num.io.threads", "1"))).isEqualTo("50: all");
        assertThat(waiting(broker("one", "num.io.threads", "1", "socket.listen.backlog.size", "1"))).isEqualTo("1: some");
    }

    /** Twenty clients connect while the thread that accepts is held up. */
    private static String waiting(LiveBroker started) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        List<Socket> sockets = new ArrayList<>();
        try (LiveBroker broker = started; WireClient client = client(broker)) {
            Channel listener = accepted(broker, client).parent();
            CountDownLatch held = new CountDownLatch(1);
            listener.eventLoop().execute(() -> {
                held.countDown();
                try {
                    go.await(60, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            held.await();
            int backlog = ((ServerSocketChannelConfig) listener.config()).getBacklog();
            try {
                for (int i = 0; i < 20; i++) {
                    Socket socket = new Socket();
                    sockets.add(socket);
                    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), broker.embedded().port()), backlog > 20 ? 20_000 : 200);
                }
                return backlog + ": all";
            } catch (SocketTimeoutException e) {
                return backlog + ": some";
            } finally {
                go.countDown();
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        }
    }

    @Test
    @Proves("queued.max.request.bytes")
    void largeRequestsWaitForTheMemoryOfOthers() throws Exception {
        byte[] large = largeRequest();
        try (LiveBroker usual = broker("usual"); WireClient stalled = client(usual); WireClient other = client(usual)) {
            stalled.send(java.util.Arrays.copyOf(large, large.length - 10));
            other.send(large);
            other.receive(ApiKeys.METADATA, 12, 1);
        }
        try (LiveBroker small = broker("small", "queued.max.request.bytes", "1048576");
                WireClient stalled = client(small); WireClient other = client(small)) {
            works(stalled);
            works(other);
            stalled.send(java.util.Arrays.copyOf(large, large.length - 10));
            Thread sender = new Thread(() -> {
                try {
                    other.send(large);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            sender.start();
            await("the second waits", () -> Channels.of(small.embedded().broker().server()).stream().anyMatch(channel -> !channel.config().isAutoRead()));
            stalled.send(java.util.Arrays.copyOfRange(large, large.length - 10, large.length));
            stalled.receive(ApiKeys.METADATA, 12, 1);
            other.receive(ApiKeys.METADATA, 12, 1);
            sender.join();
        }
    }

    private static byte[] largeRequest() {
        List<MetadataRequestData.MetadataRequestTopic> topics = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            topics.add(new MetadataRequestData.MetadataRequestTopic().setName("x".repeat(20_000) + i));
        }
        ByteBuffer frame = WireClient.frame(ApiKeys.METADATA, 12, 1, new MetadataRequestData().setTopics(topics));
        return java.util.Arrays.copyOf(frame.array(), frame.limit());
    }
}
