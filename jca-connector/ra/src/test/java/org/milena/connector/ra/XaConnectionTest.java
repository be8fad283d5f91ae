package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.resource.NotSupportedException;
import jakarta.resource.spi.InvalidPropertyException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.MilenaException;
import org.milena.connector.OutboundRecord;

/** Connections in branches of a distributed transaction, as a transaction manager moves them. */
@Timeout(60)
class XaConnectionTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;
    private static final AtomicInteger XIDS = new AtomicInteger();

    private final MilenaResourceAdapter adapter = new MilenaResourceAdapter();
    private final MilenaManagedConnectionFactory factory = new MilenaManagedConnectionFactory();
    private final PlainThreads server = new PlainThreads();
    private final OneConnectionPool pool = new OneConnectionPool();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("num.partitions", "1"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void start() {
        adapter.start(server);
        factory.setResourceAdapter(adapter);
        factory.setBootstrapServers(broker.bootstrap());
        factory.setResourceManager("crm");
        factory.setRetryBackoffMs(10);
    }

    @AfterEach
    void stop() {
        adapter.stop();
    }

    private MilenaConnection connection() throws Exception {
        return ((MilenaConnectionFactory) factory.createConnectionFactory(pool)).getConnection();
    }

    private XAResource resource() throws Exception {
        return pool.only.getXAResource();
    }

    private static Xid xid() {
        byte number = (byte) XIDS.incrementAndGet();
        return new Xid() {
            @Override
            public int getFormatId() {
                return 7;
            }

            @Override
            public byte[] getGlobalTransactionId() {
                return new byte[] {1, number};
            }

            @Override
            public byte[] getBranchQualifier() {
                return new byte[] {2};
            }
        };
    }

    private static void assertRefused(int code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(XAException.class, e -> assertThat(e.errorCode).as(e.getMessage()).isEqualTo(code));
    }

    private static List<String> committed(String topic) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(broker.properties("isolation.level", "read_committed"),
                new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(100)).forEach(r -> values.add(r.value()));
            }
        }
        return values;
    }

    /** Once the markers of all transactions are written. */
    private static void assertCommitted(String topic, String... values) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (committed(topic).size() < values.length) {
            assertThat(System.nanoTime()).as("%s, not %s", committed(topic), List.of(values)).isLessThan(deadline);
        }
        assertThat(committed(topic)).containsExactly(values);
    }

    @Test
    void whatIsSentBetweenStartAndEndIsInTheBranchAndNothingElse() throws Exception {
        Xid committed = xid();
        Xid rolledBack = xid();
        try (MilenaConnection connection = connection()) {
            connection.send("between", "before");
            resource().start(committed, XAResource.TMNOFLAGS);
            connection.send("between", "in");
            resource().end(committed, XAResource.TMSUSPEND);
            connection.send("between", "suspended");
            resource().start(rolledBack, XAResource.TMNOFLAGS);
            connection.send("between", "never");
            resource().end(rolledBack, XAResource.TMSUCCESS);
            resource().start(committed, XAResource.TMRESUME);
            connection.send("between", "in again");
            resource().end(committed, XAResource.TMSUCCESS);
            connection.send("between", "after");
        }
        assertThat(resource().prepare(committed)).isEqualTo(XAResource.XA_OK);
        resource().commit(committed, false);
        resource().rollback(rolledBack);
        assertCommitted("between", "before", "in", "suspended", "in again", "after");
    }

    /** One branch has one producer, and needs one vote. */
    @Test
    void connectionsOfOneFactoryJoin() throws Exception {
        Xid xid = xid();
        MilenaConnection one = connection();
        MilenaManagedConnection second = (MilenaManagedConnection) factory.createManagedConnection(null, null);
        MilenaConnection two = (MilenaConnection) second.getConnection(null, null);
        assertThat(resource().isSameRM(second.getXAResource())).isTrue();
        resource().start(xid, XAResource.TMNOFLAGS);
        one.send("joined", "one");
        second.getXAResource().start(xid, XAResource.TMJOIN);
        two.send("joined", "two");
        second.getXAResource().end(xid, XAResource.TMSUCCESS);
        resource().end(xid, XAResource.TMSUCCESS);
        second.destroy();
        resource().commit(xid, true);
        assertCommitted("joined", "one", "two");
        factory.setResourceManager("other");
        MilenaManagedConnection stranger = (MilenaManagedConnection) factory.createManagedConnection(null, null);
        assertThat(resource().isSameRM(stranger.getXAResource())).isFalse();
    }

    @Test
    void whatWasPreparedIsFoundByAnotherAdapter() throws Exception {
        Xid xid = xid();
        MilenaConnection connection = connection();
        resource().start(xid, XAResource.TMNOFLAGS);
        connection.send("found", "v");
        resource().end(xid, XAResource.TMSUCCESS);
        resource().prepare(xid);
        adapter.stop();
        adapter.start(server);
        XAResource recovery = factory.createManagedConnection(null, null).getXAResource();
        assertThat(recovery.recover(XAResource.TMSTARTRSCAN)).hasSize(1);
        assertThat(recovery.recover(XAResource.TMENDRSCAN)).isEmpty();
        assertThat(recovery.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN)[0].getGlobalTransactionId()).isEqualTo(xid.getGlobalTransactionId());
        recovery.commit(xid, false);
        assertThat(recovery.recover(XAResource.TMSTARTRSCAN)).isEmpty();
        assertCommitted("found", "v");
    }

    @Test
    void aFailedSendDoomsTheTransactionAndItsBranch() throws Exception {
        Xid xid = xid();
        MilenaConnection connection = connection();
        resource().start(xid, XAResource.TMNOFLAGS);
        assertThatThrownBy(() -> connection.send(OutboundRecord.to("doomed").partition(0).value("x".repeat(2_000_000)))).isInstanceOf(MilenaException.class);
        assertThat(server.doomed).isTrue();
        resource().end(xid, XAResource.TMSUCCESS);
        assertRefused(XAException.XA_RBROLLBACK, () -> resource().prepare(xid));
        Xid failed = xid();
        resource().start(failed, XAResource.TMNOFLAGS);
        connection.send("doomed", "lost");
        resource().end(failed, XAResource.TMFAIL);
        assertThatThrownBy(() -> connection.send("doomed", "meant for it")).as("the reaper is rolling back, the bean still sends (rules 19)")
                .isInstanceOf(MilenaException.class).hasMessageContaining("the transaction manager gave it up");
        assertRefused(XAException.XA_RBROLLBACK, () -> resource().commit(failed, true));
        assertThatThrownBy(() -> connection.send("doomed", "too late")).isInstanceOf(MilenaException.class);
        Xid next = xid();
        resource().start(next, XAResource.TMNOFLAGS);
        connection.send("doomed", "next");
        resource().end(next, XAResource.TMFAIL);
        resource().rollback(next);
        server.inTransaction = false;
        connection.send("doomed", "outside");
        server.inTransaction = true;
        Xid last = xid();
        resource().start(last, XAResource.TMNOFLAGS);
        resource().end(last, XAResource.TMFAIL);
        resource().rollback(last);
        pool.only.cleanup();
        connection().send("doomed", "another's");
        assertCommitted("doomed", "outside", "another's");
        assertThat(pool.events).as("the connection is not broken").isEmpty();
    }

    /** Nor a record that can't be sent to anybody, of which the broker never hears. */
    @Test
    void aRecordThatCantBeDoomsTheTransactionToo() throws Exception {
        Xid xid = xid();
        MilenaConnection connection = connection();
        resource().start(xid, XAResource.TMNOFLAGS);
        assertThatThrownBy(() -> connection.send(OutboundRecord.to("doomed").partition(7).value("v"))).hasMessage("Topic doomed has 1 partitions, no partition 7");
        assertThat(server.doomed).isTrue();
        resource().end(xid, XAResource.TMSUCCESS);
        assertRefused(XAException.XA_RBROLLBACK, () -> resource().prepare(xid));
        server.doomed = false;
        pool.only.getLocalTransaction().begin();
        assertThatThrownBy(() -> connection.send(OutboundRecord.to("doomed").partition(7).value("v"))).isInstanceOf(MilenaException.class);
        assertThat(server.doomed).isTrue();
        pool.only.getLocalTransaction().rollback();
    }

    @Test
    void nothingSentIsReadOnly() throws Exception {
        Xid xid = xid();
        connection();
        resource().start(xid, XAResource.TMNOFLAGS);
        resource().end(xid, XAResource.TMSUCCESS);
        assertThat(resource().prepare(xid)).isEqualTo(XAResource.XA_RDONLY);
    }

    @Test
    void aDestroyedConnectionRollsBack() throws Exception {
        Xid xid = xid();
        MilenaConnection connection = connection();
        resource().start(xid, XAResource.TMNOFLAGS);
        connection.send("destroyed", "lost");
        pool.only.destroy();
        XAResource other = factory.createManagedConnection(null, null).getXAResource();
        assertRefused(XAException.XAER_NOTA, () -> other.prepare(xid));
        try (MilenaConnection next = connection()) {
            next.send("destroyed", "next");
        }
        assertCommitted("destroyed", "next");
    }

    @Test
    void misuseIsTold() throws Exception {
        Xid xid = xid();
        connection();
        assertRefused(XAException.XAER_INVAL, () -> resource().start(xid, XAResource.TMONEPHASE));
        assertRefused(XAException.XAER_NOTA, () -> resource().start(xid, XAResource.TMJOIN));
        assertRefused(XAException.XAER_NOTA, () -> resource().end(xid, XAResource.TMSUCCESS));
        resource().start(xid, XAResource.TMNOFLAGS);
        assertRefused(XAException.XAER_PROTO, () -> resource().start(xid(), XAResource.TMNOFLAGS));
        assertRefused(XAException.XAER_INVAL, () -> resource().end(xid, XAResource.TMJOIN));
        assertRefused(XAException.XAER_PROTO, () -> resource().commit(xid, false));
        resource().rollback(xid);
        resource().end(xid, XAResource.TMSUCCESS);
        assertRefused(XAException.XAER_NOTA, () -> resource().rollback(xid));
        assertRefused(XAException.XAER_INVAL, () -> resource().recover(XAResource.TMJOIN));
    }

    @Test
    void theTransactionManagersTimeoutIsTheBrokers() throws Exception {
        MilenaConnection connection = connection();
        assertThat(resource().getTransactionTimeout()).isEqualTo(60);
        assertThat(resource().setTransactionTimeout(3_600)).isTrue();
        assertThat(resource().getTransactionTimeout()).isEqualTo(3_600);
        Xid xid = xid();
        resource().start(xid, XAResource.TMNOFLAGS);
        assertThatThrownBy(() -> connection.send("timeout", "v")).hasMessageContaining("transaction.max.timeout.ms allows no transaction of 3600000 ms");
        resource().end(xid, XAResource.TMFAIL);
        resource().rollback(xid);
        assertThat(resource().setTransactionTimeout(0)).isTrue();
        assertThat(resource().getTransactionTimeout()).isEqualTo(60);
        assertRefused(XAException.XAER_INVAL, () -> resource().setTransactionTimeout(-1));
    }

    @Test
    void aServerWithoutANameMustBeGivenOne() throws Exception {
        factory.setResourceManager(" ");
        connection();
        assertThatThrownBy(this::resource).isInstanceOf(InvalidPropertyException.class).hasMessageContaining("resourceManager must be set");
        try {
            System.setProperty("jboss.node.name", "localhost");
            assertThatThrownBy(() -> factory.createManagedConnection(null, null).getXAResource()).isInstanceOf(InvalidPropertyException.class);
            System.setProperty("jboss.node.name", "node1");
            assertThat(factory.createManagedConnection(null, null).getXAResource()).isNotNull();
        } finally {
            System.clearProperty("jboss.node.name");
        }
        factory.setResourceManager("a#b");
        assertThatThrownBy(() -> factory.createManagedConnection(null, null)).hasMessage("resourceManager must be of at most 200 characters without #, not \"a#b\"");
    }

    /** A container that is made anew has another host name, and must find what the old one has prepared. */
    @Test
    void aServerGoesByItsTransactionManagersName() {
        try {
            System.setProperty("jboss.node.name", "host1");
            ResourceManagers.serverIsWildFly("1");
            assertThat(ResourceManagers.nameOfThisServer(false)).as("the broker is its own").isEqualTo("1");
            assertThat(ResourceManagers.nameOfThisServer(true)).as("others are called 1, too").isEqualTo("host1");
            ResourceManagers.serverIsWildFly("one");
            assertThat(ResourceManagers.nameOfThisServer(false)).isEqualTo("one");
            assertThat(ResourceManagers.nameOfThisServer(true)).isEqualTo("one");
            ResourceManagers.serverIsWildFly(null);
            System.clearProperty("jboss.node.name");
            System.setProperty("com.sun.aas.instanceName", "server");
            System.setProperty("com.sun.aas.hostName", "host2");
            assertThat(ResourceManagers.nameOfThisServer(false)).isEqualTo("server");
            assertThat(ResourceManagers.nameOfThisServer(true)).isEqualTo("server@host2");
        } finally {
            ResourceManagers.serverIsWildFly(null);
            List.of("jboss.node.name", "com.sun.aas.instanceName", "com.sun.aas.hostName").forEach(System::clearProperty);
        }
    }

    /** It is found out when the pool makes a connection, and no name that the server lacks would help; where nobody is there, a pool may fill all the same. */
    @ParameterizedTest
    @ValueSource(strings = {"crm", ""})
    void apacheKafkaIsRefused(String name) throws Exception {
        int nobody;
        try (ServerSocket closed = new ServerSocket(0)) {
            nobody = closed.getLocalPort();
        }
        try (FakeKafka kafka = new FakeKafka()) {
            factory.setBootstrapServers(kafka.bootstrap());
            factory.setResourceManager(name);
            connection();
            assertThatThrownBy(this::resource).isInstanceOf(NotSupportedException.class)
                    .hasMessageContaining("takes no part in XA transactions").hasMessageContaining("with Apache Kafka use LocalTransaction or NoTransaction");
            assertThat(pool.only.getLocalTransaction()).isNotNull();
        }
        factory.setBootstrapServers("127.0.0.1:" + nobody);
        factory.setResourceManager("crm");
        pool.only = null;
        connection();
        assertThat(resource()).isNotNull();
        assertThat(factory.getInvalidConnections(Set.of(pool.only))).isEmpty();
        pool.only.destroy();
        assertThat(factory.getInvalidConnections(Set.of(pool.only))).containsExactly(pool.only);
    }
}
