package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;

/** Brokers that go and come within a branch, and transaction managers that end one while it is used. */
@Timeout(60)
class BranchFaultsTest {

    @TempDir
    Path dir;

    private final InMemoryMetadataStore store = new InMemoryMetadataStore();
    private final ResourceManager manager = new ResourceManager(new ServerProcess("rm", "p"), "i");

    private EmbeddedBroker start(int port) {
        return EmbeddedBroker.start(dir, store, Map.of("listeners", "PLAINTEXT://127.0.0.1:" + port));
    }

    private static void assertRefused(int code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(XAException.class, e -> assertThat(e.errorCode).as(e.getMessage()).isEqualTo(code));
    }

    /** Whatever the broker can't be asked is to be asked again, and what was promised holds. */
    @ParameterizedTest
    @EnumSource
    void aBrokerThatIsAwayIsAskedAgain(Way way) throws Exception {
        EmbeddedBroker first = start(0);
        int port = first.port();
        AtomicReference<EmbeddedBroker> running = new AtomicReference<>(first);
        Dialer dialer = way == Way.SOCKET ? way.to(first) : new InVm(() -> running.get().broker().inVmAccess(), Way.NO_SOCKETS);
        try (Cluster cluster = new Cluster(dialer, new ClientConfig("c", 30_000, 400, 10, 300_000, 1_000_000))) {
            Xid prepared = ResourceManagerTest.xid();
            Xid open = ResourceManagerTest.xid();
            Xid dropped = ResourceManagerTest.xid();
            Xid unsure = ResourceManagerTest.xid();
            for (Xid xid : List.of(prepared, open, dropped, unsure)) {
                manager.begin(cluster, xid, 60_000).send(List.of(OutboundRecord.to("t").partition(0).value("v")));
            }
            assertThat(manager.prepare(cluster, prepared)).isEqualTo(XAResource.XA_OK);
            first.close();
            assertRefused(XAException.XAER_RMFAIL, () -> manager.commit(cluster, prepared, false));
            assertRefused(XAException.XAER_RMFAIL, () -> manager.prepare(cluster, open));
            assertRefused(XAException.XAER_RMFAIL, () -> manager.commit(cluster, unsure, true));
            assertRefused(XAException.XAER_RMFAIL, () -> manager.recover(cluster));
            assertRefused(XAException.XAER_RMFAIL, () -> manager.rollback(cluster, ResourceManagerTest.xid()));
            manager.rollback(cluster, dropped); // nobody can commit it
            try (EmbeddedBroker second = start(port)) {
                running.set(second);
                untilTheCoordinatorIsThere(cluster);
                assertThat(manager.recover(cluster)).containsExactly(prepared);
                manager.commit(cluster, prepared, false);
                manager.rollback(cluster, open);
                assertThat(manager.recover(cluster)).isEmpty();
                new Producer(cluster).send(List.of(OutboundRecord.to("t").partition(0).value("after")));
                assertThat(new ResourceManager(new ServerProcess("rm", "p2"), "i").recover(cluster)).isEmpty(); // and ends what was dropped
                assertThat(ProducerTest.read(second, "t", 2, "isolation.level", "read_committed").stream().map(ConsumerRecord::value).toList())
                        .containsExactly("v", "after");
            }
        }
    }

    private void untilTheCoordinatorIsThere(Cluster cluster) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try {
                manager.recover(cluster);
                return;
            } catch (XAException e) {
                assertThat(System.nanoTime()).as(e.getMessage()).isLessThan(deadline);
            }
        }
    }

    /** As a transaction manager's reaper does: the send must not reach into whatever comes after. */
    @Test
    void aBranchThatIsRolledBackWhileItSends() throws Exception {
        try (EmbeddedBroker broker = start(0)) {
            Holding holding = new Holding(new InVm(broker.broker()::inVmAccess, Way.NO_SOCKETS));
            try (Cluster slow = new Cluster(holding, ClientConfig.DEFAULT); Cluster cluster = new Cluster(Way.IN_VM.to(broker), ClientConfig.DEFAULT)) {
                Xid xid = ResourceManagerTest.xid();
                Branch branch = manager.begin(slow, xid, 60_000);
                branch.send(List.of(OutboundRecord.to("t").partition(0).value("first")));
                holding.hold = true;
                CompletableFuture<?> sending = CompletableFuture.supplyAsync(() -> {
                    try {
                        return branch.send(List.of(OutboundRecord.to("t").partition(0).value("late")));
                    } catch (ClientException e) {
                        throw new IllegalStateException(e);
                    }
                });
                holding.held.await();
                manager.rollback(cluster, xid);
                holding.release.countDown();
                assertThatThrownBy(sending::get).isInstanceOf(ExecutionException.class).hasStackTraceContaining("The broker refused ");
                Xid next = ResourceManagerTest.xid();
                manager.begin(cluster, next, 60_000).send(List.of(OutboundRecord.to("t").partition(0).value("next")));
                manager.commit(cluster, next, true);
                assertThat(ProducerTest.read(broker, "t", 1, "isolation.level", "read_committed").stream().map(ConsumerRecord::value).toList())
                        .containsExactly("next");
            }
        }
    }

    /** Keeps Produce requests back, once it is told to. */
    private static final class Holding implements Dialer {

        private final Dialer dialer;
        private final CountDownLatch held = new CountDownLatch(1);
        private final CountDownLatch release = new CountDownLatch(1);
        private volatile boolean hold;

        private Holding(Dialer dialer) {
            this.dialer = dialer;
        }

        @Override
        public List<Endpoint> bootstrap() {
            return dialer.bootstrap();
        }

        @Override
        public Transport open(Endpoint endpoint) throws IOException {
            Transport transport = dialer.open(endpoint);
            return new Transport() {
                @Override
                public CompletionStage<ByteBuffer> send(ByteBuffer frame) {
                    if (hold && frame.getShort(frame.position()) == ApiKeys.PRODUCE.id) {
                        held.countDown();
                        try {
                            release.await();
                        } catch (InterruptedException e) {
                            return CompletableFuture.failedFuture(e);
                        }
                    }
                    return transport.send(frame);
                }

                @Override
                public boolean isOpen() {
                    return transport.isOpen();
                }

                @Override
                public void close() {
                    transport.close();
                }
            };
        }
    }

    /** A broker that does not know who is calling serves what Apache Kafka serves, and no branches. */
    private static Dialer asToKafkasClients(Dialer dialer) {
        return new Dialer() {
            @Override
            public List<Endpoint> bootstrap() {
                return dialer.bootstrap();
            }

            @Override
            public Transport open(Endpoint endpoint) throws IOException {
                Transport transport = dialer.open(endpoint);
                return new Transport() {
                    @Override
                    public CompletionStage<ByteBuffer> send(ByteBuffer frame) {
                        if (frame.getShort(frame.position()) != ApiKeys.API_VERSIONS.id) {
                            return transport.send(frame);
                        }
                        byte[] bytes = new byte[frame.remaining()];
                        frame.get(bytes);
                        String text = new String(bytes, StandardCharsets.ISO_8859_1);
                        assertThat(text).contains("milena-connector");
                        return transport.send(ByteBuffer.wrap(text.replace("milena-connector", "another-software").getBytes(StandardCharsets.ISO_8859_1)));
                    }

                    @Override
                    public boolean isOpen() {
                        return transport.isOpen();
                    }

                    @Override
                    public void close() {
                        transport.close();
                    }
                };
            }
        };
    }

    /** Nobody was there to be asked when the connection was made: the first send is told, and leaves nothing open behind it. */
    @Test
    void apacheKafkaIsRefusedBeforeAnythingIsSent() throws Exception {
        try (EmbeddedBroker kafka = start(0); Cluster cluster = new Cluster(asToKafkasClients(Way.SOCKET.to(kafka)), ClientConfig.DEFAULT);
             Admin admin = Admin.create(kafka.properties())) {
            Xid xid = ResourceManagerTest.xid();
            Branch branch = manager.begin(cluster, xid, 60_000);
            assertThatThrownBy(() -> branch.send(List.of(OutboundRecord.to("refused").value("v")))).isInstanceOf(ClientException.class)
                    .hasMessageContaining("takes no part in XA transactions").hasMessageContaining("with Apache Kafka use LocalTransaction or NoTransaction");
            assertRefused(XAException.XA_RBROLLBACK, () -> manager.prepare(cluster, xid));
            assertThat(admin.listTransactions().all().get()).isEmpty();
        }
    }
}
