package org.milena.connector.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.connector.OutboundRecord;

/** Branches against a real broker, as a transaction manager drives them, seen by Kafka's consumer. */
@Timeout(60)
class ResourceManagerTest {

    @TempDir
    static Path dir;

    private static EmbeddedBroker broker;
    private static final AtomicInteger XIDS = new AtomicInteger();

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("num.partitions", "3"));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private static Cluster cluster(Way way) {
        return new Cluster(way.to(broker), ClientConfig.DEFAULT);
    }

    /** Of a run of the server; each test has a name of its own. */
    private static ResourceManager manager(String test, Way way, String process) {
        return new ResourceManager(new ServerProcess(test + "-" + way, process), "i");
    }

    static Xid xid() {
        return new BranchXid(131_077, new byte[] {1, 2, 3}, new byte[] {(byte) XIDS.incrementAndGet()});
    }

    private static OutboundRecord record(String topic, String value) {
        return OutboundRecord.to(topic).partition(0).value(value);
    }

    private static List<String> committed(String topic, int count) {
        return ProducerTest.read(broker, topic, count, "isolation.level", "read_committed").stream().map(ConsumerRecord::value).toList();
    }

    private static void assertRefused(int code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(XAException.class, e -> assertThat(e.errorCode).as(e.getMessage()).isEqualTo(code));
    }

    private static void send(ResourceManager manager, Cluster cluster, Xid xid, String topic, String value) throws Exception {
        manager.begin(cluster, xid, 60_000).send(List.of(record(topic, value)));
    }

    @ParameterizedTest
    @EnumSource
    void eachWayToEndABranch(Way way) throws Exception {
        String topic = "each-" + way;
        ResourceManager manager = manager("each", way, "p");
        try (Cluster cluster = cluster(way)) {
            Xid twoPhases = xid();
            send(manager, cluster, twoPhases, topic, "two phases");
            assertThat(manager.prepare(cluster, twoPhases)).isEqualTo(XAResource.XA_OK);
            assertThat(manager.recover(cluster)).containsExactly(twoPhases);
            manager.commit(cluster, twoPhases, false);
            Xid onePhase = xid();
            send(manager, cluster, onePhase, topic, "one phase");
            manager.commit(cluster, onePhase, true);
            Xid open = xid();
            send(manager, cluster, open, topic, "rolled back while open");
            manager.rollback(cluster, open);
            Xid prepared = xid();
            send(manager, cluster, prepared, topic, "rolled back after prepare");
            manager.prepare(cluster, prepared);
            manager.rollback(cluster, prepared);
            send(manager, cluster, twoPhases, topic, "an Xid again");
            manager.commit(cluster, twoPhases, true);
            assertThat(manager.recover(cluster)).isEmpty();
            assertThat(committed(topic, 3)).containsExactly("two phases", "one phase", "an Xid again");
        }
    }

    /** With the vote the broker is told what it acknowledged, and finds it missing: here since the topic was made anew, in life after a power cut. */
    @ParameterizedTest
    @EnumSource
    void aBranchThatLostSomethingIsRolledBack(Way way) throws Exception {
        String topic = "lost-" + way;
        ResourceManager manager = manager("lost", way, "p");
        try (Cluster cluster = cluster(way); Admin admin = Admin.create(broker.properties())) {
            for (boolean onePhase : new boolean[] {true, false}) {
                Xid xid = xid();
                Branch branch = manager.begin(cluster, xid, 60_000);
                branch.send(List.of(record("kept-" + topic, "kept"), record(topic, "lost")));
                admin.deleteTopics(List.of(topic)).all().get();
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
                branch.send(List.of(record(topic, "after")));
                assertRefused(XAException.XA_RBROLLBACK, () -> {
                    if (onePhase) {
                        manager.commit(cluster, xid, true);
                    } else {
                        manager.prepare(cluster, xid);
                    }
                });
            }
            Xid next = xid();
            Branch branch = manager.begin(cluster, next, 60_000);
            branch.send(List.of(record(topic, "next"), record("kept-" + topic, "next")));
            manager.commit(cluster, next, manager.prepare(cluster, next) != XAResource.XA_OK);
            assertThat(committed("kept-" + topic, 1)).containsExactly("next");
        }
    }

    /** Which saves a request and a record for each branch. */
    @ParameterizedTest
    @EnumSource
    void aTransactionalIdComesBackWithItsNextEpoch(Way way) throws Exception {
        String topic = "again-" + way;
        ResourceManager manager = manager("again", way, "p");
        Map<String, BranchName> last = new HashMap<>();
        Set<Integer> endings = new HashSet<>(Set.of(0, 1, 2));
        int committed = 0;
        try (Cluster cluster = cluster(way)) {
            for (int i = 0; !endings.isEmpty(); i++) { // ids rest for a while: until one has come back after each way to end
                Xid xid = new BranchXid(1, new byte[] {1}, new byte[] {(byte) (i % 3), (byte) i, (byte) (i >> 8)});
                Branch branch = manager.begin(cluster, xid, 60_000);
                branch.send(List.of(record(topic, "v" + i)));
                BranchName name = branch.name();
                BranchName before = last.put(name.transactionalId(), name);
                if (before != null) {
                    assertThat(name.producerId()).isEqualTo(before.producerId());
                    assertThat(name.producerEpoch()).isEqualTo((short) (before.producerEpoch() + 1));
                    endings.remove((int) before.xid().getBranchQualifier()[0]);
                }
                if (i % 3 == 0) {
                    manager.rollback(cluster, xid);
                } else {
                    manager.commit(cluster, xid, i % 3 == 1 || manager.prepare(cluster, xid) != XAResource.XA_OK);
                    committed++;
                }
            }
        }
        assertThat(committed(topic, committed)).hasSize(committed);
    }

    @ParameterizedTest
    @EnumSource
    void nothingSentIsReadOnlyAndAsksNobody(Way way) throws Exception {
        ResourceManager manager = manager("nothing", way, "p");
        try (Cluster cluster = cluster(way)) {
            Xid xid = xid();
            manager.begin(cluster, xid, 60_000);
            assertRefused(XAException.XAER_DUPID, () -> manager.begin(cluster, xid, 60_000));
            assertThat(manager.join(xid)).isNotNull();
            assertThat(manager.prepare(cluster, xid)).isEqualTo(XAResource.XA_RDONLY);
            assertRefused(XAException.XAER_NOTA, () -> manager.join(xid));
            manager.begin(cluster, xid, 60_000);
            manager.commit(cluster, xid, true);
            manager.begin(cluster, xid, 60_000);
            manager.rollback(cluster, xid);
            for (ThrowingCallable call : List.<ThrowingCallable>of(() -> manager.prepare(cluster, xid), () -> manager.commit(cluster, xid, false),
                    () -> manager.commit(cluster, xid, true), () -> manager.rollback(cluster, xid), () -> manager.forget(cluster, xid))) {
                assertRefused(XAException.XAER_NOTA, call);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFailedSendMakesItRollbackOnly(Way way) throws Exception {
        String topic = "doomed-" + way;
        ResourceManager manager = manager("doomed", way, "p");
        try (Cluster cluster = cluster(way)) {
            for (boolean onePhase : new boolean[] {true, false}) {
                Xid xid = xid();
                Branch branch = manager.begin(cluster, xid, 60_000);
                branch.send(List.of(record(topic, "with")));
                assertThatThrownBy(() -> branch.send(List.of(record(topic, "x".repeat(2_000_000)))))
                        .isInstanceOfSatisfying(ClientException.class, e -> assertThat(e.error()).isEqualTo(Errors.MESSAGE_TOO_LARGE));
                assertThatThrownBy(() -> branch.send(List.of(record(topic, "after")))).hasMessageStartingWith("The transaction can only be rolled back: ");
                assertRefused(XAException.XA_RBROLLBACK, () -> {
                    if (onePhase) {
                        manager.commit(cluster, xid, true);
                    } else {
                        manager.prepare(cluster, xid);
                    }
                });
                assertThatThrownBy(() -> branch.send(List.of(record(topic, "late")))).hasMessage("The transaction has ended");
            }
            Xid next = xid();
            send(manager, cluster, next, topic, "next");
            manager.commit(cluster, next, true);
            assertThat(committed(topic, 1)).containsExactly("next");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheBrokerHasRolledBackCantBePrepared(Way way) throws Exception {
        String topic = "ended-" + way;
        ResourceManager manager = manager("ended", way, "p");
        try (Cluster cluster = cluster(way); Admin admin = Admin.create(broker.properties())) {
            for (boolean onePhase : new boolean[] {true, false}) {
                Xid xid = xid();
                Branch branch = manager.begin(cluster, xid, 60_000);
                branch.send(List.of(record(topic, "lost")));
                admin.fenceProducers(List.of(branch.name().transactionalId()), new FenceProducersOptions().timeoutMs(20_000)).all().get();
                assertRefused(XAException.XA_RBROLLBACK, () -> {
                    if (onePhase) {
                        manager.commit(cluster, xid, true);
                    } else {
                        manager.prepare(cluster, xid);
                    }
                });
            }
            Xid next = xid();
            send(manager, cluster, next, topic, "next");
            manager.commit(cluster, next, true);
            assertThat(committed(topic, 1)).containsExactly("next");
        }
    }

    /** Every second answer that matters is lost, and the connection with it. */
    @ParameterizedTest
    @EnumSource
    void lostAnswersChangeNothing(Way way) throws Exception {
        String topic = "lost-" + way;
        AtomicInteger asked = new AtomicInteger();
        ResourceManager manager = manager("lost", way, "p");
        Losing losing = new Losing(way.to(broker), Set.of(BranchMessages.KEY, ApiKeys.PRODUCE.id, ApiKeys.TXN_OFFSET_COMMIT.id), asked);
        try (Cluster cluster = new Cluster(losing, ClientConfig.DEFAULT)) {
            for (int i = 0; i < 8; i++) {
                Xid xid = xid();
                Branch branch = manager.begin(cluster, xid, 60_000);
                branch.send(List.of(record(topic, "v" + i)));
                branch.sendOffsets(GroupMember.none("lost-" + way), Map.of(new TopicPartition(topic, 0), GroupOffset.at(i)));
                if (i % 2 == 0) {
                    assertThat(manager.prepare(cluster, xid)).isEqualTo(XAResource.XA_OK);
                    assertThat(manager.recover(cluster)).containsExactly(xid);
                }
                if (i % 4 > 1) {
                    manager.rollback(cluster, xid);
                } else {
                    manager.commit(cluster, xid, i % 2 == 1);
                }
            }
            assertThat(committed(topic, 4)).containsExactly("v0", "v1", "v4", "v5");
            assertThat(manager.recover(cluster)).isEmpty();
            assertThat(asked.get()).isGreaterThan(50);
        }
        assertThat(offset("lost-" + way, topic)).isEqualTo(5);
    }

    private static long offset(String group, String topic) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        Map<TopicPartition, Long> found = new HashMap<>();
        try (Admin admin = Admin.create(broker.properties())) {
            while (found.isEmpty()) { // the markers follow the answer
                assertThat(System.nanoTime()).isLessThan(deadline);
                admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().forEach((tp, o) -> found.put(tp, o.offset()));
            }
        }
        return found.get(new TopicPartition(topic, 0));
    }

    @ParameterizedTest
    @EnumSource
    void offsetsOfAGroupHoldOnceTheBranchIsCommitted(Way way) throws Exception {
        String topic = "offsets-" + way;
        String group = "offsets-" + way;
        ResourceManager manager = manager("offsets", way, "p");
        try (Cluster cluster = cluster(way)) {
            cluster.partitions(topic);
            for (long offset : new long[] {7, 8, 9}) {
                Xid xid = xid();
                Branch branch = manager.begin(cluster, xid, 60_000);
                branch.sendOffsets(GroupMember.none(group), Map.of(new TopicPartition(topic, 0), new GroupOffset(offset, 0, "m")));
                assertThat(manager.prepare(cluster, xid)).isEqualTo(XAResource.XA_OK);
                if (offset == 9) {
                    manager.rollback(cluster, xid);
                } else {
                    manager.commit(cluster, xid, false);
                }
            }
            Xid stranger = xid();
            Branch branch = manager.begin(cluster, stranger, 60_000);
            assertThatThrownBy(() -> branch.sendOffsets(new GroupMember(group, "nobody", 3, null), Map.of(new TopicPartition(topic, 0), GroupOffset.at(99))))
                    .hasMessageStartingWith("The offset of group " + group + " for " + topic + "-0 was refused with ");
            assertRefused(XAException.XA_RBROLLBACK, () -> manager.prepare(cluster, stranger));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (offset(group, topic) != 8) {
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
        }
    }

    /** The process is gone; another of the same name finds what it had promised, and rolls back what it had not. */
    @ParameterizedTest
    @EnumSource
    void afterACrash(Way way) throws Exception {
        String topic = "crash-" + way;
        Xid prepared = xid();
        Xid toRollBack = xid();
        try (Cluster cluster = cluster(way)) {
            ResourceManager dead = manager("crash", way, "p1");
            send(dead, cluster, prepared, topic, "prepared");
            dead.prepare(cluster, prepared);
            send(dead, cluster, toRollBack, topic, "prepared, to be rolled back");
            dead.prepare(cluster, toRollBack);
            send(dead, cluster, xid(), topic, "open");
        }
        try (Cluster cluster = cluster(way)) {
            Xid live = xid();
            ResourceManager neighbour = new ResourceManager(new ServerProcess("crash-" + way + "-b", "p1"), "i");
            send(neighbour, cluster, live, topic, "of another name");
            ResourceManager sibling = new ResourceManager(new ServerProcess("crash-" + way, "p2"), "j");
            Xid siblings = xid();
            send(sibling, cluster, siblings, topic, "of another deployment in the same process");
            ResourceManager next = manager("crash", way, "p2");
            assertThat(next.recover(cluster)).containsExactlyInAnyOrder(prepared, toRollBack);
            next.commit(cluster, prepared, false);
            next.rollback(cluster, toRollBack);
            assertRefused(XAException.XAER_NOTA, () -> next.commit(cluster, prepared, false));
            assertThat(next.recover(cluster)).isEmpty();
            neighbour.commit(cluster, live, true);
            sibling.commit(cluster, siblings, true);
            assertThat(committed(topic, 3)).as("nothing open hides it").containsExactly("prepared", "of another name",
                    "of another deployment in the same process");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTimeoutThatTheBrokerDoesNotAllowIsNamed(Way way) throws Exception {
        ResourceManager manager = manager("timeout", way, "p");
        try (Cluster cluster = cluster(way)) {
            Branch branch = manager.begin(cluster, xid(), 3_600_000);
            assertThatThrownBy(() -> branch.send(List.of(record("timeout", "v")))).isInstanceOf(ClientException.class)
                    .hasMessageContaining("transaction.max.timeout.ms allows no transaction of 3600000 ms");
        }
    }
}
