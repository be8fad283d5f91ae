package org.milena.broker.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** Topics are deleted while one of two log directories is offline: when it comes back, what it holds of them is not served again. */
class DeletedWhileOfflineTest {

    @TempDir
    Path dir;

    private final FaultyDisk disk = new FaultyDisk();
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private EmbeddedBroker start() {
        return EmbeddedBroker.start(dir, store, Map.of("log.dirs", dir.resolve("a") + "," + dir.resolve("b"), "milena.log.dir.min.free", "0"), disk);
    }

    private static void fill(EmbeddedBroker broker, String topic, String value) throws Exception {
        try (var producer = Scene.producer(broker.port())) {
            for (int i = 0; i < 4; i++) {
                Scene.get(Scene.send(producer, new TopicPartition(topic, i), value));
            }
        }
    }

    private void fail(EmbeddedBroker broker, TopicPartition inIt) {
        disk.fail(dir.resolve("b"), "Input/output error");
        try (var producer = Scene.producer(broker.port(), "delivery.timeout.ms", "3000", "request.timeout.ms", "2000", "linger.ms", "0")) {
            assertThatThrownBy(() -> Scene.get(Scene.send(producer, inIt, "refused"))).isNotNull();
        }
    }

    private static Set<String> topics(EmbeddedBroker broker) {
        return broker.broker().metadata().image().topicsByName().keySet();
    }

    @Test
    void theyDoNotComeBackWithItNorStandInTheWayOfTheirSuccessors() throws Exception {
        try (EmbeddedBroker broker = start()) {
            for (String topic : List.of("gone", "again", "stays")) {
                Scene.createTopic(broker.port(), topic, 4, Map.of());
                fill(broker, topic, "old");
            }
            fail(broker, Scene.onePerDirectory(broker, "stays", 4, List.of(dir.resolve("a"), dir.resolve("b"))).get(1));
            try (Admin admin = Admin.create(Scene.properties(broker.port()))) {
                admin.deleteTopics(List.of("gone", "again")).all().get(Scene.PATIENCE_S, TimeUnit.SECONDS);
            }
            Scene.createTopic(broker.port(), "again", 4, Map.of());
            fill(broker, "again", "new");
        }
        try (EmbeddedBroker broker = start()) { // still offline
            assertThat(topics(broker)).contains("again", "stays").doesNotContain("gone");
        }
        disk.heal(dir.resolve("b"));
        for (int restart = 0; restart < 2; restart++) {
            try (EmbeddedBroker broker = start()) {
                assertThat(topics(broker)).contains("again", "stays").doesNotContain("gone");
                for (int i = 0; i < 4; i++) {
                    assertThat(Scene.readAll(broker.port(), new TopicPartition("again", i))).extracting(r -> new String(r.value())).containsExactly("new");
                    assertThat(Scene.readAll(broker.port(), new TopicPartition("stays", i))).extracting(r -> new String(r.value())).containsExactly("old");
                }
            }
            assertThat(disk.list(dir.resolve("b")).stream().map(p -> p.getFileName().toString())).noneMatch(name -> name.matches("gone-\\d"));
        }
    }
}
