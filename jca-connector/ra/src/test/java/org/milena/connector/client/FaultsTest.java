package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;

/** Connections that break, brokers that go and come, answers that are lost. */
@Timeout(60)
class FaultsTest {

    @TempDir
    Path dir;

    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private EmbeddedBroker start(int port) {
        return EmbeddedBroker.start(dir, store, Map.of("listeners", "PLAINTEXT://127.0.0.1:" + port));
    }

    @ParameterizedTest
    @EnumSource
    void aLostAnswerIsAskedForAgainAndTheRecordIsThereOnce(Way way) throws Exception {
        try (EmbeddedBroker broker = start(0)) {
            AtomicInteger produced = new AtomicInteger();
            try (Cluster cluster = new Cluster(new Losing(way.to(broker), List.of(ApiKeys.PRODUCE), produced), ClientConfig.DEFAULT)) {
                Producer producer = new Producer(cluster);
                for (int i = 0; i < 10; i++) {
                    assertThat(producer.send(List.of(OutboundRecord.to("t").partition(0).value("v" + i))).get(0).offset()).isEqualTo(i);
                }
                assertThat(produced).hasValue(20);
            }
            assertThat(ProducerTest.read(broker, "t", 10).stream().map(r -> r.value())).containsExactlyElementsOf(
                    IntStream.range(0, 10).mapToObj(i -> "v" + i).toList());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBrokerThatIsStoppedFailsSendsAndOneThatComesBackIsFound(Way way) throws Exception {
        EmbeddedBroker first = start(0);
        int port = first.port();
        AtomicReference<EmbeddedBroker> running = new AtomicReference<>(first);
        Dialer dialer = way == Way.SOCKET ? way.to(first) : new InVm(() -> running.get().broker().inVmAccess(), Way.NO_SOCKETS);
        ClientConfig impatient = new ClientConfig("c", 30_000, 400, 10, 300_000, 1_000_000);
        try (Cluster cluster = new Cluster(dialer, impatient)) {
            Producer producer = new Producer(cluster);
            producer.send(List.of(OutboundRecord.to("t").partition(0).value("one")));
            first.close();
            assertThatThrownBy(() -> producer.send(List.of(OutboundRecord.to("t").partition(0).value("lost"))))
                    .isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.outcomeUnknown()).isFalse())
                    .hasMessageMatching(way == Way.SOCKET ? "(?s).*127.0.0.1:" + port + "\\)? can't be reached: .*"
                            : "(?s).*No connection to Milena in this server: the broker has stopped.*");
            try (EmbeddedBroker second = start(port)) {
                running.set(second);
                assertThat(producer.send(List.of(OutboundRecord.to("t").partition(0).value("two"))).get(0).offset()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyThreadsShareAFewConnections(Way way) throws Exception {
        try (EmbeddedBroker broker = start(0); Cluster cluster = new Cluster(way.to(broker), ClientConfig.DEFAULT)) {
            cluster.partitions("t");
            int before = broker.broker().server().connectionCount();
            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Future<?>> all = new ArrayList<>();
                for (int t = 0; t < 8; t++) {
                    all.add(threads.submit(() -> {
                        Producer producer = new Producer(cluster);
                        for (int i = 0; i < 200; i++) {
                            producer.send(List.of(OutboundRecord.to("t").partition(0).value("v")));
                        }
                        return null;
                    }));
                }
                for (Future<?> one : all) {
                    one.get();
                }
            } finally {
                threads.shutdown();
            }
            assertThat(broker.broker().server().connectionCount() - before).isLessThanOrEqualTo(BrokerConnections.MOST);
            ProducerTest.read(broker, "t", 1_600);
        }
    }

    /** A broker answers the requests of a connection in their order. */
    @ParameterizedTest
    @EnumSource
    void whatTakesLongHoldsUpNobodyElse(Way way) throws Exception {
        try (EmbeddedBroker broker = start(0); Cluster cluster = new Cluster(way.to(broker), ClientConfig.DEFAULT)) {
            Producer producer = new Producer(cluster);
            producer.send(List.of(OutboundRecord.to("t").partition(0).value("first")));
            Deadline deadline = Deadline.after(60_000);
            Topic topic = cluster.topic("t", deadline);
            FetchRequestData fetch = new FetchRequestData().setMaxWaitMs(20_000).setMinBytes(1 << 20).setMaxBytes(1 << 20).setTopics(List.of(new FetchTopic()
                    .setTopicId(topic.id()).setPartitions(List.of(new FetchPartition().setFetchOffset(0).setPartitionMaxBytes(1 << 20)))));
            BrokerConnection busy = cluster.node(topic.leaders()[0], deadline);
            var answer = busy.send(ApiKeys.FETCH, busy.version(ApiKeys.FETCH, 13, 13), fetch);
            assertThat(producer.send(List.of(OutboundRecord.to("t").partition(0).value("second"))).get(0).offset()).isEqualTo(1);
            assertThat(answer.isThere()).as("the fetch waits for more than there is").isFalse();
            assertThat(cluster.node(topic.leaders()[0], deadline)).isNotSameAs(busy);
        }
    }

    @Test
    void insideTheVmNoSocketIsNeeded() throws Exception {
        try (EmbeddedBroker broker = start(0);
             Cluster cluster = new Cluster(new InVm(broker.broker()::inVmAccess, Way.NO_SOCKETS), ClientConfig.DEFAULT)) {
            assertThat(new Producer(cluster).send(List.of(OutboundRecord.to("t").value("v"))).get(0).offset()).isZero();
        }
    }

    @Test
    void aBrokerThatNeverAnswersIsGivenUp() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            SocketIo sockets = new SocketIo(List.of(new Endpoint(Endpoint.UNKNOWN, "127.0.0.1", silent.getLocalPort())), task -> new Thread(task).start());
            try (sockets; Cluster cluster = new Cluster(sockets, new ClientConfig("c", 100, 1_000, 10, 300_000, 1_000_000))) {
                assertThatThrownBy(cluster::check).hasMessageMatching("127.0.0.1:\\d+ gave no answer to API_VERSIONS within 100 ms");
            }
        }
    }

    @Test
    void closingEndsTheThreadAndFailsWhatIsUnderWay() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            CountDownLatch ended = new CountDownLatch(1);
            SocketIo sockets = new SocketIo(List.of(), task -> new Thread(() -> {
                task.run();
                ended.countDown();
            }).start());
            Transport transport = sockets.open(new Endpoint(Endpoint.UNKNOWN, "127.0.0.1", silent.getLocalPort()));
            CompletableFuture<ByteBuffer> answer = transport.send(ByteBuffer.allocate(10)).toCompletableFuture();
            sockets.close();
            assertThatThrownBy(answer::get).hasRootCauseInstanceOf(IOException.class);
            ended.await();
            assertThat(transport.isOpen()).isFalse();
            assertThatThrownBy(() -> sockets.open(new Endpoint(Endpoint.UNKNOWN, "127.0.0.1", silent.getLocalPort()))).hasMessage("The client is closed");
        }
    }
}
