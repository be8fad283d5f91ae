package org.milena.tests.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.arquillian.container.test.api.Deployer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jboss.arquillian.test.api.ArquillianResource;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.importer.ZipImporter;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.jboss.shrinkwrap.api.spec.JavaArchive;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** An application of its own beside the broker's EAR, as both are shipped: the resource adapter, which brings its API, is a module of the application's EAR. */
@ArquillianTest
@RunAsClient
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ApplicationIT {

    private static final int KAFKA_PORT = Integer.parseInt(System.getProperty("milena.test.bootstrap").split(":")[1]);
    private static final String URL = System.getProperty("milena.test.url");
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @ArquillianResource
    private Deployer deployer;

    @Deployment(name = "broker", managed = false, testable = false)
    static EnterpriseArchive broker() {
        return ShrinkWrap.create(ZipImporter.class, "milena.ear").importFrom(new File(System.getProperty("milena.test.ear"))).as(EnterpriseArchive.class);
    }

    @Deployment(name = "orders", managed = false, testable = false)
    static EnterpriseArchive orders() {
        return ShrinkWrap.create(EnterpriseArchive.class, "orders.ear")
                .addAsModule(new File(System.getProperty("milena.test.rar")), "milena-connector.rar")
                .addAsModule(ShrinkWrap.create(JavaArchive.class, "orders-ejb.jar").addClass(Orders.class))
                .addAsModule(ShrinkWrap.create(WebArchive.class, "orders.war").addClass(OrdersServlet.class));
    }

    private static HttpResponse<String> send(String by, String topic, String value, String count) throws IOException, InterruptedException {
        URI uri = URI.create(URL + "/orders/send?by=" + by + "&topic=" + topic + "&value=" + value + "&count=" + count);
        return HTTP.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Established TCP connections to the broker's port, of whichever process. */
    private static List<String> connectionsToTheBroker() throws IOException {
        String port = String.format(":%04X", KAFKA_PORT);
        List<String> found = new ArrayList<>();
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            for (String line : Files.readAllLines(Path.of(table))) {
                String[] fields = line.trim().split("\\s+");
                if (fields.length > 3 && fields[2].endsWith(port) && fields[3].equals("01")) {
                    found.add(line);
                }
            }
        }
        return found;
    }

    @Test
    @Order(1)
    void theApplicationMayBeThereBeforeTheBrokerAndIsToldSo() throws Exception {
        deployer.deploy("orders");
        HttpResponse<String> answer = send("vm", "orders", "v", "1");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
        assertThat(answer.body()).contains("No Milena runs in this server").contains("deploy milena.ear, or set bootstrapServers");
    }

    @Test
    @Order(2)
    void itSendsWithinItsTransactionsToTheBrokerInTheSameServerWithoutASocket() throws Exception {
        deployer.deploy("broker");
        HttpResponse<String> one = send("vm", "orders", "a", "1");
        assertThat(one.statusCode()).as(one.body()).isEqualTo(200);
        assertThat(one.body().strip()).matches("orders-0@\\d+");
        HttpResponse<String> rolledBack = send("vm", "orders", "never", "3&rollback");
        assertThat(rolledBack.body().lines()).as(rolledBack.body()).hasSize(3);
        HttpResponse<String> many = send("vm", "orders", "b", "100");
        assertThat(many.body().lines()).hasSize(100);
        assertThat(connectionsToTheBroker()).isEmpty();
    }

    @Test
    @Order(3)
    void itSendsByASocketWhereItIsConfiguredSo() throws Exception {
        HttpResponse<String> answer = send("socket", "orders", "c", "2");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(connectionsToTheBroker()).isNotEmpty();
    }

    @Test
    @Order(4)
    void whatWasCommittedIsThereInOrderForKafkasConsumer() {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", "127.0.0.1:" + KAFKA_PORT,
                "isolation.level", "read_committed"),
                new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition("orders", 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (consumer.position(partition) < end && System.nanoTime() < deadline) {
                consumer.poll(Duration.ofMillis(200)).forEach(r -> values.add(r.key() + "=" + r.value() + new String(r.headers().lastHeader("from").value())));
            }
        }
        List<String> expected = new ArrayList<>(List.of("k=a0orders"));
        for (int i = 0; i < 100; i++) {
            expected.add("k=b" + i + "orders");
        }
        expected.addAll(List.of("k=c0orders", "k=c1orders"));
        assertThat(values).endsWith(expected.toArray(String[]::new));
    }

    @Test
    @Order(5)
    void withoutTheBrokerSendsFailWithTheReasonAndWithANewOneTheyGoOn() throws Exception {
        deployer.undeploy("broker");
        for (String by : List.of("vm", "socket")) {
            HttpResponse<String> answer = send(by, "orders", "lost", "1");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
            assertThat(answer.body()).contains(by.equals("vm") ? "No Milena runs in this server" : "can't be reached");
        }
        deployer.deploy("broker");
        for (String by : List.of("vm", "socket")) {
            HttpResponse<String> answer = send(by, "orders", "d", "1");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    @Test
    @Order(6)
    void theApplicationMayGoAndComeBack() throws Exception {
        deployer.undeploy("orders");
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!connectionsToTheBroker().isEmpty()) {
            assertThat(System.nanoTime()).as(connectionsToTheBroker().toString()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        deployer.deploy("orders");
        assertThat(send("vm", "orders", "e", "1").statusCode()).isEqualTo(200);
        deployer.undeploy("orders");
        deployer.undeploy("broker");
    }
}
