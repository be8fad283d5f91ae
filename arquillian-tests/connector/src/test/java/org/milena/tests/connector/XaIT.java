package org.milena.tests.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A topic and a database in one JTA transaction, in an application beside the broker: both or neither, also when the server is halted at whatever
 * point of the protocol.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class XaIT {

    private static final TopicPartition PARTITION = new TopicPartition(Accounts.TOPIC, 0);

    @TempDir
    static Path directory;

    private static XaServer server;

    @BeforeAll
    static void start() throws Exception {
        server = XaServer.in(directory);
        server.install();
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    static Stream<Arguments> points() {
        Stream<Arguments> few = Stream.of(Arguments.of("prepare", 2, "topic"), Arguments.of("commit", 1, "database"));
        return !Boolean.getBoolean("milena.long") ? few : Stream.concat(few, Stream.of(Arguments.of("prepare", 0, "topic"), Arguments.of("prepare", 1, "topic"),
                Arguments.of("prepare", 1, "database"), Arguments.of("commit", 0, "topic"), Arguments.of("commit", 1, "topic"), Arguments.of("commit", 2, "topic")));
    }

    static Stream<Arguments> pointsOfADelivery() {
        Stream<Arguments> few = Stream.of(Arguments.of("commit", 0, "topic"));
        return !Boolean.getBoolean("milena.long") ? few : Stream.concat(few, Stream.of(Arguments.of("prepare", 0, "topic"), Arguments.of("prepare", 2, "topic"),
                Arguments.of("commit", 1, "topic"), Arguments.of("commit", 1, "database"), Arguments.of("commit", 2, "topic")));
    }

    private static List<String> read(boolean committed) {
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", "127.0.0.1:" + server.kafkaPort(),
                "isolation.level", committed ? "read_committed" : "read_uncommitted"), new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(PARTITION));
            consumer.seekToBeginning(List.of(PARTITION));
            long end = consumer.endOffsets(List.of(PARTITION)).get(PARTITION);
            while (consumer.position(PARTITION) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(r -> values.add(r.value()));
            }
        }
        return values;
    }

    private static List<String> rows() throws IOException, InterruptedException {
        HttpResponse<String> answer = server.call("rows");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body().lines().toList();
    }

    /** Nothing is open, prepared, or being ended, and so nothing hides records from those who read committed ones. */
    private static boolean nothingIsOpen() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + server.kafkaPort()))) {
            Collection<TransactionListing> all = admin.listTransactions().all().get();
            return all.stream().allMatch(each -> List.of(TransactionState.EMPTY, TransactionState.COMPLETE_COMMIT, TransactionState.COMPLETE_ABORT)
                    .contains(each.state()));
        }
    }

    private static void assertBoth(String id, boolean there) throws Exception {
        server.await("the end of all transactions", XaIT::nothingIsOpen);
        List<String> rows = rows();
        List<String> records = read(true);
        assertThat(rows.contains(id)).as("row %s of %s", id, rows).isEqualTo(there);
        assertThat(records.stream().filter(id::equals).count()).as("record %s of %s", id, records).isEqualTo(there ? 1 : 0);
        assertThat(new TreeSet<>(records)).as("records are rows").isEqualTo(new TreeSet<>(rows));
    }

    @ParameterizedTest
    @Order(1)
    @CsvSource({"commit, topic", "commit, database", "rollback, topic", "rollback, database", "throw, topic", "throw, database"})
    void bothOrNeither(String end, String first) throws Exception {
        String id = end + "-" + first;
        HttpResponse<String> answer = server.call("id=" + id + "&end=" + end + "&first=" + first);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(end.equals("throw") ? 503 : 200);
        assertBoth(id, end.equals("commit"));
    }

    /** The row can't be committed without its record, even if the bean goes on as if nothing had happened. */
    @Test
    @Order(2)
    void aSendThatFailsRollsTheDatabaseBack() throws Exception {
        server.call("id=refused&end=refused");
        assertBoth("refused", false);
    }

    /**
     * Before the transaction manager has written its log, everything is rolled back; after that, everything is committed. The resource that halts
     * the server is asked before, between or after the other two. All points only with -Plong: servers take long to start.
     */
    @ParameterizedTest
    @Order(3)
    @MethodSource("points")
    void afterTheServerWasHalted(String when, int at, String first) throws Exception {
        String id = "halted-" + when + "-" + at + "-" + first;
        try {
            HttpResponse<String> answer = server.call("id=" + id + "&end=commit&first=" + first + "&halt=" + when + "&at=" + at);
            throw new AssertionError("The server has survived: " + answer.statusCode() + " " + answer.body());
        } catch (IOException noAnswer) {
            server.awaitEnd();
        }
        server.start();
        server.await("recovery of " + id, () -> nothingIsOpen() && rows().contains(id) == when.equals("commit"));
        assertBoth(id, when.equals("commit"));
    }

    /**
     * WildFly's recovery manager lets go of it. Payara's keeps what it has recovered with until the server stops (docs/connector.md). Before it has a
     * message-driven bean: then WildFly's work manager does not let go of it.
     */
    @Test
    @Order(4)
    void theApplicationMayGoAndComeBack() throws Exception {
        String adapter = "org.milena.connector.ra.MilenaResourceAdapter";
        assertThat(server.instances(adapter)).isPositive();
        server.undeployApplication();
        if (System.getProperty("milena.test.server").equals("wildfly")) {
            server.await("the end of the application's class loader", () -> server.instances(adapter) == 0);
        }
        server.deployApplication();
        HttpResponse<String> answer = server.call("id=back&end=commit&first=topic");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(rows()).contains("back");
    }

    private static boolean allIsDelivered() throws Exception {
        TopicPartition bookings = new TopicPartition(Bookings.TOPIC, 0);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + server.kafkaPort()))) {
            OffsetAndMetadata group = admin.listConsumerGroupOffsets(Bookings.TOPIC).partitionsToOffsetAndMetadata().get().get(bookings);
            long end = admin.listOffsets(Map.of(bookings, OffsetSpec.latest())).partitionResult(bookings).get().offset();
            return group != null && group.offset() == end;
        }
    }

    private static void deliver(String booking) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", "127.0.0.1:" + server.kafkaPort()),
                new StringSerializer(), new StringSerializer())) {
            producer.send(new ProducerRecord<>(Bookings.TOPIC, booking)).get();
        }
    }

    /**
     * The same while a message-driven bean is given a record: the group's offset, the first resource, is in it. What was decided is carried out,
     * what was not comes again; and then the transaction manager has nothing left that it could not finish.
     */
    @ParameterizedTest
    @Order(5)
    @MethodSource("pointsOfADelivery")
    void afterTheServerWasHaltedInADelivery(String when, int at, String first) throws Exception {
        String id = "delivered-" + when + "-" + at + "-" + first;
        server.bringBookings();
        deliver(id + "," + first + "," + when + "," + at);
        server.awaitEnd();
        server.start();
        server.await("recovery of " + id, () -> nothingIsOpen() && allIsDelivered() && rows().contains(id));
        assertBoth(id, true);
        server.await("the transaction manager's end with " + server.decisions(), () -> server.decisions().isEmpty());
    }

    @Test
    @Order(6)
    void aRecordWithoutATransactionIsSentAtOnce() throws Exception {
        assertThat(server.call("id=outside&end=outside").statusCode()).isEqualTo(200);
        assertThat(read(true)).endsWith("outside");
        assertThat(rows()).doesNotContain("outside");
    }
}
