package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.resource.ResourceException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaException;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordListener;

/** What a bean sends while it is given a record is in the branch that has the group's offset. */
@Timeout(120)
class InboundJoinTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    private final List<String> seen = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), InboundFixture.BROKER);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    /** Everything about one topic, its group, and a topic that is sent to. */
    private final class Sending implements AutoCloseable {
        private final String topic;
        private final InboundFixture server;
        private final MilenaManagedConnectionFactory factory = new MilenaManagedConnectionFactory();
        private FakeEndpoints endpoints;

        private Sending(String topic, String... values) throws Exception {
            this.topic = topic;
            InboundFixture.topic(broker, topic, 1);
            InboundFixture.topic(broker, out(), 1);
            InboundFixture.send(broker, topic, 0, values);
            server = new InboundFixture(broker, new RecordActivationSpec(), topic);
            server.spec.setResourceManager("server-of-" + topic);
            factory.setResourceAdapter(server.adapter);
            factory.setBootstrapServers(broker.bootstrap());
            factory.setResourceManager("server-of-" + topic);
        }

        private void deploy(RecordListener<String, String> bean) throws Exception {
            endpoints = new FakeEndpoints(bean, true);
            endpoints.onePhase = true;
            server.deploy(endpoints);
        }

        private String out() {
            return topic + "-out";
        }

        private MilenaManagedConnection connection() throws ResourceException, XAException {
            MilenaManagedConnection connection = (MilenaManagedConnection) factory.createManagedConnection(null, null);
            endpoints.enlist(connection.getXAResource());
            return connection;
        }

        private void send(MilenaManagedConnection connection, String value) throws MilenaException {
            ((MilenaConnection) connection.getConnection(null, null)).send(OutboundRecord.to(out()).partition(0).value(value));
        }

        /** Each open branch has a transactional id of its own, and one may have it after the other. */
        private long branches() throws Exception {
            try (Admin admin = Admin.create(broker.properties())) {
                return admin.listTransactions().all().get().stream().filter(each -> each.transactionalId().startsWith("server-of-" + topic + "#")).count();
            }
        }

        private List<String> sent(int count) {
            return InboundFixture.read(broker, out(), count).stream().map(ConsumerRecord::value).toList();
        }

        private void awaitOffset(long offset) {
            InboundFixture.await(() -> {
                var committed = InboundFixture.committed(broker, topic, 0);
                return committed != null && committed.offset() == offset;
            });
        }

        @Override
        public void close() {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void offsetAndWhatWasSentAreOneBranch(boolean onePhase) throws Exception {
        try (Sending sending = new Sending("one-" + onePhase, "a")) {
            sending.deploy(record -> {
                MilenaManagedConnection connection = sending.connection();
                sending.send(connection, record.value() + " again");
                connection.cleanup();
            });
            sending.endpoints.onePhase = onePhase;
            sending.awaitOffset(1);
            assertThat(sending.sent(1)).containsExactly("a again");
            assertThat(sending.branches()).isEqualTo(1);
            assertThat(sending.endpoints.ends).containsExactly(onePhase ? "committed in one phase" : "committed");
        }
    }

    /** While another transaction has the thread, and the connection. */
    @Test
    void aConnectionMayBeSuspendedAndResumed() throws Exception {
        try (Sending sending = new Sending("suspended", "a")) {
            sending.deploy(record -> {
                MilenaManagedConnection connection = sending.connection();
                XAResource resource = connection.getXAResource();
                sending.send(connection, "before");
                resource.end(sending.endpoints.transaction(), XAResource.TMSUSPEND);
                FakeEndpoints.FakeXid other = new FakeEndpoints.FakeXid(-1);
                resource.start(other, XAResource.TMNOFLAGS);
                sending.send(connection, "of another");
                resource.end(other, XAResource.TMSUCCESS);
                resource.rollback(other);
                resource.start(sending.endpoints.transaction(), XAResource.TMRESUME);
                sending.send(connection, "after");
            });
            sending.awaitOffset(1);
            assertThat(sending.sent(2)).containsExactly("before", "after");
        }
    }

    /** The connection's failure, or the transaction manager's, is the delivery's: nothing is committed, and the record comes again. */
    @ParameterizedTest
    @ValueSource(strings = {"given up", "destroyed", "refused"})
    void whatFailsInOneFailsInBoth(String how) throws Exception {
        AtomicBoolean once = new AtomicBoolean();
        try (Sending sending = new Sending("failed-" + how.replace(' ', '-'), "a")) {
            sending.deploy(record -> {
                seen.add(record.value() + "#" + record.deliveryCount());
                MilenaManagedConnection connection = sending.connection();
                sending.send(connection, "from " + record.deliveryCount());
                if (once.compareAndSet(false, true)) {
                    switch (how) {
                        case "given up" -> connection.getXAResource().end(sending.endpoints.transaction(), XAResource.TMFAIL);
                        case "destroyed" -> connection.destroy();
                        default -> refused(sending, connection);
                    }
                }
            });
            sending.awaitOffset(1);
            assertThat(seen).containsExactly("a#1", "a#2");
            assertThat(sending.sent(1)).containsExactly("from 2");
            assertThat(sending.endpoints.ends).last().isEqualTo("committed in one phase");
        }
    }

    /** A careless bean goes on. */
    private static void refused(Sending sending, MilenaManagedConnection connection) {
        try {
            sending.send(connection, "x".repeat(2_000_000));
        } catch (MilenaException e) {
            assertThat(e.getErrorCode()).isEqualTo("MESSAGE_TOO_LARGE");
        }
    }

    /** And not those of the bean, which has begun the branch. */
    @Test
    void aConnectionKeepsItsProperties() throws Exception {
        try (Sending sending = new Sending("limits", "a")) {
            sending.factory.setMaxRequestSize(1_000);
            sending.deploy(record -> {
                seen.add("#" + record.deliveryCount());
                MilenaManagedConnection connection = sending.connection();
                try {
                    sending.send(connection, "x".repeat(2_000 / record.deliveryCount()));
                } catch (MilenaException e) {
                    seen.add(e.getErrorCode());
                }
            });
            sending.awaitOffset(1);
            assertThat(seen).containsExactly("#1", "MESSAGE_TOO_LARGE", "#2", "MESSAGE_TOO_LARGE", "#3");
        }
    }

    /** Which has branches of its own. */
    @Test
    void anotherResourceManagerIsNotJoined() throws Exception {
        try (Sending sending = new Sending("other", "a")) {
            sending.deploy(record -> {
                sending.factory.setResourceManager("another");
                MilenaManagedConnection connection = (MilenaManagedConnection) sending.factory.createManagedConnection(null, null);
                seen.add(String.valueOf(sending.endpoints.isSame(connection.getXAResource())));
            });
            sending.awaitOffset(1);
            assertThat(seen).containsExactly("false");
        }
    }
}
