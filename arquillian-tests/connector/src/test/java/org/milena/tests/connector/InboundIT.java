package org.milena.tests.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.h2.jdbcx.JdbcDataSource;
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

/** Message-driven beans of an application beside the broker's EAR: what they take, what they write and what they send on agree. */
@ArquillianTest
@RunAsClient
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InboundIT {

    private static final String BOOTSTRAP = System.getProperty("milena.test.bootstrap");
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

    @ArquillianResource
    private Deployer deployer;

    @Deployment(name = "broker", managed = false, testable = false)
    static EnterpriseArchive broker() {
        return ShrinkWrap.create(ZipImporter.class, "milena.ear").importFrom(new File(System.getProperty("milena.test.ear"))).as(EnterpriseArchive.class);
    }

    @Deployment(name = "inbound", managed = false, testable = false)
    static EnterpriseArchive inbound() throws Exception {
        return ShrinkWrap.create(EnterpriseArchive.class, "inbound.ear")
                .addAsModule(new File(System.getProperty("milena.test.rar")), "milena-connector.rar")
                .addAsModule(ShrinkWrap.create(JavaArchive.class, "inbound-ejb.jar").addClasses(org.milena.tests.connector.Order.class, OrderBean.class,
                        OrderBatchBean.class, OrderRows.class))
                .addAsModule(ShrinkWrap.create(WebArchive.class, "inbound.war").addClass(OrderRowsServlet.class))
                .addAsLibrary(Path.of(JdbcDataSource.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toFile(), "h2.jar");
    }

    private static List<String> rows() throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(System.getProperty("milena.test.url") + "/inbound/rows")).timeout(Duration.ofSeconds(30)).build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body().lines().toList();
    }

    /** Waits until so many are there, and both groups are at the end, so that none comes on top. */
    private static List<String> awaitRows(int count) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (rows().size() < count || !atTheEnd("order-bean") || !atTheEnd("order-batch-bean")) {
            assertThat(System.nanoTime()).as("%s of %s rows", rows().size(), count).isLessThan(deadline);
        }
        return rows();
    }

    private static boolean atTheEnd(String group) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP)); KafkaConsumer<String, String> consumer = consumer()) {
            Set<TopicPartition> partitions = Set.of(new TopicPartition("orders-in", 0), new TopicPartition("orders-in", 1));
            Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            return partitions.stream().allMatch(p -> committed.get(p) != null && committed.get(p).offset() == ends.get(p));
        }
    }

    private static KafkaConsumer<String, String> consumer() {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", BOOTSTRAP, "isolation.level", "read_committed"), new StringDeserializer(), new StringDeserializer());
    }

    private static List<ConsumerRecord<String, String>> read(String topic) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = consumer()) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream().map(p -> new TopicPartition(topic, p.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                consumer.poll(Duration.ofMillis(200)).forEach(all::add);
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
        }
        return all;
    }

    private static void send(String codec, int partition, List<String> values) {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", BOOTSTRAP, "compression.type", codec, "linger.ms", "20"),
                new StringSerializer(), new StringSerializer())) {
            values.forEach(value -> producer.send(new ProducerRecord<>("orders-in", partition, "k", value)));
        }
    }

    private static String order(String id, boolean poison) {
        return "{\"id\":\"" + id + "\",\"poison\":" + poison + "}";
    }

    @Test
    @Order(1)
    void theBeansMayBeThereBeforeTheBroker() throws Exception {
        deployer.deploy("inbound");
        assertThat(rows()).isEmpty();
        deployer.deploy("broker");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
            admin.createTopics(List.of(new NewTopic("orders-in", 2, (short) 1))).all().get();
        }
    }

    @Test
    @Order(2)
    void rowsAndRecordsAgreeWithWhatWasSentAndBadRecordsArePutAside() throws Exception {
        List<String> expected = new ArrayList<>();
        for (int c = 0; c < CODECS.size(); c++) {
            String codec = CODECS.get(c);
            List<String> ids = IntStream.range(0, 40).mapToObj(i -> codec + i).toList();
            send(codec, c % 2, ids.stream().map(id -> order(id, false)).toList());
            expected.addAll(ids);
        }
        send("none", 0, List.of(order("bad", true), "this is no JSON", order("after", false)));
        expected.add("after");
        List<String> rows = new ArrayList<>(awaitRows(expected.size() * 2));
        assertThat(rows).containsExactlyInAnyOrderElementsOf(expected.stream().flatMap(id -> List.of("single:" + id, "batch:" + id).stream()).toList());
        assertThat(read("orders-out")).extracting(ConsumerRecord::value).containsExactlyInAnyOrderElementsOf(expected);
    }

    /** One prepare for both, in place of two. What a delivery that failed has sent, was rolled back before there was an offset. */
    @Test
    @Order(3)
    void whatTheBeanSentIsInTheBranchOfItsOffset() throws Exception {
        Set<String> sent = branches("orders-out", true);
        assertThat(sent).hasSizeGreaterThan(100); // each record in a transaction of its own
        assertThat(branches("__consumer_offsets", false)).containsAll(sent);
    }

    /** Producer id and epoch of transactions with records in the topic, by its files; of all, or of those that are committed. */
    private static Set<String> branches(String topic, boolean committed) throws IOException {
        Set<String> branches = new HashSet<>();
        try (Stream<Path> files = Files.walk(Path.of(System.getProperty("milena.test.data")))) {
            for (Path file : files.filter(f -> f.getParent().getFileName().toString().matches(topic + "-\\d+") && f.toString().endsWith(".log")).toList()) {
                Map<Long, String> open = new HashMap<>();
                try (FileRecords records = FileRecords.open(file.toFile(), false)) {
                    for (RecordBatch batch : records.batches()) {
                        if (batch.isControlBatch()) {
                            String ended = open.remove(batch.producerId());
                            if (ControlRecordType.parse(batch.iterator().next().key()) == ControlRecordType.COMMIT && ended != null) {
                                branches.add(ended);
                            }
                        } else if (batch.isTransactional()) {
                            open.put(batch.producerId(), batch.producerId() + "/" + batch.producerEpoch());
                        }
                        branches.addAll(committed ? Set.of() : open.values());
                    }
                }
            }
        }
        return branches;
    }

    @Test
    @Order(4)
    void theDeadLettersTellTheirStory() {
        for (String topic : List.of("orders-in.DLT", "orders-in.batch.DLT")) {
            List<ConsumerRecord<String, String>> letters = read(topic);
            assertThat(letters).extracting(ConsumerRecord::value).containsExactlyInAnyOrder(order("bad", true), "this is no JSON");
            for (ConsumerRecord<String, String> letter : letters) {
                boolean bad = letter.value().startsWith("{");
                assertThat(header(letter, "milena.dead-letter.topic")).isEqualTo("orders-in");
                assertThat(header(letter, "milena.dead-letter.partition")).isEqualTo("0");
                assertThat(header(letter, "milena.dead-letter.attempts")).isEqualTo(bad ? "3" : "0");
                if (bad) {
                    assertThat(header(letter, "milena.dead-letter.cause")).isEqualTo("java.lang.IllegalStateException");
                    assertThat(header(letter, "milena.dead-letter.cause.message")).contains("order bad is bad");
                }
            }
        }
    }

    private static String header(ConsumerRecord<String, String> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    @Test
    @Order(5)
    void aRedeployedApplicationGoesOnWhereItStopped() throws Exception {
        deployer.undeploy("inbound");
        send("zstd", 1, List.of(order("later", false)));
        deployer.deploy("inbound");
        assertThat(awaitRows(2)).contains("single:later", "batch:later").doesNotHaveDuplicates();
        assertThat(read("orders-out")).extracting(ConsumerRecord::value).contains("later").doesNotHaveDuplicates();
    }

    @Test
    @Order(6)
    void theBrokerMayGoAndComeBack() throws Exception {
        int before = rows().size();
        deployer.undeploy("broker");
        deployer.deploy("broker");
        send("lz4", 0, List.of(order("latest", false)));
        assertThat(awaitRows(before + 2)).hasSize(before + 2).contains("single:latest", "batch:latest").doesNotHaveDuplicates();
        deployer.undeploy("inbound");
        deployer.undeploy("broker");
    }
}
