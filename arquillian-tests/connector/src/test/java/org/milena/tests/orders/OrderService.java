package org.milena.tests.orders;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The sample as its users see it: orders go in by a Kafka client, and each is a row of its database and a record in {@code shipments}, once, whatever
 * becomes of the server meanwhile. Sub-classes say which database.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class OrderService {

    private static final Pattern ROW = Pattern.compile("\\{[^{}]*}");
    private static final int LOAD = 200;
    /** For one halt. */
    private static final int ORDERS = 40;

    @TempDir
    static Path directory;

    static Server server;
    static Topics topics;
    /** What must be in the database and in shipments: all that was sent and is valid. */
    private static final List<String> EXPECTED = new ArrayList<>();
    /** What must be among the dead letters. */
    private static final List<String> REFUSED = new ArrayList<>();

    static void install(Database database) throws Exception {
        install(database, null);
    }

    /** @param remote null: Milena is beside the sample */
    static void install(Database database, Server.Remote remote) throws Exception {
        EXPECTED.clear();
        REFUSED.clear();
        server = Server.in(directory, database, remote);
        server.install();
        topics = new Topics(server.bootstrap());
        topics.create("orders", "orders.DLT", "shipments");
    }

    @AfterAll
    static void stop() throws Exception {
        if (topics != null) {
            topics.close();
            topics = null;
        }
        if (server != null) {
            server.close();
            server = null;
        }
    }

    /** Branches that the database holds open, as it tells. */
    abstract int inDoubt() throws Exception;

    private static String order(String id, String article, int quantity) {
        return "{\"id\":\"" + id + "\",\"article\":\"" + article + "\",\"quantity\":" + quantity + "}";
    }

    static List<String> send(String prefix, String article, int count) {
        List<String> ids = IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
        ids.forEach(id -> topics.send("orders", id, order(id, article, 1)));
        EXPECTED.addAll(ids);
        return ids;
    }

    private static void sendRefused(String id) {
        topics.send("orders", id, order(id, "book", 0));
        REFUSED.add(id);
    }

    /** How often each order had to be delivered, by its id. */
    private static Map<String, Integer> rows() throws Exception {
        HttpResponse<String> answer = server.orders();
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        Map<String, Integer> rows = new HashMap<>();
        for (Matcher row = ROW.matcher(answer.body()); row.find();) {
            Integer before = rows.put(row.group().replaceAll(".*\"id\":\"([^\"]*)\".*", "$1"), Integer.valueOf(row.group().replaceAll(".*\"deliveries\":(\\d+).*", "$1")));
            assertThat(before).as(row.group()).isNull();
        }
        return rows;
    }

    /** Everything that was sent has come out at both ends, once; and nobody holds anything open. */
    final void assertExactlyOnce() throws Exception {
        server.await("the shipment of all orders", () -> topics.shipped().containsAll(EXPECTED));
        server.await("all dead letters", () -> keys("orders.DLT").containsAll(REFUSED));
        server.await("the group's offsets at the end of the orders", () -> topics.isConsumed("order-service", "orders"));
        server.await("the end of all transactions", () -> topics.nothingIsOpen() && inDoubt() == 0);
        assertThat(keys("shipments")).containsExactlyInAnyOrderElementsOf(EXPECTED);
        assertThat(keys("orders.DLT")).containsExactlyInAnyOrderElementsOf(REFUSED);
        assertThat(rows()).containsOnlyKeys(EXPECTED);
    }

    private static List<String> keys(String topic) {
        return topics.read(topic).stream().map(ConsumerRecord::key).toList();
    }

    @Test
    @Order(1)
    void anOrderIsARowAndAShipment() throws Exception {
        send("first", "book", 50);
        topics.flush();
        assertExactlyOnce();
        assertThat(topics.read("shipments")).extracting(ConsumerRecord::value).contains("{\"article\":\"book\",\"order\":\"first7\",\"quantity\":1}");
    }

    @Test
    @Order(2)
    void oneThatFailsOnceComesAgain() throws Exception {
        send("again", "rarity", 1);
        topics.flush();
        assertExactlyOnce();
        assertThat(rows()).containsEntry("again0", 2);
    }

    @Test
    @Order(3)
    void oneThatCanNotBeTakenIsPutAside() throws Exception {
        sendRefused("nothing");
        topics.flush();
        assertExactlyOnce();
        assertThat(topics.read("orders.DLT")).singleElement().satisfies(letter -> {
            assertThat(letter.value()).isEqualTo(order("nothing", "book", 0));
            assertThat(header(letter, "milena.dead-letter.attempts")).isEqualTo("4");
            assertThat(header(letter, "milena.dead-letter.cause.message")).contains("order nothing: quantity 0");
        });
    }

    private static String header(ConsumerRecord<String, String> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    static Random random() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        return new Random(seed);
    }

    /** With -Plong, on WildFly; a tenth of it on Payara. */
    int manyKills() {
        return 100;
    }

    private int kills() {
        boolean wildFly = System.getProperty("milena.test.server").equals("wildfly");
        int many = wildFly ? manyKills() : manyKills() / 10;
        int few = wildFly ? 2 : 0;
        return Integer.getInteger("kills", Boolean.getBoolean("milena.long") ? many : few);
    }

    /** Milena, the sample, the transaction manager and, if it is H2, the database die at once, while orders come in. */
    @Test
    @Order(4)
    void orderRowAndShipmentAgreeAfterTheServerWasKilled() throws Exception {
        int kills = kills();
        Assumptions.assumeTrue(kills > 0, "Payara takes long to start: it is killed with -Plong, or -Dkills=1");
        Random random = random();
        for (int kill = 0; kill < kills; kill++) {
            int before = topics.shipped().size();
            int at = before + random.nextInt(LOAD - 50);
            send("kill" + kill + "-", "book", LOAD);
            server.await(at + " shipments", () -> topics.shipped().size() > at);
            server.kill();
            server.start();
            if (kill % 10 == 9 || kill == kills - 1) { // else the next comes while this one is being recovered
                topics.flush();
                assertExactlyOnce();
            }
        }
    }

    /** The same at a point that was chosen. What has been decided is carried out, what has not comes again, and nobody remembers anything of either. */
    final void haltAt(Point point) throws Exception {
        String id = point + "-";
        int visit = 1 + random().nextInt(point.visits(ORDERS / 2));
        System.out.println("halted when " + point + " is reached for time " + visit);
        List<Path> before = server.decisions();
        server.haltAt(point, visit, () -> {
            send(id + "a", "book", ORDERS / 2);
            sendRefused(id + "refused");
            send(id + "b", "book", ORDERS / 2);
        });
        server.start();
        topics.flush();
        assertExactlyOnce();
        server.await("the transaction manager's end with its decisions", () -> before.containsAll(server.decisions()));
    }
}
