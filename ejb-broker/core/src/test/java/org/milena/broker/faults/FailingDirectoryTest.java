package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** One of several log directories fails at run time: its partitions are offline, the others serve, and a restart brings it back. */
class FailingDirectoryTest {

    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private EmbeddedBroker start() {
        return EmbeddedBroker.start(dir, store, Map.of("log.dirs", dir.resolve("a") + "," + dir.resolve("b"), "milena.log.dir.min.free", "0"), disk);
    }

    @Test
    void onlyThePartitionsOfTheFailedDirectoryGoOfflineAndARestartBringsThemBack() throws Exception {
        TopicPartition failed;
        TopicPartition healthy;
        try (EmbeddedBroker broker = start()) {
            Scene.createTopic(broker.port(), "t", 4, Map.of());
            List<TopicPartition> places = Scene.onePerDirectory(broker, "t", 4, List.of(dir.resolve("a"), dir.resolve("b")));
            failed = places.get(0);
            healthy = places.get(1);
            try (var producer = Scene.producer(broker.port(), "delivery.timeout.ms", "3000", "request.timeout.ms", "2000", "linger.ms", "0");
                 Admin admin = Admin.create(Scene.properties(broker.port()))) {
                Scene.get(Scene.send(producer, failed, "acknowledged"));
                Scene.get(Scene.send(producer, healthy, "acknowledged"));
                disk.fail(dir.resolve("a"), "Input/output error");
                assertThatThrownBy(() -> Scene.get(Scene.send(producer, failed, "refused"))).isNotNull();
                assertThatThrownBy(() -> broker.broker().replicas().partition("t", failed.partition())).isInstanceOf(KafkaStorageException.class)
                        .hasMessageContaining(dir.resolve("a").toString()).hasMessageContaining("Input/output error");
                Scene.await("the metadata shows no leader", () -> leaders(admin)[failed.partition()] < 0);
                int[] leaders = leaders(admin);
                for (int i = 0; i < 4; i++) {
                    boolean offline = broker.broker().logs().log(new TopicPartition("t", i)).orElseThrow().directory().path().endsWith("a");
                    assertThat(leaders[i] < 0).as("partition " + i + " is offline").isEqualTo(offline);
                }
                assertThat(Scene.get(Scene.send(producer, healthy, "goes on")).offset()).isEqualTo(1);
                assertThat(Scene.readAll(broker.port(), healthy)).hasSize(2);
            }
        }
        disk.heal(dir.resolve("a"));
        try (EmbeddedBroker broker = start(); var producer = Scene.producer(broker.port())) {
            assertThat(new String(Scene.readAll(broker.port(), failed).get(0).value())).isEqualTo("acknowledged");
            assertThat(Scene.readAll(broker.port(), healthy)).hasSize(2);
            assertThat(Scene.get(Scene.send(producer, failed, "again")).offset()).isPositive();
        }
    }

    private static int[] leaders(Admin admin) throws Exception {
        return admin.describeTopics(List.of("t")).allTopicNames().get(Scene.PATIENCE_S, TimeUnit.SECONDS).get("t").partitions().stream()
                .mapToInt(p -> p.leader() == null ? -1 : p.leader().id()).toArray();
    }
}
