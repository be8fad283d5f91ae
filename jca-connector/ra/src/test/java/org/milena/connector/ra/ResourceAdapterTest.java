package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.InvalidPropertyException;
import jakarta.resource.spi.LocalTransaction;
import jakarta.resource.spi.LocalTransactionException;
import jakarta.resource.spi.ResourceAllocationException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.BatchSendException;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.MilenaException;
import org.milena.connector.OutboundRecord;

/** The adapter's contract with a server, over a pool of one. */
@Timeout(60)
class ResourceAdapterTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    private final MilenaResourceAdapter adapter = new MilenaResourceAdapter();
    private final MilenaManagedConnectionFactory factory = new MilenaManagedConnectionFactory();
    private final PlainThreads server = new PlainThreads();
    private final OneConnectionPool pool = new OneConnectionPool();

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("num.partitions", "2"));
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
        factory.setRetryBackoffMs(10);
    }

    @AfterEach
    void stop() {
        adapter.stop();
    }

    private MilenaConnectionFactory injected() {
        return (MilenaConnectionFactory) factory.createConnectionFactory(pool);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void aConnectionGoesBackToThePoolAndIsTakenAgain() throws Exception {
        try (MilenaConnection connection = injected().getConnection()) {
            assertThat(connection.send("pooled", "one").offset()).isZero();
            assertThat(connection.partitions("pooled")).isEqualTo(2);
        }
        assertThat(pool.events).containsExactly("closed");
        try (MilenaConnection connection = injected().getConnection()) {
            assertThat(connection.send("pooled", "k", "two").topic()).isEqualTo("pooled");
            assertThat(connection.send(List.of())).isEmpty();
        }
        assertThat(pool.created).isEqualTo(1);
    }

    @Test
    void aClosedHandleCantBeUsedAndClosesOnce() throws Exception {
        MilenaConnection connection = injected().getConnection();
        connection.close();
        connection.close();
        assertThat(pool.events).containsExactly("closed");
        assertThatThrownBy(() -> connection.send("t", "v")).isInstanceOf(IllegalStateException.class).hasMessage("This connection is closed");
    }

    @Test
    void whatTheServerTakesBackIsClosedForTheApplication() throws Exception {
        MilenaConnection connection = injected().getConnection();
        pool.only.cleanup();
        assertThatThrownBy(() -> connection.send("t", "v")).isInstanceOf(IllegalStateException.class);
        connection.close();
        assertThat(pool.events).isEmpty();
    }

    @Test
    void aHandleCanBeMovedToAnotherConnection() throws Exception {
        MilenaConnection connection = injected().getConnection();
        MilenaManagedConnection other = (MilenaManagedConnection) factory.createManagedConnection(null, null);
        other.associateConnection(connection);
        pool.only.destroy();
        assertThat(connection.send("moved", "v").offset()).isZero();
        other.destroy();
        assertThatThrownBy(() -> connection.send("moved", "v")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> other.associateConnection("something")).isInstanceOf(ResourceException.class);
    }

    @Test
    void errorsCarryKafkasNameAndBatchesTellWhatWasSent() throws Exception {
        try (MilenaConnection connection = injected().getConnection()) {
            assertThatThrownBy(() -> connection.send(OutboundRecord.to("refused").partition(1).value("x".repeat(2_000_000))))
                    .isInstanceOfSatisfying(MilenaException.class, e -> assertThat(e.getErrorCode()).isEqualTo("MESSAGE_TOO_LARGE"));
            assertThatThrownBy(() -> connection.send(OutboundRecord.to("refused").partition(7).value("v")))
                    .isInstanceOf(MilenaException.class).hasMessage("Topic refused has 2 partitions, no partition 7");
            assertThatThrownBy(() -> connection.send("not a name", "v"))
                    .isInstanceOfSatisfying(MilenaException.class, e -> assertThat(e.getErrorCode()).isEqualTo("INVALID_TOPIC_EXCEPTION"));
        }
        assertThat(pool.events).as("none of this breaks the connection").containsExactly("closed");
        assertThat(server.doomed).as("outside of a transaction there is nothing to doom").isFalse();
        factory.setMaxRequestSize(2_000_000);
        pool.only.destroy();
        pool.only = null;
        try (MilenaConnection connection = injected().getConnection()) {
            assertThatThrownBy(() -> connection.send(List.of(OutboundRecord.to("refused").partition(0).value("v"),
                    OutboundRecord.to("refused").partition(1).value("x".repeat(1_500_000)))))
                    .isInstanceOfSatisfying(BatchSendException.class, e -> {
                        assertThat(e.results().get(0).offset()).isZero();
                        assertThat(e.results().get(1)).isNull();
                        assertThat(e.isOutcomeUnknown()).isFalse();
                    });
        }
    }

    /** The broker is there, but does not answer in time: nobody knows what became of the record. */
    @Test
    void aConnectionWithAnUnknownOutcomeIsReportedAndNotUsedAgain() throws Exception {
        factory.setDeliveryTimeoutMs(1);
        MilenaConnection connection = injected().getConnection();
        await(() -> {
            try {
                connection.send("unknown", "v");
                return !pool.events.isEmpty();
            } catch (MilenaException e) {
                return e.isOutcomeUnknown();
            }
        });
        assertThat(pool.events).containsExactly("error");
        assertThat(factory.matchManagedConnections(Set.of(pool.only), null, null)).isNull();
    }

    @Test
    void connectionsOfOneConfigurationShareAClientThatGoesWithTheLast() throws Exception {
        await(() -> broker.broker().server().connectionCount() == 0); // those of the tests before are closing
        MilenaManagedConnection one = (MilenaManagedConnection) factory.createManagedConnection(null, null);
        MilenaManagedConnection two = (MilenaManagedConnection) factory.createManagedConnection(null, null);
        ((MilenaConnection) one.getConnection(null, null)).partitions("shared");
        int opened = broker.broker().server().connectionCount();
        ((MilenaConnection) two.getConnection(null, null)).partitions("shared");
        assertThat(broker.broker().server().connectionCount()).isEqualTo(opened).isPositive();
        one.destroy();
        one.destroy();
        assertThat(((MilenaConnection) two.getConnection(null, null)).send("shared", "v").offset()).isZero();
        two.destroy();
        await(() -> broker.broker().server().connectionCount() == 0);
        await(() -> PlainThreads.running() == 0);
    }

    @Test
    void stoppingClosesWhatIsLeftAndNothingBeginsAfterIt() throws Exception {
        MilenaConnection connection = injected().getConnection();
        connection.send("stopped", "v");
        adapter.stop();
        assertThatThrownBy(() -> connection.send("stopped", "v")).isInstanceOf(MilenaException.class).hasMessageContaining("The client is closed");
        assertThatThrownBy(() -> factory.createManagedConnection(null, null)).isInstanceOf(ResourceAllocationException.class);
        await(() -> PlainThreads.running() == 0);
    }

    @Test
    void wrongPropertiesAreNamed() {
        factory.setBootstrapServers("localhost");
        assertThatThrownBy(() -> factory.createManagedConnection(null, null)).isInstanceOf(InvalidPropertyException.class)
                .hasMessage("bootstrapServers: \"localhost\" is not host:port");
        assertThatThrownBy(() -> injected().getConnection()).isInstanceOf(MilenaException.class).hasMessageContaining("is not host:port");
        factory.setBootstrapServers(" ");
        factory.setRequestTimeoutMs(0);
        assertThatThrownBy(() -> factory.createManagedConnection(null, null)).hasMessage("requestTimeoutMs must be at least 1, not 0");
    }

    @Test
    void withoutABrokerInTheServerTheMessageTellsWhatToDo() throws Exception {
        factory.setBootstrapServers("");
        factory.setDeliveryTimeoutMs(100);
        try (MilenaConnection connection = injected().getConnection()) {
            assertThatThrownBy(() -> connection.send("t", "v"))
                    .hasMessageContaining("No Milena runs in this server (nothing is bound to java:global/milena/broker); deploy milena.ear, or set bootstrapServers");
        }
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

    @Test
    void aLocalTransactionCommitsAndRollsBackWhatIsSentInItAndNothingElse() throws Exception {
        try (MilenaConnection connection = injected().getConnection()) {
            LocalTransaction transaction = pool.only.getLocalTransaction();
            for (String end : List.of("commit", "rollback", "commit")) {
                transaction.begin();
                connection.send(OutboundRecord.to("local").partition(0).value("in " + end));
                if (end.equals("commit")) {
                    transaction.commit();
                } else {
                    transaction.rollback();
                }
                connection.send(OutboundRecord.to("local").partition(0).value("after " + end));
            }
        }
        assertThat(committed("local")).containsExactly("in commit", "after commit", "after rollback", "in commit", "after commit");
    }

    /** As a container ends it: the handle is closed before the transaction. */
    @Test
    void aTransactionOutlivesTheHandle() throws Exception {
        MilenaConnection connection = injected().getConnection();
        LocalTransaction transaction = pool.only.getLocalTransaction();
        transaction.begin();
        connection.send(OutboundRecord.to("outlives").partition(0).value("v"));
        connection.close();
        transaction.commit();
        assertThat(committed("outlives")).containsExactly("v");
        assertThatThrownBy(transaction::commit).isInstanceOf(LocalTransactionException.class).hasMessage("The connection is in no transaction");
    }

    @Test
    void aTransactionWithAFailedSendCantCommitAndTheConnectionGoesOn() throws Exception {
        try (MilenaConnection connection = injected().getConnection()) {
            LocalTransaction transaction = pool.only.getLocalTransaction();
            transaction.begin();
            connection.send(OutboundRecord.to("doomed").partition(0).value("lost"));
            assertThatThrownBy(() -> connection.send(OutboundRecord.to("doomed").partition(0).value("x".repeat(2_000_000)))).isInstanceOf(MilenaException.class);
            assertThat(server.doomed).isTrue();
            assertThatThrownBy(transaction::commit).isInstanceOf(LocalTransactionException.class).hasMessageStartingWith("Rolled back, since a send failed: ");
            transaction.begin();
            connection.send(OutboundRecord.to("doomed").partition(0).value("next"));
            transaction.commit();
        }
        assertThat(committed("doomed")).containsExactly("next");
        assertThat(pool.events).containsExactly("closed");
    }

    @Test
    void aConnectionThatIsDestroyedInATransactionRollsItBack() throws Exception {
        MilenaConnection connection = injected().getConnection();
        pool.only.getLocalTransaction().begin();
        connection.send(OutboundRecord.to("destroyed").partition(0).value("lost"));
        pool.only.destroy();
        try (MilenaConnection next = injected().getConnection()) {
            next.send(OutboundRecord.to("destroyed").partition(0).value("next"));
        }
        assertThat(committed("destroyed")).containsExactly("next");
    }

    /** What the specification asks of a factory: equality by configuration, and that it can be written. */
    @Test
    void factoriesAreEqualByConfigurationAndSerializable() throws Exception {
        MilenaManagedConnectionFactory same = new MilenaManagedConnectionFactory();
        same.setResourceAdapter(adapter);
        same.setBootstrapServers(broker.bootstrap());
        same.setRetryBackoffMs(10);
        assertThat(same).isEqualTo(factory).hasSameHashCodeAs(factory);
        same.setClientId("other");
        assertThat(same).isNotEqualTo(factory);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(factory);
        MilenaManagedConnectionFactory read = (MilenaManagedConnectionFactory) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        assertThat(read.getBootstrapServers()).isEqualTo(broker.bootstrap());
    }
}
