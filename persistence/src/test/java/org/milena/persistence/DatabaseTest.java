package org.milena.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {

    @TempDir
    Path dir;

    @Test
    void keepsTopicsAndConfigsAcrossRestarts() {
        UUID id = UUID.randomUUID();
        try (Database database = Database.open(DatabaseSettings.h2File(dir.resolve("m")))) {
            database.call(entities -> {
                TopicRepository topics = new TopicRepository(entities);
                topics.add(new Topic(id, "orders", false, false));
                topics.add(new Partition(id, 0, 1, 0, List.of(1, 2), List.of(1)));
                new ConfigRepository(entities).alter("topic", "orders", Map.of("retention.ms", "-1"));
                return null;
            });
        }
        try (Database database = Database.open(DatabaseSettings.h2File(dir.resolve("m")))) {
            assertThat(database.<List<Topic>>call(e -> new TopicRepository(e).topics())).extracting(Topic::getName).containsExactly("orders");
            assertThat(database.<List<Partition>>call(e -> new TopicRepository(e).partitions())).singleElement().satisfies(p -> {
                assertThat(p.getReplicas()).containsExactly(1, 2);
                assertThat(p.getIsr()).containsExactly(1);
            });
            assertThat(database.<List<Config>>call(e -> new ConfigRepository(e).configs())).extracting(Config::getValue).containsExactly("-1");
        }
    }

    @Test
    void aSecondProcessLearnsThatTheFileIsInUse() {
        try (Database database = Database.open(DatabaseSettings.h2File(dir.resolve("m")))) {
            assertThat(database.<String>callDurably(e -> new ClusterRepository(e).clusterId(() -> "a"))).isEqualTo("a");
            assertThat(database.<String>callDurably(e -> new ClusterRepository(e).clusterId(() -> "b"))).isEqualTo("a");
        }
        assertThatThrownBy(() -> Database.open(DatabaseSettings.url("jdbc:h2:file:/proc/nowhere/m", "a", "")))
            .isInstanceOf(DatabaseException.class).hasMessageContaining("jdbc:h2:file:/proc/nowhere/m");
    }
}
