package org.milena.broker.handler.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;

/** What an operator does, with Apache Kafka's own AdminClient over a socket, on real logs. */
class AdminClientTest {

    @TempDir
    Path directory;
    private final InMemoryMetadataStore store = new InMemoryMetadataStore();

    private static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static void produce(EmbeddedBroker broker, String topic, int records) throws Exception {
        try (var producer = new KafkaProducer<String, String>(broker.properties(), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < records; i++) {
                producer.send(new ProducerRecord<>(topic, 0, "k", "v" + i)).get(30, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void topicsLiveAndDie() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, store, Map.of()); Admin admin = Admin.create(broker.properties())) {
            get(admin.createTopics(List.of(new NewTopic("t", 2, (short) 1))).all());
            assertThatThrownBy(() -> get(admin.createTopics(List.of(new NewTopic("t", 2, (short) 1))).all()))
                    .hasCauseInstanceOf(TopicExistsException.class).hasMessageContaining("Topic 't' already exists.");
            get(admin.createPartitions(Map.of("t", NewPartitions.increaseTo(3))).all());
            TopicDescription description = get(admin.describeTopics(List.of("t"),
                    new DescribeTopicsOptions().includeAuthorizedOperations(true)).allTopicNames()).get("t");
            assertThat(description.partitions()).hasSize(3).allSatisfy(p -> assertThat(p.leader().port()).isEqualTo(broker.port()));
            assertThat(description.authorizedOperations()).contains(AclOperation.READ, AclOperation.WRITE);
            produce(broker, "t", 10);
            var deleted = admin.deleteRecords(Map.of(new TopicPartition("t", 0), RecordsToDelete.beforeOffset(4)));
            assertThat(get(deleted.lowWatermarks().get(new TopicPartition("t", 0))).lowWatermark()).isEqualTo(4);
            var dirs = get(admin.describeLogDirs(List.of(1)).allDescriptions()).get(1).values().iterator().next();
            assertThat(dirs.replicaInfos().get(new TopicPartition("t", 0)).size()).isPositive();
            assertThat(dirs.totalBytes()).isPresent();
            get(admin.deleteTopics(List.of("t")).all());
            assertThat(get(admin.listTopics().names())).isEmpty();
            assertThatThrownBy(() -> get(admin.describeTopics(List.of("t")).allTopicNames()))
                    .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
        }
    }

    @Test
    void settingsActAndOutliveARestart() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "t");
        ConfigResource self = new ConfigResource(ConfigResource.Type.BROKER, "1");
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, store, Map.of()); Admin admin = Admin.create(broker.properties())) {
            get(admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all());
            get(admin.incrementalAlterConfigs(Map.of(
                    topic, List.of(new AlterConfigOp(new ConfigEntry("retention.ms", "7000"), AlterConfigOp.OpType.SET)),
                    self, List.of(new AlterConfigOp(new ConfigEntry("message.max.bytes", "5000"), AlterConfigOp.OpType.SET)))).all());
            assertThatThrownBy(() -> get(admin.incrementalAlterConfigs(Map.of(topic, List.of(
                    new AlterConfigOp(new ConfigEntry("foo", "1"), AlterConfigOp.OpType.SET)))).all()))
                    .hasCauseInstanceOf(InvalidConfigurationException.class).hasMessageContaining("Unknown topic config name: foo");
            assertThatThrownBy(() -> get(admin.incrementalAlterConfigs(Map.of(self, List.of(
                    new AlterConfigOp(new ConfigEntry("foo", "1"), AlterConfigOp.OpType.SET)))).all()))
                    .hasCauseInstanceOf(InvalidConfigurationException.class);
            assertThat(broker.broker().logs().log(new TopicPartition("t", 0)).orElseThrow().config().maxMessageBytes()).isEqualTo(5000);
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, store, Map.of()); Admin admin = Admin.create(broker.properties())) {
            var configs = get(admin.describeConfigs(List.of(topic, self)).all());
            assertThat(configs.get(topic).get("retention.ms").value()).isEqualTo("7000");
            assertThat(configs.get(topic).get("retention.ms").source()).isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
            assertThat(configs.get(topic).get("max.message.bytes").source()).isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_BROKER_CONFIG);
            assertThat(configs.get(self).get("listeners").isReadOnly()).isTrue();
            var config = broker.broker().logs().log(new TopicPartition("t", 0)).orElseThrow().config();
            assertThat(config.retentionMs()).isEqualTo(7000);
            assertThat(config.maxMessageBytes()).isEqualTo(5000);
        }
    }

    @Test
    void theClusterDescribesItself() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, store, Map.of()); Admin admin = Admin.create(broker.properties())) {
            get(admin.createTopics(List.of(new NewTopic("t", 1, (short) 1))).all());
            var cluster = admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
            assertThat(get(cluster.nodes())).singleElement().satisfies(n -> assertThat(n.port()).isEqualTo(broker.port()));
            assertThat(get(cluster.controller()).id()).isEqualTo(1);
            assertThat(get(cluster.authorizedOperations())).contains(AclOperation.CREATE);
            var features = get(admin.describeFeatures().featureMetadata());
            assertThat(features.finalizedFeatures()).containsOnlyKeys("metadata.version", "group.version", "transaction.version");
            assertThat(get(admin.listConfigResources().all())).contains(new ConfigResource(ConfigResource.Type.TOPIC, "t"));
            TopicPartition tp = new TopicPartition("t", 0);
            assertThat(get(admin.electLeaders(ElectionType.PREFERRED, Set.of(tp)).partitions()).get(tp)).isPresent();
            get(admin.alterPartitionReassignments(Map.of(tp, Optional.of(new NewPartitionReassignment(List.of(1))))).all());
            assertThat(get(admin.listPartitionReassignments().reassignments())).isEmpty();
        }
    }

    @Test
    void aTopicThatIsProducedToIsCreated() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory, store, Map.of("num.partitions", "2"));
             Admin admin = Admin.create(broker.properties())) {
            produce(broker, "new", 1);
            assertThat(get(admin.describeTopics(List.of("new")).allTopicNames()).get("new").partitions()).hasSize(2);
        }
    }
}
