package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.milena.broker.BrokerReport;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.TopicAdministration.Topic;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** A log directory whose writes block for longer than any session: nothing but its own partitions may notice. */
class StalledDirectoryTest {

    private static final long STALL_MS = Scene.LONG ? 30_000 : 5_000;

    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();

    /** @param commitTimeoutMs how long a commit waits for the disk, and with it the heartbeats behind it: answers keep their order */
    private EmbeddedBroker start(String commitTimeoutMs) {
        Map<String, String> settings = new HashMap<>(Scene.SHORT_SESSIONS);
        settings.putAll(Map.of("log.dirs", dir.resolve("a") + "," + dir.resolve("b"), "offsets.topic.num.partitions", "1",
                "milena.log.dir.min.free", "0", "offsets.commit.timeout.ms", commitTimeoutMs));
        return EmbeddedBroker.start(dir, new InMemoryMetadataStore(), settings, disk);
    }

    @ParameterizedTest
    @CsvSource({"classic,false,500", "consumer,false,500", "classic,true,500", "consumer,true,500", "classic,true,60000", "consumer,true,60000"})
    void aStalledDirectoryHoldsUpOnlyItsOwnPartitions(String protocol, boolean withTheOffsets, String commitTimeoutMs) throws Exception {
        try (EmbeddedBroker broker = start(commitTimeoutMs)) {
            int port = broker.port();
            Scene.createTopic(port, "t", 4, Map.of());
            try (GroupMember one = Scene.member(port, protocol); GroupMember two = Scene.member(port, protocol)) {
                Scene.await("both members have two partitions", () -> one.assigned().size() == 2 && two.assigned().size() == 2);
                Path offsets = broker.broker().replicas().partition("__consumer_offsets", 0).log().directory().path();
                Path other = offsets.endsWith("a") ? dir.resolve("b") : dir.resolve("a");
                List<TopicPartition> places = Scene.onePerDirectory(broker, "t", 4, withTheOffsets ? List.of(other, offsets) : List.of(offsets, other));
                Scene.await("the group is stable", () -> group(port).groupState() == GroupState.STABLE);
                int taken = one.taken() + two.taken();
                Set<String> members = members(port);
                stallAndWatch(broker, withTheOffsets ? offsets : other, places.get(0), places.get(1), List.of(one, two), withTheOffsets);
                assertThat(members(port)).as("members of the group").isEqualTo(members);
                assertThat(one.taken() + two.taken()).as("partitions taken from a member").isEqualTo(taken);
            }
        } finally {
            disk.heal(dir.resolve("a"));
            disk.heal(dir.resolve("b"));
        }
    }

    private void stallAndWatch(EmbeddedBroker broker, Path stalling, TopicPartition healthy, TopicPartition stalled, List<GroupMember> members,
                               boolean withTheOffsets) throws Exception {
        int port = broker.port();
        try (var toHealthy = Scene.producer(port); var toStalled = Scene.producer(port); Admin admin = Admin.create(Scene.properties(port))) {
            assertThat(Scene.get(Scene.send(toHealthy, healthy, "before")).offset()).isZero();
            assertThat(Scene.get(Scene.send(toStalled, stalled, "before")).offset()).isZero();
            Scene.await("the first records are consumed", () -> has(members, healthy, 0) && has(members, stalled, 0));
            disk.stall(stalling);
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STALL_MS);
            Future<RecordMetadata> waiting = Scene.send(toStalled, stalled, "waits");
            Scene.await("the disk holds a thread", () -> disk.held() > 0);
            GroupMember owner = members.stream().filter(m -> m.assigned().contains(healthy)).findFirst().orElseThrow();
            assertHealthAndConsoleAnswer(broker, 2);
            int commits = owner.commitsDone();
            owner.commit(Map.of(healthy, new OffsetAndMetadata(1)));
            long next = 1;
            while (System.nanoTime() < until) {
                assertThat(Scene.get(Scene.send(toHealthy, healthy, "meanwhile")).offset()).isEqualTo(next);
                long offset = next++;
                Scene.await("record " + offset + " of the other directory is consumed meanwhile", () -> has(members, healthy, offset));
                assertThat(admin.describeTopics(List.of("t")).allTopicNames().get(10, TimeUnit.SECONDS).get("t").partitions())
                        .allSatisfy(p -> assertThat(p.leader()).isNotNull());
            }
            assertHealthAndConsoleAnswer(broker, 2);
            assertThat(waiting.isDone()).isFalse();
            if (!withTheOffsets) {
                Scene.await("the commit is acknowledged meanwhile", () -> owner.commitsDone() > commits);
                assertThat(owner.commitError()).isNull();
            }
            assertThat(disk.held()).isPositive();
            disk.heal(stalling);
            assertThat(Scene.get(waiting).offset()).isEqualTo(1);
            Scene.await("the record that waited is consumed", () -> has(members, stalled, 1));
            Scene.await("the commit is answered", () -> owner.commitsDone() > commits);
            if (owner.commitError() != null) {
                assertThat(owner.commitError()).isInstanceOf(RetriableException.class);
            } else {
                assertThat(admin.listConsumerGroupOffsets("g").partitionsToOffsetAndMetadata().get(30, TimeUnit.SECONDS).get(healthy).offset()).isEqualTo(1);
            }
        }
    }

    /** What the health endpoints and the status page ask for. The disk is healed only afterwards: an answer that waits for it never comes. */
    private static void assertHealthAndConsoleAnswer(EmbeddedBroker embedded, int directories) throws Exception {
        BrokerReport report = embedded.broker().report();
        BrokerStatus status = new BrokerStatus();
        report.register(status);
        assertThat(answer(status::readiness)).containsOnlyKeys("logs", "disk space", "topics").allSatisfy((name, check) -> assertThat(check.up()).as(name).isTrue());
        assertThat(answer(report::directories)).hasSize(directories).allSatisfy(d -> assertThat(d.failure()).isNull());
        assertThat(answer(report::topics)).extracting(Topic::name).contains("t");
        assertThat(answer(report::advertised)).containsExactly(embedded.bootstrap());
        assertThat(answer(report::connections)).isPositive();
        assertThat(answer(report::clusterId)).isNotEmpty();
        assertThat(answer(() -> {
            ByteArrayOutputStream metrics = new ByteArrayOutputStream();
            embedded.broker().metrics().scrape(metrics, null);
            return metrics.toString(StandardCharsets.UTF_8);
        })).contains("kafka_");
        Scene.await("a sign of life of every thread while the disk stalls",
                () -> answer(status::liveness).get("threads").equals(Check.up(Map.of("longest wait ms", "0"))));
    }

    private static <T> T answer(Callable<T> question) throws Exception {
        FutureTask<T> task = new FutureTask<>(question);
        Thread thread = new Thread(task, "health");
        thread.setDaemon(true);
        thread.start();
        return task.get(30, TimeUnit.SECONDS);
    }

    private static ConsumerGroupDescription group(int port) throws Exception {
        try (Admin admin = Admin.create(Scene.properties(port))) {
            return admin.describeConsumerGroups(List.of("g")).all().get(30, TimeUnit.SECONDS).get("g");
        }
    }

    private static Set<String> members(int port) throws Exception {
        return group(port).members().stream().map(MemberDescription::consumerId).collect(Collectors.toSet());
    }

    private static boolean has(List<GroupMember> members, TopicPartition partition, long offset) {
        return members.stream().anyMatch(m -> m.has(partition, offset));
    }
}
