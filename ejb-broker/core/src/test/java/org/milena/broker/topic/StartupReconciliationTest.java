package org.milena.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.testing.Logged;

class StartupReconciliationTest {

    @TempDir
    Path directory;
    private AdminFixture broker;

    @BeforeEach
    void start() {
        broker = new AdminFixture(directory);
    }

    private FakeLog found(String topic, int partition, Uuid id) {
        TopicPartition tp = new TopicPartition(topic, partition);
        FakeLog log = new FakeLog(tp, id, broker.logs.directories.get(0), LogConfigs.of(BrokerConfig.of(Map.of()), Map.of(), false));
        broker.logs.logs.put(tp, log);
        return log;
    }

    private PartitionImage partition(String topic, int index) {
        return broker.image().topic(topic).partitions().get(index);
    }

    @Test
    void everyStartLeadsUnderAHigherEpoch() {
        broker.create("t", 2);
        assertThat(partition("t", 0).leaderEpoch()).isZero();
        broker.start();
        assertThat(partition("t", 0).leaderEpoch()).isEqualTo(1);
        assertThat(broker.logs.led).containsEntry(new TopicPartition("t", 1), 1);
        broker.start();
        assertThat(partition("t", 0).leaderEpoch()).isEqualTo(2);
        assertThat(broker.store.load().topics().get(0).partitions().get(0).leaderEpoch()).isEqualTo(2);
    }

    @Test
    void theEpochLiesAboveTheCheckpoint() {
        broker.create("t", 1);
        broker.logs.logs.get(new TopicPartition("t", 0)).latestEpoch = 41;
        broker.start();
        assertThat(partition("t", 0).leaderEpoch()).isEqualTo(42);
        assertThat(broker.logs.led).containsEntry(new TopicPartition("t", 0), 42);
    }

    @Test
    void clusterIdAndIncarnationsLast() {
        String clusterId = broker.image().clusterId();
        assertThat(clusterId).isEqualTo("cluster-of-tests");
        long next = broker.admin.start("another", List.of(AdminFixture.SELF));
        assertThat(broker.image().clusterId()).isEqualTo(clusterId);
        assertThat(broker.admin.start(null, List.of(AdminFixture.SELF))).isEqualTo(next + 1);
    }

    @Test
    void anEmptyDatabaseTakesTopicsWithTheSettingsBesideTheirLogs() {
        Uuid id = broker.create("t", 3, "retention.ms", "-1").topicId();
        broker = new AdminFixture(new InMemoryMetadataStore(), broker.logs, Map.of());
        assertThat(broker.image().topic("t").id()).isEqualTo(id);
        assertThat(broker.image().topic("t").configs()).containsExactlyEntriesOf(Map.of("retention.ms", "-1"));
        assertThat(broker.image().topic("t").configsHeld()).isFalse();
        assertThat(broker.image().topic("t").partitions()).hasSize(3);
        assertThat(broker.logs.logs.get(new TopicPartition("t", 2)).config.retentionMs()).isEqualTo(-1);
    }

    @Test
    void aKafkaDirectoryWithoutItsMetadataIsHeldUntilItsSettingsAreKnown() {
        found("old", 0, new Uuid(7, 7)).latestEpoch = 5;
        found("old", 1, new Uuid(7, 7));
        try (Logged log = new Logged(StartupReconciliation.class.getName())) {
            broker.start();
            assertThat(log.messages()).filteredOn(m -> m.contains("held")).singleElement().asString()
                    .contains("old", "cleanup.policy, and where that includes delete also retention.ms and retention.bytes");
        }
        assertThat(broker.image().topic("old").configsHeld()).isTrue();
        assertThat(broker.logs.logs.get(new TopicPartition("old", 0)).config.held()).isTrue();
        assertThat(partition("old", 0).leaderEpoch()).isEqualTo(6);
        broker.start();
        assertThat(broker.image().topic("old").configsHeld()).as("after another start").isTrue();
    }

    @Test
    void ourOwnTopicsSettingsAreAlwaysKnown() {
        found("__consumer_offsets", 0, new Uuid(8, 8));
        found("__cluster_metadata", 0, new Uuid(9, 9));
        broker.start();
        assertThat(broker.image().topic("__consumer_offsets").configsHeld()).isFalse();
        assertThat(broker.image().topic("__consumer_offsets").configs()).containsEntry("cleanup.policy", "compact");
        assertThat(broker.image().topic("__consumer_offsets").internal()).isTrue();
        assertThat(broker.image().topic("__cluster_metadata")).isNull();
    }

    @Test
    void aPartitionGapIsFilled() {
        found("gap", 2, new Uuid(7, 7));
        broker.start();
        assertThat(broker.image().topic("gap").partitions()).extracting(PartitionImage::index).containsExactly(0, 1, 2);
        assertThat(broker.logs.led).containsKeys(new TopicPartition("gap", 0), new TopicPartition("gap", 2));
    }

    @Test
    void partitionsThatACrashKeptFromTheDatabaseAreAdded() {
        Uuid id = broker.create("t", 1).topicId();
        found("t", 1, id);
        broker.start();
        assertThat(broker.image().topic("t").partitions()).hasSize(2);
        assertThat(broker.store.load().topics().get(0).partitions()).hasSize(2);
    }

    @Test
    void aPartitionThatIsNowhereWhileADirectoryIsOfflineIsNotMadeAnew() {
        broker.create("t", 2);
        FakeLogs.Dir failed = new FakeLogs.Dir(directory.resolve("failed"));
        failed.failure = "Input/output error";
        broker.logs.directories.add(failed);
        broker.logs.logs.remove(new TopicPartition("t", 1));
        broker.start();
        assertThat(broker.image().topic("t").partitions()).extracting(PartitionImage::leader).containsExactly(1, -1);
        assertThat(broker.logs.logs).doesNotContainKey(new TopicPartition("t", 1));
    }

    @Test
    void aPartitionThatCanNotBeOpenedTakesNoOtherWithIt() {
        broker.create("t", 3);
        broker.logs.unopenable = new TopicPartition("t", 1);
        broker.start();
        assertThat(broker.image().topic("t").partitions()).extracting(PartitionImage::leader).containsExactly(1, -1, 1);
        assertThat(broker.logs.led).containsOnlyKeys(new TopicPartition("t", 0), new TopicPartition("t", 2));
    }

    @Test
    void logsOfAnotherTopicOfTheSameNameAreLeftAlone() {
        broker.create("t", 1);
        broker.logs.logs.clear();
        FakeLog stranger = found("t", 0, new Uuid(5, 5));
        broker.start();
        assertThat(broker.image().topicsById()).doesNotContainKey(new Uuid(5, 5));
        assertThat(broker.logs.logs.get(new TopicPartition("t", 0))).isSameAs(stranger);
    }

    @Test
    void aTopicThatWasDeletedWhileItsDirectoryWasOfflineIsNotTakenForAnUnknownOne() {
        Uuid id = broker.create("t", 1).topicId();
        FakeLog away = broker.logs.logs.remove(new TopicPartition("t", 0));
        broker.logs.directories.get(0).failure = "Input/output error";
        broker.admin.deleteTopics(new DeleteTopicsRequestData().setTopicNames(List.of("t")), (short) 5).join();
        assertThat(broker.store.load().deleted()).containsExactly(id);
        broker.start();
        assertThat(broker.store.load().deleted()).as("until the directory has been seen").containsExactly(id);
        broker.logs.directories.get(0).failure = null;
        broker.logs.logs.put(new TopicPartition("t", 0), away);
        found("unknown", 0, new Uuid(5, 5));
        broker.start();
        assertThat(broker.image().topicsByName()).containsOnlyKeys("unknown");
        assertThat(broker.logs.logs).containsOnlyKeys(new TopicPartition("unknown", 0));
        assertThat(broker.store.load().deleted()).isEmpty();
    }

    @Test
    void aDeletionThatIsDoneIsForgotten() {
        broker.create("t", 1);
        broker.admin.deleteTopics(new DeleteTopicsRequestData().setTopicNames(List.of("t")), (short) 5).join();
        assertThat(broker.store.load().deleted()).isEmpty();
    }
}
