package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.resource.NotSupportedException;
import jakarta.resource.spi.ActivationSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.DeadLetter;
import org.milena.connector.RecordListener;

/** Deliveries whose transactions end otherwise than they should. */
@Timeout(120)
class InboundTransactionTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;

    private final List<String> seen = new CopyOnWriteArrayList<>();
    private final RecordListener<String, String> bean = record -> seen.add(record.value() + "#" + record.deliveryCount());

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), InboundFixture.BROKER);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static InboundFixture fixture(String topic, int partitions, String... values) throws Exception {
        InboundFixture.topic(broker, topic, partitions);
        InboundFixture.send(broker, topic, 0, values);
        InboundFixture server = new InboundFixture(broker, new RecordActivationSpec(), topic);
        server.spec.setResourceManager("server-of-" + topic);
        return server;
    }

    /** The transaction manager dies between the two phases, and only recovery ends the branch: by its decision, not by ours. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBranchInDoubtHoldsItsPartitionUntilRecoveryHasDecidedAndNothingIsDoneTwice(boolean commits) throws Exception {
        String topic = "doubt-" + commits;
        AtomicBoolean once = new AtomicBoolean();
        try (InboundFixture server = fixture(topic, 2, "a", "b")) {
            FakeEndpoints endpoints = new FakeEndpoints(bean, true);
            endpoints.betweenPhases = () -> {
                if (once.compareAndSet(false, true)) {
                    throw new IllegalStateException("the transaction manager is gone");
                }
            };
            server.deploy(endpoints);
            InboundFixture.await(once::get);
            InboundFixture.send(broker, topic, 1, "other"); // flows
            InboundFixture.await(() -> seen.contains("other#1"));
            assertThat(seen).containsExactly("a#1", "other#1");
            InboundFixture.await(() -> endpoints.ends.contains("committed")); // until then that one's branch is prepared too, and recover lists it
            XAResource recovery = server.adapter.getXAResources(new ActivationSpec[] {server.spec})[0];
            Xid[] found = recovery.recover(XAResource.TMSTARTRSCAN | XAResource.TMENDRSCAN);
            assertThat(found).hasSize(1);
            if (commits) {
                recovery.commit(found[0], false);
            } else {
                recovery.rollback(found[0]);
            }
            InboundFixture.await(() -> seen.contains("b#1"));
            assertThat(seen).containsExactlyElementsOf(commits ? List.of("a#1", "other#1", "b#1") : List.of("a#1", "other#1", "a#2", "b#1"));
            InboundFixture.await(() -> InboundFixture.committed(broker, topic, 0).offset() >= 2);
        }
    }

    @Test
    void whatTheBeanMarksForRollbackIsDeliveredAgainAndPutAsideInTheEnd() throws Exception {
        try (InboundFixture server = fixture("marked", 1, "bad", "good")) {
            server.spec.setDeliveryCountLimit(2);
            FakeEndpoints endpoints = new FakeEndpoints((RecordListener<String, String>) record -> {
                bean.onRecord(record);
                FakeEndpoints.ROLLBACK_ONLY.set(record.value().equals("bad"));
            }, true);
            server.deploy(endpoints);
            InboundFixture.await(() -> seen.contains("good#1"));
            assertThat(seen).containsExactly("bad#1", "bad#2", "good#1");
            assertThat(endpoints.ends).startsWith("rolled back", "rolled back");
            assertThat(InboundFixture.header(InboundFixture.read(broker, "marked.DLT", 1).get(0), DeadLetter.CAUSE_MESSAGE))
                    .isEqualTo("The bean has set its transaction to be rolled back");
        }
    }

    /** The group gave the partition to another member while the bean was still at it: its offset is refused, its work rolled back. */
    @Test
    void aMemberThatTakesTooLongIsFencedAndItsTransactionRollsBack() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (InboundFixture slow = fixture("fenced", 2, "a"); InboundFixture other = new InboundFixture(broker, new RecordActivationSpec(), "fenced")) {
            InboundFixture.send(broker, "fenced", 1, "b");
            slow.spec.setMaxPollIntervalMs(1_000);
            FakeEndpoints slowEndpoints = new FakeEndpoints((RecordListener<String, String>) record -> {
                entered.countDown();
                go.await();
            }, true);
            slow.deploy(slowEndpoints);
            entered.await();
            InboundFixture.await(() -> InboundFixture.committed(broker, "fenced", 0) != null && InboundFixture.committed(broker, "fenced", 1) != null);
            other.spec.setMaxPollIntervalMs(1_000);
            other.deploy(new FakeEndpoints(bean, true));
            InboundFixture.await(() -> !seen.isEmpty());
            go.countDown();
            InboundFixture.await(() -> slowEndpoints.ends.contains("XA 100"));
            InboundFixture.await(() -> InboundFixture.committed(broker, "fenced", 0).offset() >= 1 && InboundFixture.committed(broker, "fenced", 1).offset() >= 1);
        }
    }

    @Test
    void withoutADeadLetterTopicTheRecordWaitsForIt() throws Exception {
        Path own = dir.resolve("own");
        try (EmbeddedBroker strict = EmbeddedBroker.start(own, new InMemoryMetadataStore(),
                Map.of("auto.create.topics.enable", "false", "num.partitions", "1", "group.consumer.min.heartbeat.interval.ms", "50",
                        "group.consumer.heartbeat.interval.ms", "100"))) {
            InboundFixture.topic(strict, "strict", 1);
            InboundFixture.send(strict, "strict", 0, "bad", "good");
            try (InboundFixture server = new InboundFixture(strict, new RecordActivationSpec(), "strict")) {
                server.spec.setDeliveryCountLimit(1);
                server.spec.setDeliveryTimeoutMs(500);
                server.deploy(new FakeEndpoints((RecordListener<String, String>) record -> {
                    bean.onRecord(record);
                    if (record.value().equals("bad")) {
                        throw new IllegalStateException("no");
                    }
                }, true));
                InboundFixture.await(() -> seen.contains("bad#1"));
                try (Admin admin = Admin.create(strict.properties())) {
                    admin.createTopics(List.of(new NewTopic("strict.DLT", 1, (short) 1))).all().get();
                }
                InboundFixture.await(() -> seen.contains("good#1"));
                assertThat(seen).containsExactly("bad#1", "good#1");
                assertThat(InboundFixture.read(strict, "strict.DLT", 1).get(0).value()).isEqualTo("bad");
            }
        }
    }

    /** When it is deployed, and no name that the server lacks would help. */
    @ParameterizedTest
    @ValueSource(strings = {"a-server", ""})
    void apacheKafkaIsRefusedToABeanWithATransaction(String name) throws Exception {
        try (FakeKafka kafka = new FakeKafka(); InboundFixture server = new InboundFixture(broker, new RecordActivationSpec(), "kafkas-" + name)) {
            server.spec.setBootstrapServers(kafka.bootstrap());
            server.spec.setResourceManager(name);
            assertThatThrownBy(() -> server.deploy(bean, true)).isInstanceOf(NotSupportedException.class).hasMessageStartingWith("Group g-kafkas-" + name + ": ")
                    .hasMessageContaining("takes no part in XA transactions")
                    .hasMessageEndingWith("A bean whose method has @TransactionAttribute(NOT_SUPPORTED) can consume from there");
        }
    }
}
