package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.resource.spi.InvalidPropertyException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.RecordListener;

/** What a bean or a factory does not say, its server may: the application needs not be changed. */
@Timeout(60)
class ServerDefaultsTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void startBroker() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), InboundFixture.BROKER);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @AfterEach
    void unset() {
        System.clearProperty("milena.connector.bootstrap.servers");
        System.clearProperty("milena.connector.server.name");
    }

    /** By a factory without properties. */
    private static long send(MilenaResourceAdapter adapter, String bootstrapServers, String topic) throws Exception {
        MilenaManagedConnectionFactory factory = new MilenaManagedConnectionFactory();
        factory.setResourceAdapter(adapter);
        factory.setDeliveryTimeoutMs(10_000);
        factory.setBootstrapServers(bootstrapServers);
        try (MilenaConnection connection = ((MilenaConnectionFactory) factory.createConnectionFactory(new OneConnectionPool())).getConnection()) {
            return connection.send(topic, "v").offset();
        }
    }

    @Test
    void aFactoryAndABeanThatNameNoBrokerGetTheServers() throws Exception {
        System.setProperty("milena.connector.bootstrap.servers", broker.bootstrap());
        System.setProperty("milena.connector.server.name", "shop-1");
        List<String> seen = new CopyOnWriteArrayList<>();
        try (InboundFixture server = new InboundFixture(broker, new RecordActivationSpec(), "far")) {
            InboundFixture.topic(broker, "far", 1);
            server.spec.setBootstrapServers(null);
            server.spec.setResourceManager(null);
            server.spec.setGroupInstanceId("far-{server}");
            server.deploy((RecordListener<String, String>) record -> seen.add(record.value()), true);
            assertThat(send(server.adapter, null, "far")).isZero();
            InboundFixture.await(() -> seen.equals(List.of("v")));
            assertThat(server.spec.config().resourceManager()).isEqualTo("shop-1");
            assertThat(server.spec.config().consumer().groupInstanceId()).isEqualTo("far-shop-1");
        }
    }

    @Test
    void whoNamesABrokerGetsThatOne() throws Exception {
        System.setProperty("milena.connector.bootstrap.servers", "127.0.0.1:1");
        MilenaResourceAdapter adapter = new MilenaResourceAdapter();
        adapter.start(new PlainThreads());
        try {
            assertThat(send(adapter, broker.bootstrap(), "named")).isZero();
        } finally {
            adapter.stop();
        }
    }

    @Test
    void whatTheServerSaysWronglyIsToldByItsName() {
        MilenaResourceAdapter adapter = new MilenaResourceAdapter();
        adapter.start(new PlainThreads());
        Map<String, String> wrong = Map.of("milena.connector.bootstrap.servers: \"nowhere\" is not host:port", "milena.connector.bootstrap.servers=nowhere",
                "milena.connector.server.name must be of at most 200 characters without #, not \"a#b\"", "milena.connector.server.name=a#b");
        try {
            wrong.forEach((message, setting) -> {
                unset();
                System.setProperty(setting.split("=")[0], setting.split("=")[1]);
                MilenaManagedConnectionFactory factory = new MilenaManagedConnectionFactory();
                factory.setResourceAdapter(adapter);
                assertThatThrownBy(() -> factory.createManagedConnection(null, null)).isInstanceOf(InvalidPropertyException.class).hasMessage(message);
                RecordActivationSpec spec = new RecordActivationSpec();
                spec.setGroupId("g");
                spec.setTopics("t");
                assertThatThrownBy(spec::validate).isInstanceOf(InvalidPropertyException.class).hasMessage(message);
            });
        } finally {
            adapter.stop();
        }
    }
}
