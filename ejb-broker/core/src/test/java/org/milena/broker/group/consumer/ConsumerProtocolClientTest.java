package org.milena.broker.group.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidRegularExpression;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** The real Java client with {@code group.protocol=consumer} against the whole broker. */
class ConsumerProtocolClientTest {

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @TempDir
    Path data;
    private EmbeddedBroker broker;
    private Admin admin;
    private final List<Consumer<String, String>> open = new ArrayList<>();

    @BeforeEach
    void start() {
        broker = EmbeddedBroker.start(data, new InMemoryMetadataStore(), Map.of("group.consumer.heartbeat.interval.ms", "300",
                "group.consumer.min.heartbeat.interval.ms", "100"));
        admin = Admin.create(broker.properties());
    }

    @AfterEach
    void stop() {
        open.forEach(consumer -> consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(5))));
        if (admin != null) {
            admin.close();
        }
        if (broker != null) {
            broker.close();
        }
    }

    private void topic(String name, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get(30, TimeUnit.SECONDS);
    }

    private void produce(String topic, int from, int to) {
        Properties properties = broker.properties("key.serializer", StringSerializer.class.getName(), "value.serializer", StringSerializer.class.getName());
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties)) {
            for (int i = from; i < to; i++) {
                producer.send(new ProducerRecord<>(topic, "k" + i, "v" + i));
            }
        }
    }

    private KafkaConsumer<String, String> consumer(String group, String protocol, String... more) {
        Properties properties = broker.properties(more);
        properties.putAll(Map.of("group.id", group, "group.protocol", protocol, "auto.offset.reset", "earliest", "enable.auto.commit", "false",
                "key.deserializer", StringDeserializer.class.getName(), "value.deserializer", StringDeserializer.class.getName()));
        if (protocol.equals("classic")) {
            properties.putAll(Map.of("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
                    "heartbeat.interval.ms", "200", "session.timeout.ms", "10000"));
        }
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties);
        open.add(consumer);
        return consumer;
    }

    private void close(Consumer<String, String> consumer) {
        open.remove(consumer);
        consumer.close();
    }

    /** Polls all in turn until it is so; what comes is added to {@code values}. */
    @SafeVarargs
    private void pollUntil(String what, Set<String> values, BooleanSupplier condition, Consumer<String, String>... consumers) {
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                List<String> assignments = new ArrayList<>();
                open.forEach(consumer -> assignments.add(consumer.assignment().toString()));
                fail("not within " + DEADLINE + ": " + what + "; assignments " + assignments + ", " + values.size() + " values");
            }
            for (Consumer<String, String> consumer : consumers) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
                    values.add(record.value());
                }
            }
        }
    }

    @SafeVarargs
    private boolean shared(int partitions, Consumer<String, String>... consumers) {
        Set<TopicPartition> all = new HashSet<>();
        int sum = 0;
        for (Consumer<String, String> consumer : consumers) {
            if (consumer.assignment().isEmpty()) {
                return false;
            }
            all.addAll(consumer.assignment());
            sum += consumer.assignment().size();
        }
        return all.size() == partitions && sum == partitions;
    }

    private GroupType typeOf(String group) throws Exception {
        return admin.listGroups(new ListGroupsOptions()).all().get(30, TimeUnit.SECONDS).stream().filter(listing -> listing.groupId().equals(group))
                .findFirst().orElseThrow().type().orElseThrow();
    }

    @Test
    void twoConsumersShareATopicAndTheOneThatStaysGoesOnWhereTheOtherStopped() throws Exception {
        topic("t", 6);
        Set<String> values = new TreeSet<>();
        var a = consumer("g", "consumer");
        var b = consumer("g", "consumer");
        a.subscribe(List.of("t"));
        b.subscribe(List.of("t"));
        pollUntil("both share all partitions", values, () -> shared(6, a, b), a, b);
        produce("t", 0, 300);
        pollUntil("all records", values, () -> values.size() == 300, a, b);
        assertThat(Math.abs(a.assignment().size() - b.assignment().size())).isZero();
        a.commitSync();
        b.commitSync();

        ConsumerGroupDescription described = admin.describeConsumerGroups(List.of("g")).all().get(30, TimeUnit.SECONDS).get("g");
        assertThat(described.type()).isEqualTo(GroupType.CONSUMER);
        assertThat(described.groupState()).isEqualTo(GroupState.STABLE);
        assertThat(described.partitionAssignor()).isEqualTo("uniform");
        assertThat(described.members()).hasSize(2).allSatisfy(m -> assertThat(m.assignment().topicPartitions()).hasSize(3));
        assertThat(typeOf("g")).isEqualTo(GroupType.CONSUMER);

        close(b);
        produce("t", 300, 400);
        Set<String> later = new TreeSet<>();
        pollUntil("one has all", later, () -> shared(6, a) && later.size() == 100, a);
        assertThat(later).as("nothing twice").noneMatch(values::contains);
        admin.createPartitions(Map.of("t", NewPartitions.increaseTo(8))).all().get(30, TimeUnit.SECONDS);
        pollUntil("new partitions come", later, () -> shared(8, a), a);
    }

    @Test
    void aRegularExpressionIsResolvedByTheServer() throws Exception {
        topic("log-a", 2);
        topic("log-b", 1);
        topic("other", 1);
        produce("log-a", 0, 20);
        produce("log-b", 20, 30);
        Set<String> values = new TreeSet<>();
        var a = consumer("r", "consumer");
        a.subscribe(new SubscriptionPattern("log-.*"));
        pollUntil("all of both topics", values, () -> shared(3, a) && values.size() == 30, a);
        topic("log-c", 1);
        pollUntil("a topic created later", values, () -> shared(4, a), a);

        var bad = consumer("bad", "consumer");
        bad.subscribe(new SubscriptionPattern("log-["));
        assertThatThrownBy(() -> pollUntil("refused", new TreeSet<>(), () -> false, bad)).isInstanceOf(InvalidRegularExpression.class);
    }

    @Test
    void aLiveClassicGroupIsUpgradedAndDowngraded() throws Exception {
        topic("m", 6);
        produce("m", 0, 60);
        Set<String> values = new TreeSet<>();
        var a = consumer("up", "classic");
        var b = consumer("up", "classic");
        a.subscribe(List.of("m"));
        b.subscribe(List.of("m"));
        pollUntil("two classic consumers", values, () -> shared(6, a, b) && values.size() == 60, a, b);
        assertThat(typeOf("up")).isEqualTo(GroupType.CLASSIC);
        a.commitSync();
        b.commitSync();

        var c = consumer("up", "consumer");
        c.subscribe(List.of("m"));
        pollUntil("a third, of the consumer protocol", values, () -> shared(6, a, b, c), a, b, c);
        assertThat(typeOf("up")).isEqualTo(GroupType.CONSUMER);
        produce("m", 60, 120);
        pollUntil("new records", values, () -> values.size() == 120, a, b, c);
        a.commitSync();
        b.commitSync();
        c.commitSync();

        close(c);
        pollUntil("two classic consumers again", values, () -> shared(6, a, b), a, b);
        assertThat(typeOf("up")).isEqualTo(GroupType.CLASSIC);

        var d = consumer("up", "consumer");
        d.subscribe(List.of("m"));
        pollUntil("up again", values, () -> shared(6, a, b, d), a, b, d);
        close(a);
        close(b);
        pollUntil("all moved", values, () -> shared(6, d), d);
        produce("m", 120, 150);
        pollUntil("committed offsets survived it all", values, () -> values.size() == 150, d);
    }

    @Test
    void aStaticMemberComesBackToItsPartitions() throws Exception {
        topic("s", 4);
        Set<String> values = new TreeSet<>();
        var a = consumer("st", "consumer", "group.instance.id", "i1");
        var b = consumer("st", "consumer", "group.instance.id", "i2");
        a.subscribe(List.of("s"));
        b.subscribe(List.of("s"));
        pollUntil("both share", values, () -> shared(4, a, b), a, b);
        Set<TopicPartition> had = Set.copyOf(a.assignment());
        close(a);
        var again = consumer("st", "consumer", "group.instance.id", "i1");
        again.subscribe(List.of("s"));
        pollUntil("it is back", values, () -> shared(4, again, b), again, b);
        assertThat(again.assignment()).isEqualTo(had);
    }

    @Test
    void offsetsOfAGroupInUseCannotBeResetAndTheGroupNotDeleted() throws Exception {
        topic("d", 1);
        produce("d", 0, 5);
        Set<String> values = new TreeSet<>();
        var a = consumer("del", "consumer");
        a.subscribe(List.of("d"));
        pollUntil("all", values, () -> values.size() == 5, a);
        a.commitSync();
        assertThatThrownBy(() -> admin.deleteConsumerGroups(List.of("del")).all().get(30, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(org.apache.kafka.common.errors.GroupNotEmptyException.class);
        close(a);
        admin.deleteConsumerGroups(List.of("del")).all().get(30, TimeUnit.SECONDS);
        assertThat(admin.listGroups().all().get(30, TimeUnit.SECONDS)).noneMatch(listing -> listing.groupId().equals("del"));
    }
}
