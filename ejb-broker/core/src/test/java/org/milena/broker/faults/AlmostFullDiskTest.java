package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.testing.Logged;
import org.milena.broker.testing.PreparedBranches;
import org.milena.broker.transaction.BranchId;
import org.milena.broker.transaction.BranchRequest;
import org.milena.broker.transaction.XaAnswer;

/** Below {@code milena.log.dir.min.free}: producers wait, everything else goes on, and nobody has to help once there is space. */
class AlmostFullDiskTest {

    private static final int DISK_MB = 96;
    private static final int MIN_MB = 32;
    private static final TopicPartition T = new TopicPartition("t", 0);

    @TempDir
    Path dir;

    private SmallDisk disk;

    @BeforeEach
    void mount() throws Exception {
        disk = new SmallDisk(dir.resolve("small"), DISK_MB);
    }

    @AfterEach
    void unmount() throws Exception {
        disk.close();
    }

    private EmbeddedBroker start() {
        Map<String, String> settings = new HashMap<>(Scene.SHORT_SESSIONS);
        settings.putAll(Map.of("log.dirs", disk.root().resolve("logs").toString(), "offsets.topic.num.partitions", "1",
                "milena.log.dir.min.free", Long.toString((long) MIN_MB * SmallDisk.MEGABYTE), "offsets.commit.timeout.ms", "500",
                "log.retention.check.interval.ms", "200", "log.segment.delete.delay.ms", "0"));
        return EmbeddedBroker.start(dir.resolve("data"), new InMemoryMetadataStore(), settings);
    }

    private static boolean refused(EmbeddedBroker broker) {
        return !broker.broker().diskSpace().refusals().isEmpty();
    }

    @Test
    void producersWaitReadersAndGroupsGoOnAndItRecoversByItself() throws Exception {
        try (EmbeddedBroker broker = start(); var producer = Scene.producer(broker.port())) {
            int port = broker.port();
            Scene.createTopic(port, "t", 1, Map.of());
            assertThat(Scene.get(Scene.send(producer, T, "0")).offset()).isZero();
            disk.leave(MIN_MB - 4);
            Scene.await("produce is refused", () -> refused(broker));
            assertThat(broker.broker().diskSpace().refusals()).singleElement().asString().contains(disk.root().resolve("logs") + " is almost full: ")
                    .contains("bytes are free, milena.log.dir.min.free is " + MIN_MB * SmallDisk.MEGABYTE);
            Future<RecordMetadata> waiting = Scene.send(producer, T, "1");
            try (var impatient = Scene.producer(port, "retries", "0", "enable.idempotence", "false")) {
                assertThatThrownBy(() -> Scene.get(Scene.send(impatient, T, "refused"))).isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(NotEnoughReplicasException.class);
            }
            try (GroupMember member = Scene.member(port, "consumer")) { // a group that begins now
                Scene.await("the record is consumed", () -> member.has(T, 0));
                member.commit(Map.of(T, new OffsetAndMetadata(1)));
                Scene.await("the offset is committed", () -> member.commitsDone() == 1);
                assertThat(member.commitError()).isNull();
                assertThat(waiting.isDone()).isFalse();
                disk.free();
                assertThat(Scene.get(waiting).offset()).isEqualTo(1);
                assertThat(refused(broker)).isFalse();
                Scene.await("the record that waited is consumed", () -> member.has(T, 1));
            }
        }
    }

    /** Whatever gives space is allowed, so each of them ends the refusal without a hand on the disk. */
    @ParameterizedTest
    @ValueSource(strings = {"DeleteRecords", "DeleteTopics", "retention"})
    void deletingMakesSpaceAgain(String how) throws Exception {
        TopicPartition old = new TopicPartition("old", 0);
        try (EmbeddedBroker broker = start(); var producer = Scene.producer(broker.port()); Admin admin = Admin.create(Scene.properties(broker.port()))) {
            Scene.createTopic(broker.port(), "t", 1, Map.of());
            Scene.createTopic(broker.port(), "old", 1, Map.of("segment.bytes", String.valueOf(SmallDisk.MEGABYTE)));
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                sent.add(Scene.send(producer, old, "x".repeat(SmallDisk.MEGABYTE / 2)));
            }
            for (Future<RecordMetadata> future : sent) {
                Scene.get(future);
            }
            disk.leave(MIN_MB - 4); // 25 MB of the topic's are more than the 4 MB below, and 4 MB for the way back
            Scene.await("produce is refused", () -> refused(broker));
            Future<RecordMetadata> waiting = Scene.send(producer, T, "waits");
            switch (how) {
                case "DeleteRecords" -> admin.deleteRecords(Map.of(old, RecordsToDelete.beforeOffset(50))).all().get(30, TimeUnit.SECONDS);
                case "DeleteTopics" -> admin.deleteTopics(List.of("old")).all().get(30, TimeUnit.SECONDS);
                default -> alter(admin, "old", "retention.bytes", String.valueOf(SmallDisk.MEGABYTE));
            }
            assertThat(Scene.get(waiting).offset()).isZero();
        }
    }

    private static void alter(Admin admin, String topic, String key, String value) throws Exception {
        var resource = new org.apache.kafka.common.config.ConfigResource(org.apache.kafka.common.config.ConfigResource.Type.TOPIC, topic);
        var op = new org.apache.kafka.clients.admin.AlterConfigOp(new org.apache.kafka.clients.admin.ConfigEntry(key, value),
                org.apache.kafka.clients.admin.AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(resource, List.of(op))).all().get(30, TimeUnit.SECONDS);
    }

    /** Below a quarter the coordinator may not write either: nobody loses a member, a commit or a heartbeat over that. */
    @ParameterizedTest
    @ValueSource(strings = {"classic", "consumer"})
    void belowAQuarterGroupsKeepTheirMembersAndCommitsComeThroughLater(String protocol) throws Exception {
        try (EmbeddedBroker broker = start(); var producer = Scene.producer(broker.port());
             Logged logged = new Logged("org.milena.broker.coordinator.ShardRunner")) {
            int port = broker.port();
            Scene.createTopic(port, "t", 2, Map.of());
            assertThat(Scene.get(Scene.send(producer, T, "0")).offset()).isZero();
            try (GroupMember one = Scene.member(port, protocol); GroupMember two = Scene.member(port, protocol)) {
                Scene.await("both members have a partition", () -> one.assigned().size() == 1 && two.assigned().size() == 1);
                Scene.await("the group is stable", () -> group(port).groupState() == GroupState.STABLE);
                Scene.await("the record is consumed", () -> one.has(T, 0) || two.has(T, 0));
                Set<String> members = members(port);
                int taken = one.taken() + two.taken();
                disk.leave(MIN_MB / 4 - 2);
                Scene.await("nobody may write", () -> !offsetsWritable(broker));
                logged.messages().clear();
                GroupMember owner = one.assigned().contains(T) ? one : two;
                long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(4); // two sessions
                owner.commit(Map.of(T, new OffsetAndMetadata(1)));
                while (System.nanoTime() < until) {
                    int done = owner.commitsDone();
                    Scene.await("the commit is answered", () -> owner.commitsDone() > done);
                    assertThat(owner.commitError()).isInstanceOf(org.apache.kafka.clients.consumer.RetriableCommitFailedException.class);
                    owner.commit(Map.of(T, new OffsetAndMetadata(1)));
                }
                assertThat(logged.messages()).as("loads and failures of the coordinator").isEmpty();
                disk.free();
                Scene.await("a commit comes through", () -> {
                    owner.commit(Map.of(T, new OffsetAndMetadata(1)));
                    return committed(port) == 1;
                });
                assertThat(members(port)).as("members of the group").isEqualTo(members);
                assertThat(one.taken() + two.taken()).as("partitions taken from a member").isEqualTo(taken);
            }
        }
    }

    /** What was voted can be committed (rules 14): the space for that is kept. */
    @Test
    void belowAQuarterAPreparedBranchIsCommitted() throws Exception {
        try (EmbeddedBroker broker = start()) {
            BranchRequest branch = PreparedBranches.prepare(broker, "t", 2, "id", new BranchId(1, new byte[] {1}, new byte[] {2}), "crm");
            disk.leave(MIN_MB / 4 - 2);
            Scene.await("nobody may write", () -> !offsetsWritable(broker));
            assertThat(PreparedBranches.commit(broker, branch)).isEqualTo(XaAnswer.OK);
            assertThat(PreparedBranches.committed(broker, "t")).containsExactly("v0");
            assertThat(offsetsWritable(broker)).as("still full").isFalse();
        }
    }

    private static boolean offsetsWritable(EmbeddedBroker broker) {
        try {
            broker.broker().diskSpace().check(broker.broker().logs().directories().get(0), org.milena.broker.log.AppendOrigin.COORDINATOR);
            return true;
        } catch (NotEnoughReplicasException e) {
            return false;
        }
    }

    private static long committed(int port) throws Exception {
        try (Admin admin = Admin.create(Scene.properties(port))) {
            OffsetAndMetadata offset = admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS).get(T);
            return offset == null ? -1 : offset.offset();
        }
    }

    private static ConsumerGroupDescription group(int port) throws Exception {
        try (Admin admin = Admin.create(Scene.properties(port))) {
            return admin.describeConsumerGroups(List.of("g")).all().get(30, TimeUnit.SECONDS).get("g");
        }
    }

    private static Set<String> members(int port) throws Exception {
        return group(port).members().stream().map(MemberDescription::consumerId).collect(Collectors.toSet());
    }
}
