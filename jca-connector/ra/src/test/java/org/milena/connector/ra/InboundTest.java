package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.resource.spi.InvalidPropertyException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.ObjectName;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.BatchListener;
import org.milena.connector.DeadLetter;
import org.milena.connector.InboundRecord;
import org.milena.connector.RecordListener;

/** Message-driven beans fed from a real broker, by a server that is not one. */
@Timeout(120)
class InboundTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), InboundFixture.BROKER);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static InboundFixture fixture(String topic) {
        return new InboundFixture(broker, new RecordActivationSpec(), topic);
    }

    private static InboundFixture batchFixture(String topic, int most) {
        BatchActivationSpec spec = new BatchActivationSpec();
        spec.setMaxPollRecords(most);
        return new InboundFixture(broker, spec, topic);
    }

    /** Such as a server that is shutting down, or has no thread. */
    @Test
    void aServerThatRefusesAThreadIsAskedAgain() throws Exception {
        Bean bean = new Bean();
        try (InboundFixture server = fixture("refused")) {
            InboundFixture.topic(broker, "refused", 1);
            server.deploy(bean, false);
            InboundFixture.send(broker, "refused", 0, "a");
            InboundFixture.await(() -> bean.seen.contains("a#1"));
            server.threads.refusal.set(new IllegalStateException("no thread"));
            InboundFixture.send(broker, "refused", 0, "b");
            InboundFixture.await(() -> bean.seen.contains("b#1"));
            assertThat(server.threads.refusal.get()).as("it has refused").isNull();
        }
    }

    /** Keeps what it is given, as value#count; fails where it is told to. */
    private static final class Bean implements RecordListener<String, String> {

        final List<String> seen = new CopyOnWriteArrayList<>();
        final Map<String, Integer> failing = new ConcurrentHashMap<>();

        @Override
        public void onRecord(InboundRecord<String, String> record) throws Exception {
            seen.add(record.value() + "#" + record.deliveryCount());
            int left = failing.merge(record.value(), -1, Integer::sum);
            if (left >= 0) {
                throw left % 2 == 0 ? new IllegalStateException("no " + record.value()) : new Exception("not " + record.value());
            }
        }

        Bean fail(String value, int times) {
            failing.put(value, times);
            return this;
        }

        void await(String... expected) {
            InboundFixture.await(() -> seen.size() >= expected.length);
            assertThat(seen).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void recordsAreDeliveredInOrderAndARedeployedBeanGoesOnWhereItStopped(boolean transacted) throws Exception {
        String topic = "order-" + transacted;
        InboundFixture.topic(broker, topic, 1);
        InboundFixture.send(broker, topic, 0, "a", "b", "c");
        try (InboundFixture server = fixture(topic)) {
            Bean bean = new Bean();
            server.deploy(bean, transacted);
            bean.await("a#1", "b#1", "c#1");
            server.undeploy();
            assertThat(InboundFixture.committed(broker, topic, 0).offset()).isGreaterThanOrEqualTo(3);
            assertThat(InboundFixture.committed(broker, topic, 0).metadata()).isEmpty();
            InboundFixture.send(broker, topic, 0, "d");
            Bean again = new Bean();
            FakeEndpoints endpoints = server.deploy(again, transacted);
            again.await("d#1");
            server.undeploy();
            assertThat(endpoints.open).hasValue(0);
        }
    }

    @Test
    void whatComesWhileABeanIsAwayIsNotMissedAlsoWhenItBeganWithTheLatest() throws Exception {
        InboundFixture.topic(broker, "latest", 1);
        InboundFixture.send(broker, "latest", 0, "before");
        try (InboundFixture server = fixture("latest")) {
            server.spec.setAutoOffsetReset("latest");
            Bean bean = new Bean();
            server.deploy(bean, false);
            InboundFixture.await(() -> InboundFixture.committed(broker, "latest", 0) != null);
            server.undeploy();
            InboundFixture.send(broker, "latest", 0, "while it is away");
            server.deploy(bean, false);
            bean.await("while it is away#1");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRecordThatFailsComesAgainInOrderWhileOtherPartitionsFlow(boolean transacted) throws Exception {
        String topic = "fails-" + transacted;
        InboundFixture.topic(broker, topic, 2);
        InboundFixture.send(broker, topic, 0, "bad", "after");
        try (InboundFixture server = fixture(topic)) {
            server.spec.setRedeliveryBackoffMs(1_000_000);
            server.spec.setRedeliveryBackoffMaxMs(1_500);
            Bean bean = new Bean().fail("bad", 2);
            server.deploy(bean, transacted);
            InboundFixture.await(() -> bean.seen.contains("bad#1"));
            InboundFixture.send(broker, topic, 1, "other"); // while the first partition waits
            bean.await("bad#1", "other#1", "bad#2", "bad#3", "after#1");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatFailsTooOftenGoesToTheDeadLetterTopicWithItsStory(boolean transacted) throws Exception {
        String topic = "poison-" + transacted;
        InboundFixture.topic(broker, topic, 1);
        InboundFixture.send(broker, topic, 0, "good", "poison", "next");
        try (InboundFixture server = fixture(topic)) {
            server.spec.setDeliveryCountLimit(3);
            Bean bean = new Bean().fail("poison", 3);
            server.deploy(bean, transacted);
            bean.await("good#1", "poison#1", "poison#2", "poison#3", "next#1");
            ConsumerRecord<String, String> letter = InboundFixture.read(broker, topic + ".DLT", 1).get(0);
            assertThat(letter.key()).isEqualTo("k");
            assertThat(letter.value()).isEqualTo("poison");
            Map<String, String> story = new HashMap<>();
            letter.headers().forEach(h -> story.put(h.key(), InboundFixture.header(letter, h.key())));
            assertThat(story).containsEntry(DeadLetter.TOPIC, topic).containsEntry(DeadLetter.PARTITION, "0")
                    .containsEntry(DeadLetter.GROUP, "g-" + topic).containsEntry(DeadLetter.ATTEMPTS, "3").containsKey(DeadLetter.OFFSET)
                    .containsEntry(DeadLetter.CAUSE, "java.lang.IllegalStateException").containsEntry(DeadLetter.CAUSE_MESSAGE, "no poison")
                    .containsEntry(DeadLetter.TIMESTAMP, Long.toString(letter.timestamp()));
        }
    }

    @Test
    void theCountOfARecordThatFailsSurvivesARedeploy() throws Exception {
        InboundFixture.topic(broker, "survives", 1);
        InboundFixture.send(broker, "survives", 0, "bad");
        try (InboundFixture server = fixture("survives")) {
            server.spec.setRedeliveryBackoffMs(1_000_000);
            server.spec.setRedeliveryBackoffMaxMs(1_000_000);
            for (int i = 1; i <= 3; i++) {
                Bean bean = new Bean().fail("bad", 1);
                server.deploy(bean, false);
                bean.await("bad#" + i);
                server.undeploy();
                assertThat(InboundFixture.committed(broker, "survives", 0).metadata()).isEqualTo("milena attempts=" + i + " released");
            }
        }
    }

    @Test
    void aRecordThatTakesTheServerDownEndsInTheDeadLetterTopic() throws Exception {
        InboundFixture.topic(broker, "killer", 1);
        InboundFixture.send(broker, "killer", 0, "good", "killer", "next");
        CountDownLatch never = new CountDownLatch(1);
        List<String> seen = new CopyOnWriteArrayList<>();
        RecordListener<String, String> bean = record -> {
            seen.add(record.value() + "#" + record.deliveryCount());
            if (record.value().equals("killer")) {
                never.await();
            }
        };
        List<InboundFixture> dead = new ArrayList<>();
        for (int life = 1; life <= 3; life++) {
            InboundFixture server = fixture("killer");
            dead.add(server);
            server.spec.setDeliveryCountLimit(3);
            server.deploy(bean, false);
            String last = "killer#" + life;
            InboundFixture.await(() -> seen.contains(last));
            server.crash();
        }
        try (InboundFixture server = fixture("killer")) {
            server.spec.setDeliveryCountLimit(3);
            server.deploy(bean, false);
            InboundFixture.await(() -> seen.contains("next#1"));
            assertThat(seen).containsExactly("good#1", "killer#1", "killer#2", "killer#3", "next#1");
            ConsumerRecord<String, String> letter = InboundFixture.read(broker, "killer.DLT", 1).get(0);
            assertThat(letter.value()).isEqualTo("killer");
            assertThat(InboundFixture.header(letter, DeadLetter.ATTEMPTS)).isEqualTo("3");
            assertThat(InboundFixture.header(letter, DeadLetter.CAUSE)).isNull();
        }
        never.countDown();
        dead.forEach(InboundFixture::close);
    }

    /** The server died, but for another reason. */
    @Test
    void aRecordIsTriedOnceMoreBeforeItIsSuspectedAlone() throws Exception {
        InboundFixture.topic(broker, "innocent", 1);
        InboundFixture.send(broker, "innocent", 0, "v");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        InboundFixture first = fixture("innocent");
        first.spec.setDeliveryCountLimit(1);
        first.deploy((RecordListener<String, String>) record -> {
            entered.countDown();
            never.await();
        }, false);
        entered.await();
        first.crash();
        try (InboundFixture second = fixture("innocent")) {
            second.spec.setDeliveryCountLimit(1);
            Bean bean = new Bean();
            second.deploy(bean, false);
            bean.await("v#2");
        }
        never.countDown();
        first.close();
    }

    @Test
    void whatCantBeDeserialisedGoesToTheDeadLetterTopicAtOnce() throws Exception {
        InboundFixture.topic(broker, "types", 1);
        InboundFixture.send(broker, "types", 0, "{\"id\":1}", "no json", "{\"id\":2}");
        try (InboundFixture server = fixture("types")) {
            server.spec.setValueType(Order.class.getName());
            List<Integer> ids = new CopyOnWriteArrayList<>();
            server.deploy((RecordListener<String, Order>) record -> ids.add(record.value().id), false);
            InboundFixture.await(() -> ids.size() == 2);
            assertThat(ids).containsExactly(1, 2);
            ConsumerRecord<String, String> letter = InboundFixture.read(broker, "types.DLT", 1).get(0);
            assertThat(letter.value()).isEqualTo("no json");
            assertThat(InboundFixture.header(letter, DeadLetter.ATTEMPTS)).isEqualTo("0");
            assertThat(InboundFixture.header(letter, DeadLetter.CAUSE)).startsWith("jakarta.json");
        }
    }

    /** For JSON-B. */
    public static class Order {
        public int id;
    }

    @Test
    void kafkasDeserializersAreTaken() throws Exception {
        InboundFixture.topic(broker, "kafkas", 1);
        InboundFixture.send(broker, "kafkas", 0, "12345678", "short");
        try (InboundFixture server = fixture("kafkas")) {
            server.spec.setKeyType("byte[]");
            server.spec.setValueDeserializer("org.apache.kafka.common.serialization.LongDeserializer");
            List<Object> seen = new CopyOnWriteArrayList<>();
            server.deploy((RecordListener<byte[], Long>) record -> {
                seen.add(record.key().length);
                seen.add(record.value());
            }, false);
            assertThat(InboundFixture.header(InboundFixture.read(broker, "kafkas.DLT", 1).get(0), DeadLetter.CAUSE))
                    .isEqualTo("org.apache.kafka.common.errors.SerializationException");
            assertThat(seen).containsExactly(1, 0x3132333435363738L);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBatchThatFailsIsDeliveredSinglyAndOnlyItsBadRecordIsPutAside(boolean transacted) throws Exception {
        String topic = "batch-" + transacted;
        InboundFixture.topic(broker, topic, 1);
        InboundFixture.send(broker, topic, 0, InboundFixture.values(0, 20));
        List<String> done = new CopyOnWriteArrayList<>();
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        BatchListener<String, String> bean = records -> {
            sizes.add(records.size());
            for (InboundRecord<String, String> record : records) {
                if (record.value().equals("v7")) {
                    throw new IllegalStateException("no v7");
                }
            }
            records.forEach(record -> done.add(record.value() + (records.size() == 1 ? "#" + record.deliveryCount() : "")));
        };
        try (InboundFixture server = batchFixture(topic, 10)) {
            server.spec.setDeliveryCountLimit(2);
            server.deploy(bean, transacted);
            InboundFixture.await(() -> done.size() == 19);
            assertThat(done).containsExactly("v0#2", "v1#2", "v2#2", "v3#2", "v4#2", "v5#2", "v6#2", "v8#2", "v9#2",
                    "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19");
            assertThat(sizes).startsWith(10).endsWith(10);
            ConsumerRecord<String, String> letter = InboundFixture.read(broker, topic + ".DLT", 1).get(0);
            assertThat(letter.value()).isEqualTo("v7");
            assertThat(InboundFixture.header(letter, DeadLetter.ATTEMPTS)).isEqualTo("2");
        }
    }

    @Test
    void partitionsAreDeliveredAtATimeUpToTheLimitEachInItsOrder() throws Exception {
        InboundFixture.topic(broker, "many", 6);
        for (int p = 0; p < 6; p++) {
            InboundFixture.send(broker, "many", p, InboundFixture.values(0, 30));
        }
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch three = new CountDownLatch(3);
        Map<Integer, List<String>> seen = new ConcurrentHashMap<>();
        try (InboundFixture server = fixture("many")) {
            server.spec.setMaxConcurrency(3);
            server.deploy((RecordListener<String, String>) record -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                three.countDown();
                three.await(); // that many are really there
                seen.computeIfAbsent(record.partition(), p -> new CopyOnWriteArrayList<>()).add(record.value());
                now.decrementAndGet();
            }, false);
            InboundFixture.await(() -> seen.size() == 6 && seen.values().stream().allMatch(values -> values.size() == 30));
        }
        assertThat(most).hasValue(3);
        assertThat(seen.values()).allSatisfy(values -> assertThat(values).containsExactly(InboundFixture.values(0, 30)));
    }

    @Test
    void pausedDeliveriesGoOnWhenTheyAreResumed() throws Exception {
        InboundFixture.topic(broker, "paused", 1);
        InboundFixture.send(broker, "paused", 0, "a");
        ObjectName name = new ObjectName("org.milena.connector:type=Activation,group=\"g-paused\",name=\"bean\"");
        try (InboundFixture server = fixture("paused")) {
            Bean bean = new Bean();
            server.deploy(bean, false);
            bean.await("a#1");
            var management = ManagementFactory.getPlatformMBeanServer();
            management.invoke(name, "pause", null, null);
            assertThat(management.getAttribute(name, "Paused")).isEqualTo(true);
            InboundFixture.send(broker, "paused", 0, "b");
            assertThat(management.getAttribute(name, "Member")).isEqualTo(true);
            assertThat(management.getAttribute(name, "Partitions")).isEqualTo(1);
            bean.await("a#1");
            management.invoke(name, "resume", null, null);
            bean.await("a#1", "b#1");
        }
        assertThat(ManagementFactory.getPlatformMBeanServer().isRegistered(name)).isFalse();
    }

    @Test
    void undeployWaitsForWhatIsBeingDelivered() throws Exception {
        InboundFixture.topic(broker, "waits", 1);
        InboundFixture.send(broker, "waits", 0, "a", "b");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        List<String> seen = new CopyOnWriteArrayList<>();
        try (InboundFixture server = fixture("waits")) {
            server.deploy((RecordListener<String, String>) record -> {
                entered.countDown();
                go.await();
                seen.add(record.value());
            }, false);
            entered.await();
            Thread undeploy = new Thread(server::undeploy);
            undeploy.start();
            go.countDown();
            undeploy.join();
            assertThat(seen.size()).isBetween(1, 2);
            assertThat(InboundFixture.committed(broker, "waits", 0).offset()).isEqualTo(seen.size());
        }
    }

    @Test
    void whatIsConfiguredWronglyIsToldByName() {
        assertThatThrownBy(() -> new RecordActivationSpec().validate()).isInstanceOf(InvalidPropertyException.class).hasMessage("groupId must be set");
        Map<String, java.util.function.Consumer<RecordActivationSpec>> wrong = Map.of(
                "topics or topicPattern must be set", s -> s.setTopics(null),
                "only one of topics and topicPattern may be set", s -> s.setTopicPattern("a.*"),
                "autoOffsetReset must be earliest, latest, none, or by_duration: and an ISO 8601 duration like PT24H, not \"now\"", s -> s.setAutoOffsetReset("now"),
                "maxConcurrency must be at least 1, not 0", s -> s.setMaxConcurrency(0),
                "deliveryCountLimit must be at least 0, not -1", s -> s.setDeliveryCountLimit(-1),
                "bootstrapServers: \"nowhere\" is not host:port", s -> s.setBootstrapServers("nowhere"),
                "deadLetterTopic must be set; deliveryCountLimit=0 keeps records that fail", s -> s.setDeadLetterTopic(""),
                "groupInstanceId: {server} is not known here, the server does not say its name; write another name", s -> s.setGroupInstanceId("{server}"));
        wrong.forEach((message, property) -> {
            RecordActivationSpec spec = fixture("wrong").spec;
            property.accept(spec);
            assertThatThrownBy(spec::validate).isInstanceOf(InvalidPropertyException.class).hasMessage(message);
        });
        assertThatThrownBy(() -> {
            InboundFixture server = fixture("wrong");
            server.spec.setValueType("com.acme.Nothing");
            server.deploy(new Bean(), false);
        }).isInstanceOf(InvalidPropertyException.class).hasMessage("valueType: there is no class com.acme.Nothing in the application");
    }
}
