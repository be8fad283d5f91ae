package org.milena.broker.ejb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.MetadataStore.PartitionRow;
import org.milena.broker.cluster.MetadataStore.PartitionUpdate;
import org.milena.broker.cluster.MetadataStore.TopicRow;
import org.milena.persistence.Database;
import org.milena.persistence.DatabaseSettings;

class DatabaseMetadataStoreTest {

    @TempDir
    Path dir;

    private Database database;
    private DatabaseMetadataStore store;

    @BeforeEach
    void open() {
        database = Database.open(DatabaseSettings.h2File(dir.resolve("m")));
        store = new DatabaseMetadataStore(database);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static PartitionRow row(int index, int leader, int epoch, long version) {
        return new PartitionRow(index, leader, epoch, List.of(1, 2), List.of(leader), version);
    }

    private TopicRow create(String name, Map<String, String> configs) {
        TopicRow topic = new TopicRow(Uuid.randomUuid(), name, false, false, List.of(row(0, 1, 0, 0), row(1, 1, 0, 0)), configs);
        store.createTopic(topic);
        return topic;
    }

    @Test
    void whatIsCreatedIsLoadedAgain() {
        TopicRow topic = create("a", Map.of("retention.ms", "1"));
        store.alterConfigs("broker", "", Map.of("log.retention.ms", "2"));
        store.alterConfigs("broker", "1", Map.of("log.retention.ms", "3"));
        close();
        open();
        assertThat(store.load().topics()).containsExactly(topic);
        assertThat(store.load().configs().get("broker")).isEqualTo(Map.of("", Map.of("log.retention.ms", "2"), "1", Map.of("log.retention.ms", "3")));
    }

    @Test
    void aNameIsTakenUntilItsTopicIsDeletedAndTheNextOneInheritsNothing() {
        TopicRow first = create("a", Map.of("retention.ms", "1"));
        assertThatThrownBy(() -> create("a", Map.of())).isInstanceOf(TopicExistsException.class).hasMessage("Topic 'a' already exists.");
        store.deleteTopic(first.id());
        TopicRow second = create("a", Map.of());
        assertThat(store.load().topics()).containsExactly(second);
    }

    @Test
    void aDeletedTopicIsRememberedUntilItIsForgotten() {
        TopicRow first = create("a", Map.of());
        TopicRow second = create("b", Map.of());
        store.deleteTopic(first.id());
        store.deleteTopic(second.id());
        store.deleteTopic(Uuid.randomUuid());
        close();
        open();
        assertThat(store.load().deleted()).containsExactlyInAnyOrder(first.id(), second.id());
        store.forgetDeleted(List.of(first.id(), Uuid.randomUuid()));
        assertThat(store.load().deleted()).containsExactly(second.id());
    }

    @Test
    void partitionsContinueTheExistingOnes() {
        TopicRow topic = create("a", Map.of());
        assertThatThrownBy(() -> store.addPartitions(topic.id(), List.of(row(3, 1, 0, 0)))).isInstanceOf(IllegalArgumentException.class);
        store.addPartitions(topic.id(), List.of(row(2, 1, 0, 0)));
        assertThat(store.load().topics().get(0).partitions()).extracting(PartitionRow::index).containsExactly(0, 1, 2);
        assertThatThrownBy(() -> store.addPartitions(Uuid.randomUuid(), List.of(row(0, 1, 0, 0)))).isInstanceOf(UnknownTopicIdException.class);
    }

    @Test
    void leadershipChangesOnlyFromTheVersionThatWasRead() {
        TopicRow topic = create("a", Map.of());
        assertThat(store.updatePartition(topic.id(), row(0, 2, 1, 0), 0)).isTrue();
        assertThat(store.updatePartition(topic.id(), row(0, 1, 1, 0), 0)).isFalse();
        assertThat(store.load().topics().get(0).partitions().get(0)).isEqualTo(row(0, 2, 1, 1));
        assertThat(store.updatePartition(topic.id(), row(7, 1, 1, 0), 0)).isFalse();
    }

    @Test
    void manyChangesAreAllOrNone() {
        TopicRow topic = create("a", Map.of());
        assertThat(store.updatePartitions(List.of(new PartitionUpdate(topic.id(), row(0, 2, 5, 0), 0),
            new PartitionUpdate(topic.id(), row(1, 2, 5, 0), 9)))).isFalse();
        assertThat(store.load().topics()).containsExactly(topic);
        assertThat(store.updatePartitions(List.of(new PartitionUpdate(topic.id(), row(0, 2, 5, 0), 0),
            new PartitionUpdate(topic.id(), row(1, 2, 6, 0), 0)))).isTrue();
        assertThat(store.load().topics().get(0).partitions()).containsExactly(row(0, 2, 5, 1), row(1, 2, 6, 1));
    }

    @Test
    void aNullRemovesAConfig() {
        store.alterConfigs("group", "g", Map.of("a", "1", "b", "2"));
        Map<String, String> changes = new HashMap<>();
        changes.put("a", null);
        changes.put("b", "3");
        store.alterConfigs("group", "g", changes);
        assertThat(store.load().configs().get("group")).isEqualTo(Map.of("g", Map.of("b", "3")));
    }

    @Test
    void aHoldIsLifted() {
        TopicRow held = new TopicRow(Uuid.randomUuid(), "held", false, true, List.of(), Map.of());
        store.createTopic(held);
        store.releaseConfigs(held.id());
        assertThat(store.load().topics().get(0).configsHeld()).isFalse();
    }

    @Test
    void numbersOnlyGrow() {
        long first = store.allocateProducerIds(-1, 1000);
        assertThat(store.allocateProducerIds(-1, 1000)).isEqualTo(first + 1000);
        assertThat(store.allocateProducerIds(50_000, 1000)).isEqualTo(50_001);
        assertThat(store.newIncarnation(1)).isLessThan(store.newIncarnation(2));
        assertThat(store.clusterId("found")).isEqualTo("found");
        assertThat(store.clusterId(null)).isEqualTo("found");
    }
}
