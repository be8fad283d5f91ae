package org.milena.tests.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.importer.ZipImporter;
import org.jboss.shrinkwrap.api.spec.ResourceAdapterArchive;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.testing.KafkaPeer;

/** Apache Kafka in Milena's place: the connector works with the transactions that Kafka has, and refuses those that it has not. The adapter stands alone. */
@ArquillianTest
@RunAsClient
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ApacheKafkaIT {

    private static final int PORT = Integer.getInteger("milena.test.sample.ports") + 60;
    private static final String BOOTSTRAP = "127.0.0.1:" + PORT;
    private static final TopicPartition TOPIC = new TopicPartition("notes", 0);

    @TempDir
    static Path directory;

    private static KafkaPeer kafka;

    @ArquillianResource
    private Deployer deployer;

    @Deployment(name = "connector", managed = false, testable = false)
    static ResourceAdapterArchive connector() {
        return ShrinkWrap.create(ZipImporter.class, "milena-connector.rar").importFrom(new File(System.getProperty("milena.test.rar")))
                .as(ResourceAdapterArchive.class);
    }

    /** Connection factories of each kind, and a message-driven bean without a transaction. */
    @Deployment(name = "kafka", managed = false, testable = false)
    static WebArchive application() {
        StringBuilder factories = new StringBuilder();
        for (String support : List.of("NoTransaction", "LocalTransaction", "XATransaction")) {
            factories.append("""
                <connection-factory>
                    <name>java:app/kafka/%1$s</name>
                    <interface-name>org.milena.connector.MilenaConnectionFactory</interface-name>
                    <resource-adapter>milena-connector</resource-adapter>
                    <min-pool-size>0</min-pool-size>
                    <transaction-support>%1$s</transaction-support>
                    <property><name>bootstrapServers</name><value>%2$s</value></property>
                    <property><name>deliveryTimeoutMs</name><value>20000</value></property>
                </connection-factory>
                """.formatted(support, BOOTSTRAP));
        }
        return archive("kafka.war", "NotSupported").setWebXML(new StringAsset("""
                <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0">%s</web-app>
                """.formatted(factories)));
    }

    /** The same bean with a transaction. */
    @Deployment(name = "refused", managed = false, testable = false)
    static WebArchive transacted() {
        return archive("refused.war", "Required");
    }

    private static WebArchive archive(String name, String transaction) {
        return ShrinkWrap.create(WebArchive.class, name).addClasses(Sender.class, SenderServlet.class, Forwarder.class)
                .setManifest(new StringAsset("Dependencies: deployment.milena-connector.rar\n"))
                .addAsWebInfResource(new StringAsset("""
                <ejb-jar xmlns="https://jakarta.ee/xml/ns/jakartaee" version="4.0">
                    <enterprise-beans>
                        <message-driven>
                            <ejb-name>Forwarder</ejb-name>
                            <activation-config>
                                <activation-config-property>
                                    <activation-config-property-name>bootstrapServers</activation-config-property-name>
                                    <activation-config-property-value>%s</activation-config-property-value>
                                </activation-config-property>
                            </activation-config>
                        </message-driven>
                    </enterprise-beans>
                    <assembly-descriptor>
                        <container-transaction>
                            <method><ejb-name>Forwarder</ejb-name><method-name>*</method-name></method>
                            <trans-attribute>%s</trans-attribute>
                        </container-transaction>
                    </assembly-descriptor>
                </ejb-jar>
                """.formatted(BOOTSTRAP, transaction)), "ejb-jar.xml");
    }

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(System.getProperty("milena.test.server").equals("wildfly"), "on WildFly only: what Kafka can do does not depend on the server");
        kafka = new KafkaPeer(directory.resolve("kafka"), PORT);
        kafka.start();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP, "default.api.timeout.ms", 90_000))) {
            admin.createTopics(List.of(new NewTopic(TOPIC.topic(), 1, (short) 1), new NewTopic("forwarder-in", 1, (short) 1),
                    new NewTopic("forwarder-out", 1, (short) 1))).all().get(90, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("Kafka did not come up: " + Files.readString(kafka.output()), e);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        if (kafka != null) {
            kafka.close();
        }
    }

    private static HttpResponse<String> send(String support, String value, boolean rollback) throws IOException, InterruptedException {
        URI uri = URI.create(System.getProperty("milena.test.url") + "/kafka/send?topic=" + TOPIC.topic() + "&value=" + value + (rollback ? "&rollback" : "")
                + "&factory=" + URLEncoder.encode("java:app/kafka/" + support, StandardCharsets.UTF_8));
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private static void assertSent(String support, String value, boolean rollback) throws Exception {
        HttpResponse<String> answer = send(support, value, rollback);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).matches(TOPIC + "@\\d+");
    }

    /** Values of a partition from its beginning, until there are so many. */
    private static List<String> read(TopicPartition partition, String isolation, int count) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", BOOTSTRAP, "isolation.level", isolation),
                new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (values.size() < count || consumer.position(partition) < consumer.endOffsets(List.of(partition)).get(partition)) {
                assertThat(System.nanoTime()).as("%s of %s", values, count).isLessThan(deadline);
                consumer.poll(Duration.ofMillis(100)).forEach(record -> values.add(record.value()));
            }
        }
        return values;
    }

    @Test
    @Order(1)
    void withoutTransactionsASendIsDoneWhateverBecomesOfTheBeansTransaction() throws Exception {
        deployer.deploy("connector");
        deployer.deploy("kafka");
        assertSent("NoTransaction", "a", false);
        assertSent("NoTransaction", "b", true);
        assertThat(read(TOPIC, "read_committed", 2)).containsExactly("a", "b");
    }

    @Test
    @Order(2)
    void inALocalTransactionASendIsCommittedAndRolledBackWithTheBeans() throws Exception {
        assertSent("LocalTransaction", "c", false);
        assertSent("LocalTransaction", "never", true);
        assertSent("LocalTransaction", "d", false);
        assertThat(read(TOPIC, "read_committed", 4)).containsExactly("a", "b", "c", "d");
        assertThat(read(TOPIC, "read_uncommitted", 5)).containsExactly("a", "b", "c", "never", "d");
    }

    /** The bean is told, when it asks for a connection; and docs/connector.md tells the same. */
    @Test
    @Order(3)
    void xaIsRefusedAndTheBeanIsToldWhatToDo() throws Exception {
        HttpResponse<String> answer = send("XATransaction", "x", false);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
        assertThat(answer.body()).contains(BOOTSTRAP + " " + documented("takes no part in XA transactions: it has no durable prepare. That needs Milena;"
                + " with Apache Kafka use LocalTransaction or NoTransaction as the connection factory's transaction support"));
        assertThat(read(TOPIC, "read_uncommitted", 5)).doesNotContain("x");
    }

    private static String documented(String message) throws IOException {
        Path docs = Path.of(System.getProperty("milena.test.sample"), "../../docs/connector.md");
        assertThat(Files.readString(docs).replaceAll("\\s+", " ")).contains(message);
        return message;
    }

    @Test
    @Order(4)
    void aBeanWithoutATransactionIsFed() throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", BOOTSTRAP), new StringSerializer(), new StringSerializer())) {
            for (String value : List.of("one", "two", "three")) {
                producer.send(new ProducerRecord<>("forwarder-in", value)).get();
            }
        }
        assertThat(read(new TopicPartition("forwarder-out", 0), "read_committed", 3)).containsExactly("one", "two", "three");
    }

    @Test
    @Order(5)
    void aBeanWithATransactionIsRefusedWhenItIsDeployed() throws Exception {
        String message = documented("A bean whose method has @TransactionAttribute(NOT_SUPPORTED) can consume from there");
        assertThatThrownBy(() -> deployer.deploy("refused")).hasStackTraceContaining("Group forwarder: ").hasStackTraceContaining(message);
        deployer.undeploy("kafka");
        deployer.undeploy("connector");
    }
}
