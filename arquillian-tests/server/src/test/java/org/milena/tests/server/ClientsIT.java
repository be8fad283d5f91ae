package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.container.test.api.RunAsClient;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.junit.jupiter.api.Test;

/** From outside: a topic is made, written, and read by a group of either protocol that then goes on where it stopped. */
@ArquillianTest
@RunAsClient
class ClientsIT {

    private static final String BOOTSTRAP = System.getProperty("milena.test.bootstrap");
    private static final int HTTP = System.getProperty("milena.test.server").equals("wildfly") ? 8080 + Integer.getInteger("milena.test.http.offset")
            : 80 + Integer.getInteger("milena.test.payara.portbase");

    @Deployment(testable = false)
    static EnterpriseArchive ear() {
        return Ear.asBuilt();
    }

    @Test
    void aClassicGroupReadsAndResumes() throws Exception {
        readsAndResumes("classic", GroupType.CLASSIC);
    }

    @Test
    void aConsumerProtocolGroupReadsAndResumes() throws Exception {
        readsAndResumes("consumer", GroupType.CONSUMER);
    }

    @Test
    void theWebPartsSayHowTheBrokerIs() throws Exception {
        String topic = "counted-" + Uuid.randomUuid();
        new Topics(BOOTSTRAP).create(topic);
        new Topics(BOOTSTRAP).produce(topic, 10);
        for (String part : List.of("", "/ready", "/live", "/started")) {
            HttpResponse<String> health = Web.get(HTTP, "/milena/health" + part);
            assertThat(health.statusCode()).as(health.body()).isEqualTo(200);
            assertThat(health.body()).startsWith("{\"status\":\"UP\"");
        }
        assertThat(Web.get(HTTP, "/milena/health/other").statusCode()).isEqualTo(404);
        assertThat(Web.get(HTTP, "/milena/").body()).contains("Ready.", BOOTSTRAP);
        assertThat(Web.get(HTTP, "/milena/metrics").body()).contains("kafka_server_brokertopicmetrics_messagesin_total{topic=\"" + topic + "\"} 10.0")
                .contains("kafka_server_replicamanager_underreplicatedpartitions 0.0", "kafka_log_log_size{");
    }

    private static void readsAndResumes(String protocol, GroupType type) throws Exception {
        String topic = protocol + "-" + Uuid.randomUuid();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
            admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get(30, TimeUnit.SECONDS);
            produce(topic, 0, 100);
            assertThat(consume(topic, protocol, 100)).containsExactlyInAnyOrderElementsOf(numbers(0, 100));
            assertThat(admin.listGroups().all().get(30, TimeUnit.SECONDS)).anySatisfy(group -> {
                assertThat(group.groupId()).isEqualTo(topic);
                assertThat(group.type()).contains(type);
            });
            Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(topic).partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS);
            assertThat(committed.values().stream().mapToLong(OffsetAndMetadata::offset).sum()).isEqualTo(100);
            produce(topic, 100, 10);
            assertThat(consume(topic, protocol, 10)).containsExactlyInAnyOrderElementsOf(numbers(100, 10));
        }
    }

    private static void produce(String topic, int first, int count) {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", BOOTSTRAP), new StringSerializer(), new StringSerializer())) {
            numbers(first, count).forEach(value -> producer.send(new ProducerRecord<>(topic, value, value)));
        }
    }

    private static List<String> consume(String topic, String protocol, int count) {
        Map<String, Object> config = Map.of("bootstrap.servers", BOOTSTRAP, ConsumerConfig.GROUP_ID_CONFIG, topic,
            ConsumerConfig.GROUP_PROTOCOL_CONFIG, protocol, ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        List<String> values = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(topic));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (values.size() < count && System.nanoTime() < deadline) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    values.add(record.value());
                }
            }
            consumer.commitSync();
        }
        return values;
    }

    private static List<String> numbers(int first, int count) {
        return IntStream.range(first, first + count).mapToObj(String::valueOf).toList();
    }
}
