package org.milena.tests.orders;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.exporter.ZipExporter;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.milena.broker.faults.ForkedBroker;
import org.milena.tests.connector.Sender;
import org.milena.tests.connector.SenderServlet;

/**
 * The sample, the very same file, on a server without Milena: that is elsewhere, in a process of its own, which the server's configuration names. The
 * application's server and the broker are killed each for itself. Beside the sample the stand-alone resource adapter serves an application that
 * brings none.
 */
class RemoteMilenaIT extends OrderService {

    private static final boolean WILDFLY = System.getProperty("milena.test.server").equals("wildfly");
    /** In the server's configuration. */
    private static final String FACTORY = WILDFLY ? "java:/milena/remote" : "milena/remote";

    private static ForkedBroker broker;

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(WILDFLY || Boolean.getBoolean("milena.long") && System.getProperty("remote.payara") != null,
                "on Payara it has not succeeded yet: -Plong -Dremote.payara tries");
        broker = new ForkedBroker(directory.resolve("broker"), List.of("-Xmx512m"), Map.of()).start();
        String bootstrap = "127.0.0.1:" + broker.port();
        install(Database.h2(), new Server.Remote(bootstrap, Path.of(System.getProperty("milena.test.rar")), script(bootstrap), application()));
    }

    @AfterAll
    static void stopBroker() throws Exception {
        if (broker != null) {
            stop();
            broker.close();
        }
    }

    /** As docs/connector.md has it. */
    private static Path script(String bootstrap) throws Exception {
        String ra = "/subsystem=resource-adapters/resource-adapter=milena";
        String pool = ra + "/connection-definitions=remote";
        return Files.writeString(directory.resolve("remote.script"), WILDFLY ? """
                batch
                %s:add(archive="milena-connector.rar", transaction-support=XATransaction)
                %s:add(class-name="org.milena.connector.ra.MilenaManagedConnectionFactory", jndi-name="%s")
                %s/config-properties=bootstrapServers:add(value="%s")
                %s/config-properties=deliveryTimeoutMs:add(value=3000)
                run-batch
                """.formatted(ra, pool, FACTORY, pool, bootstrap, pool) : """
                create-connector-connection-pool --raname milena-connector --connectiondefinition org.milena.connector.MilenaConnectionFactory \
                --transactionsupport XATransaction --property 'bootstrapServers=%s:deliveryTimeoutMs=3000' milena-remote
                create-connector-resource --poolname milena-remote %s
                """.formatted(bootstrap.replace(":", "\\:"), FACTORY));
    }

    /** Its connector, and the API, are those that the server has. */
    private static Path application() {
        Path war = directory.resolve("remote.war");
        ShrinkWrap.create(WebArchive.class, "remote.war").addClasses(Sender.class, SenderServlet.class)
                .setManifest(new StringAsset("Dependencies: deployment.milena-connector.rar\n"))
                .as(ZipExporter.class).exportTo(war.toFile(), true);
        return war;
    }

    private static HttpResponse<String> send(String value) throws Exception {
        return server.get("/remote/send?topic=notes&value=" + value + "&factory=" + FACTORY);
    }

    private static List<String> notes() {
        return topics.read("notes").stream().map(record -> record.value()).toList();
    }

    @Override
    int inDoubt() {
        return 0;
    }

    @Override
    int manyKills() {
        return 30;
    }

    @Test
    @Order(5)
    void theStandAloneResourceAdapterServesAnApplicationThatBringsNone() throws Exception {
        HttpResponse<String> answer = send("first");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(notes()).containsExactly("first");
        assertThat(server.get("/remote/send?rollback&topic=notes&value=never&factory=" + FACTORY).statusCode()).isEqualTo(200);
        assertThat(send("second").statusCode()).isEqualTo(200);
        server.await("the marker of what was rolled back", topics::nothingIsOpen);
        assertThat(notes()).containsExactly("first", "second");
    }

    /** While orders come in. Beans are told what is missing, and are served again when it is there; nothing is lost, and nothing done twice. */
    @Test
    @Order(6)
    void orderRowAndShipmentAgreeAfterTheBrokerWasKilled() throws Exception {
        Random random = random();
        int kills = Integer.getInteger("kills", Boolean.getBoolean("milena.long") ? 20 : 1);
        for (int kill = 0; kill < kills; kill++) {
            int at = topics.shipped().size() + random.nextInt(100);
            send("outage" + kill + "-", "book", 150);
            server.await(at + " shipments", () -> topics.shipped().size() > at);
            broker.kill();
            HttpResponse<String> refused = send("lost" + kill);
            assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
            assertThat(refused.body()).contains("127.0.0.1:" + broker.port(), "can't be reached: Connection refused", "within 3000 ms");
            assertThat(server.orders().statusCode()).isEqualTo(200);
            broker.start().awaitServing();
            topics.flush();
            assertExactlyOnce();
            String note = "after" + kill;
            server.await("a bean that sends again", () -> send(note).statusCode() == 200);
            assertThat(notes()).endsWith(note).doesNotContain("lost" + kill);
        }
    }
}
