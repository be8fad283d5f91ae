package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/**
 * The file system says "No space left on device", because somebody else filled it faster than the guard looks or the guard is switched off:
 * the directory goes offline, the others serve, and what was acknowledged is there after a restart with more space.
 */
class FullDiskTest {

    private static final int DISK_MB = 32;

    @TempDir
    Path dir;

    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private EmbeddedBroker start(SmallDisk disk, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Scene.SHORT_SESSIONS);
        settings.putAll(Map.of("log.dirs", disk.root().resolve("logs") + "," + dir.resolve("large"), "milena.log.dir.min.free", "0",
                "offsets.topic.num.partitions", "2"));
        settings.putAll(more);
        return EmbeddedBroker.start(dir.resolve("data"), store, settings);
    }

    /** Sends 40 MB; returns what was acknowledged. */
    private static Set<String> overfill(EmbeddedBroker broker, TopicPartition full) throws Exception {
        Set<String> acknowledged = new HashSet<>();
        try (var producer = Scene.producer(broker.port(), "delivery.timeout.ms", "3000", "request.timeout.ms", "2000", "linger.ms", "0")) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = 0; i < 80; i++) {
                sent.add(Scene.send(producer, full, i + ":" + "x".repeat(SmallDisk.MEGABYTE / 2)));
            }
            for (int i = 0; i < sent.size(); i++) {
                try {
                    Scene.get(sent.get(i));
                    acknowledged.add(Integer.toString(i));
                } catch (ExecutionException e) {
                    // there was no space for it
                }
            }
        }
        assertThat(acknowledged.size()).as("acknowledged").isBetween(1, 79);
        return acknowledged;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1"})
    void aFullDiskTakesItsDirectoryOfflineAndLosesNothingThatWasAcknowledged(String flushMessages) throws Exception {
        Map<String, String> topic = flushMessages.isEmpty() ? Map.of() : Map.of("flush.messages", flushMessages);
        try (SmallDisk disk = new SmallDisk(dir.resolve("small"), DISK_MB)) {
            TopicPartition full;
            Set<String> acknowledged;
            try (EmbeddedBroker broker = start(disk, Map.of())) {
                Scene.createTopic(broker.port(), "t", 2, topic);
                List<TopicPartition> places = Scene.onePerDirectory(broker, "t", 2, List.of(disk.root().resolve("logs"), dir.resolve("large")));
                full = places.get(0);
                acknowledged = overfill(broker, full);
                assertThat(broker.broker().logs().directories().get(0).failure()).get().asString().contains("No space left on device");
                try (var producer = Scene.producer(broker.port())) {
                    assertThat(Scene.get(Scene.send(producer, places.get(1), "the other directory lives")).offset()).isZero();
                }
            }
            disk.grow(3 * DISK_MB);
            try (EmbeddedBroker broker = start(disk, Map.of()); var producer = Scene.producer(broker.port())) {
                Set<String> there = new HashSet<>();
                Scene.readAll(broker.port(), full).forEach(r -> assertThat(there.add(new String(r.value()).split(":")[0])).isTrue());
                assertThat(there).containsAll(acknowledged);
                assertThat(Scene.get(Scene.send(producer, full, "again")).offset()).isEqualTo(there.size());
            }
        }
    }

    /** One directory only, and it starts full: what an operator sees, and how it comes back. */
    @Test
    void aBrokerWhoseDiskIsFullAtTheStartServesWhatItHasAndGoesOnWithSpace() throws Exception {
        TopicPartition t = new TopicPartition("t", 0);
        Map<String, String> guarded = Map.of("milena.log.dir.min.free", String.valueOf(8 * SmallDisk.MEGABYTE));
        try (SmallDisk disk = new SmallDisk(dir.resolve("small"), DISK_MB)) {
            guarded = new HashMap<>(guarded);
            guarded.put("log.dirs", disk.root().resolve("logs").toString());
            try (EmbeddedBroker broker = start(disk, guarded); var producer = Scene.producer(broker.port())) {
                Scene.createTopic(broker.port(), "t", 1, Map.of());
                Scene.get(Scene.send(producer, t, "0"));
                try (GroupMember member = Scene.member(broker.port(), "consumer")) {
                    Scene.await("the record is consumed", () -> member.has(t, 0));
                    member.commit(Map.of(t, new OffsetAndMetadata(1)));
                    Scene.await("the offset is committed", () -> member.commitsDone() == 1 && member.commitError() == null);
                }
            }
            disk.leave(0);
            try (EmbeddedBroker broker = start(disk, guarded); var producer = Scene.producer(broker.port(), "linger.ms", "0")) {
                Scene.await("produce is refused", () -> !broker.broker().diskSpace().refusals().isEmpty());
                assertThat(broker.broker().logs().directories()).allMatch(d -> d.online(), "online");
                assertThat(Scene.readAll(broker.port(), t)).hasSize(1);
                Future<RecordMetadata> waiting = Scene.send(producer, t, "1");
                disk.free();
                assertThat(waiting.get(Scene.PATIENCE_S, TimeUnit.SECONDS).offset()).isEqualTo(1);
                try (GroupMember member = Scene.member(broker.port(), "consumer")) {
                    Scene.await("the group goes on where it was", () -> member.has(t, 1));
                    assertThat(member.has(t, 0)).isFalse();
                }
            }
        }
    }
}
