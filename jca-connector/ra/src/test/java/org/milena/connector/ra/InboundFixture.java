package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.milena.broker.testing.EmbeddedBroker;

/** A resource adapter that feeds a bean from a broker; the bean is deployed with {@link #deploy}. */
final class InboundFixture implements AutoCloseable {

    /** Sessions are short, so that a death is noticed soon. */
    static final Map<String, String> BROKER = Map.of("group.consumer.min.session.timeout.ms", "500", "group.consumer.session.timeout.ms", "1000",
            "group.consumer.min.heartbeat.interval.ms", "50", "group.consumer.heartbeat.interval.ms", "100", "num.partitions", "1");

    final PlainThreads threads = new PlainThreads();
    final MilenaResourceAdapter adapter = new MilenaResourceAdapter();
    final RecordActivationSpec spec;
    private final EmbeddedBroker broker;
    private FakeEndpoints endpoints;

    InboundFixture(EmbeddedBroker broker, RecordActivationSpec spec, String topic) {
        this.broker = broker;
        this.spec = spec;
        adapter.start(threads);
        spec.setBootstrapServers(broker.bootstrap());
        spec.setGroupId("g-" + topic);
        spec.setTopics(topic);
        spec.setResourceManager("this-server");
        spec.setRetryBackoffMs(10);
        spec.setRedeliveryBackoffMs(20);
        spec.setRedeliveryBackoffMaxMs(100);
    }

    FakeEndpoints deploy(Object bean, boolean transacted) throws Exception {
        return deploy(new FakeEndpoints(bean, transacted));
    }

    FakeEndpoints deploy(FakeEndpoints beans) throws Exception {
        endpoints = beans;
        adapter.endpointActivation(beans, spec);
        return beans;
    }

    void undeploy() {
        adapter.endpointDeactivation(endpoints, spec);
    }

    /** As if the server died: nothing is finished, nothing told to the broker. Threads that are in a bean stay there. */
    void crash() {
        adapter.clients().close();
    }

    @Override
    public void close() {
        undeploy();
        adapter.stop();
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    static void topic(EmbeddedBroker broker, String name, int partitions) throws Exception {
        try (Admin admin = Admin.create(broker.properties())) {
            admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
        }
    }

    static void send(EmbeddedBroker broker, String topic, int partition, String... values) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(broker.properties(), new StringSerializer(), new StringSerializer())) {
            for (String value : values) {
                producer.send(new ProducerRecord<>(topic, partition, "k", value)).get();
            }
        }
    }

    static String[] values(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "v" + i).toArray(String[]::new);
    }

    /** So many records of the topic's first partition, as a {@code read_committed} consumer sees them. */
    static List<ConsumerRecord<String, String>> read(EmbeddedBroker broker, String topic, int count) {
        List<ConsumerRecord<String, String>> all = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(broker.properties("isolation.level", "read_committed"),
                new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (all.size() < count || consumer.position(partition) < consumer.endOffsets(List.of(partition)).get(partition)) {
                consumer.poll(Duration.ofMillis(50)).forEach(all::add);
                assertThat(System.nanoTime()).as("%s of %s records", all.size(), count).isLessThan(deadline);
            }
        }
        assertThat(all).hasSize(count);
        return all;
    }

    static String header(ConsumerRecord<String, String> record, String name) {
        return record.headers().lastHeader(name) == null ? null : new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    /** The group's offset and its metadata, or null. */
    static OffsetAndMetadata committed(EmbeddedBroker broker, String topic, int partition) {
        try (Admin admin = Admin.create(broker.properties())) {
            return admin.listConsumerGroupOffsets("g-" + topic).partitionsToOffsetAndMetadata().get().get(new TopicPartition(topic, partition));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
