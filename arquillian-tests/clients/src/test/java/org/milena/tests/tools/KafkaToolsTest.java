package org.milena.tests.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.milena.tests.broker.BrokerUnderTest;
import org.milena.tests.broker.Cluster;

/** Kafka's own command-line tools for administration, as an operator runs them: exit codes and what they print. */
@ExtendWith(BrokerUnderTest.class)
class KafkaToolsTest {
    private static final String GROUPS = "consumer.group.ConsumerGroupCommand";
    private static Tools tools;
    @TempDir
    Path dir;

    @BeforeAll
    static void start() {
        tools = new Tools();
    }

    @AfterAll
    static void stop() {
        tools.close();
    }

    private Path file(String content) throws IOException {
        return Files.writeString(dir.resolve("file.json"), content);
    }

    @Test
    void topicsAreCreatedListedDescribedAlteredAndDeleted() {
        String topic = Cluster.name("tool-topic");
        assertThat(tools.run("TopicCommand", "--create", "--topic", topic, "--partitions", "2", "--config", "retention.ms=3600000").ok().out())
            .contains("Created topic " + topic + ".");
        Tools.Result again = tools.run("TopicCommand", "--create", "--topic", topic);
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.out() + again.err()).contains("Topic '" + topic + "' already exists.");
        tools.run("TopicCommand", "--create", "--topic", topic, "--if-not-exists").ok();
        assertThat(tools.run("TopicCommand", "--list").ok().lines()).contains(topic);
        String described = tools.run("TopicCommand", "--describe", "--topic", topic).ok().out();
        assertThat(described).contains("Topic: " + topic, "TopicId: ", "PartitionCount: 2", "ReplicationFactor: 1", "retention.ms=3600000",
            "Partition: 0", "Partition: 1", "Leader: ", "Isr: ");
        assertThat(described).doesNotContain("Leader: none");
        tools.run("TopicCommand", "--alter", "--topic", topic, "--partitions", "4").ok();
        assertThat(tools.run("TopicCommand", "--describe", "--topic", topic).ok().out()).contains("PartitionCount: 4", "Partition: 3");
        assertThat(tools.run("TopicCommand", "--alter", "--topic", topic, "--partitions", "1").code()).isEqualTo(1);
        assertThat(tools.run("TopicCommand", "--describe", "--under-replicated-partitions").ok().out()).isBlank();
        assertThat(tools.run("TopicCommand", "--describe", "--unavailable-partitions").ok().out()).isBlank();
        tools.run("TopicCommand", "--delete", "--topic", topic).ok();
        assertThat(tools.run("TopicCommand", "--list").ok().lines()).doesNotContain(topic);
        Tools.Result missing = tools.run("TopicCommand", "--describe", "--topic", topic);
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.out() + missing.err()).contains("Topic '" + topic + "' does not exist as expected");
    }

    @Test
    void aWrongTopicConfigIsRefusedWithItsName() {
        Tools.Result refused = tools.run("TopicCommand", "--create", "--topic", Cluster.name("wrong"), "--config", "retention.ms=soon");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.out() + refused.err()).contains("retention.ms");
        Tools.Result factor = tools.run("TopicCommand", "--create", "--topic", Cluster.name("wrong"), "--replication-factor", "9");
        assertThat(factor.code()).isEqualTo(1);
        assertThat(factor.out() + factor.err()).contains("replication factor");
    }

    private KafkaConsumer<byte[], byte[]> member(String group, String topic) {
        KafkaConsumer<byte[], byte[]> consumer = Cluster.consumer(Map.of("group.id", group, "client.id", "tool-member"));
        consumer.subscribe(List.of(topic));
        int read = 0;
        for (long end = System.nanoTime() + 30_000_000_000L; read < 10 && System.nanoTime() < end; ) read += consumer.poll(Duration.ofMillis(200)).count();
        assertThat(read).isEqualTo(10);
        consumer.commitSync(Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(4)));
        return consumer;
    }

    /** The tool gives up after 5 s by default, in which a busy machine has hardly started it. */
    private Tools.Result groups(String... arguments) {
        return tools.run(GROUPS, Stream.concat(Stream.of(arguments), Stream.of("--timeout", "60000")).toArray(String[]::new));
    }

    @Test
    void consumerGroupsAreListedDescribedResetAndDeleted() {
        String topic = Cluster.topic("tool-group", 1);
        String group = Cluster.name("tool-group");
        Cluster.produce(Cluster.numbered(topic, 1, 0, 10).toList());
        try (KafkaConsumer<byte[], byte[]> consumer = member(group, topic)) {
            assertThat(groups("--list").ok().lines()).contains(group);
            assertThat(groups("--list", "--state").ok().table()).contains(List.of(group, "Stable"));
            assertThat(groups("--describe", "--group", group, "--offsets").ok().table())
                .anySatisfy(row -> assertThat(row).startsWith(group, topic, "0", "4", "10", "6").anyMatch(cell -> cell.startsWith("tool-member-")));
            assertThat(groups("--describe", "--group", group, "--members", "--verbose").ok().out()).contains("tool-member", topic + ":0");
            assertThat(groups("--describe", "--group", group, "--state").ok().table())
                .anySatisfy(row -> assertThat(row).contains(group, "Stable", "range"));
            Tools.Result inUse = groups("--delete", "--group", group);
            assertThat(inUse.out() + inUse.err()).contains("GroupNotEmptyException");
            Tools.Result refused = groups("--reset-offsets", "--group", group, "--topic", topic, "--to-earliest", "--execute");
            assertThat(refused.out() + refused.err()).contains("Assignments can only be reset if the group '" + group + "' is inactive");
            assertThat(consumer.poll(Duration.ZERO)).isEmpty();
        }
        assertThat(groups("--describe", "--group", group, "--state").ok().table()).anySatisfy(row -> assertThat(row).contains(group, "Empty"));
        groups("--reset-offsets", "--group", group, "--topic", topic, "--shift-by", "3", "--dry-run").ok();
        assertThat(Cluster.committed(group).get(new TopicPartition(topic, 0)).offset()).isEqualTo(4);
        assertThat(groups("--reset-offsets", "--group", group, "--topic", topic, "--shift-by", "3", "--execute").ok().table())
            .contains(List.of(group, topic, "0", "7"));
        assertThat(Cluster.committed(group).get(new TopicPartition(topic, 0)).offset()).isEqualTo(7);
        groups("--reset-offsets", "--group", group, "--topic", topic, "--to-datetime", "2001-01-01T00:00:00.000", "--execute").ok();
        assertThat(Cluster.committed(group).get(new TopicPartition(topic, 0)).offset()).isZero();
        assertThat(groups("--delete-offsets", "--group", group, "--topic", topic).ok().out()).contains("Request succeeded for deleting offsets from group");
        assertThat(groups("--delete", "--group", group).ok().out()).contains("Deletion of requested consumer groups");
        assertThat(groups("--list").ok().lines()).doesNotContain(group);
        Tools.Result missing = groups("--describe", "--group", group);
        assertThat(missing.out() + missing.err()).contains("Group " + group + " not found.");
    }

    @Test
    void groupsCommandTellsTypeAndProtocol() {
        String topic = Cluster.topic("tool-groups", 1);
        String group = Cluster.name("tool-groups");
        Cluster.produce(Cluster.numbered(topic, 1, 0, 10).toList());
        member(group, topic).close();
        assertThat(tools.run("GroupsCommand", "--list").ok().table()).contains(List.of(group, "Classic", "consumer"));
    }

    @Test
    void offsetsAreTold() {
        String topic = Cluster.topic("tool-offsets", 2);
        Cluster.produce(Cluster.numbered(topic, 2, 0, 11).toList());
        assertThat(tools.run("GetOffsetShell", "--topic", topic).ok().lines()).containsExactly(topic + ":0:6", topic + ":1:5");
        assertThat(tools.run("GetOffsetShell", "--topic", topic, "--time", "earliest").ok().lines()).containsExactly(topic + ":0:0", topic + ":1:0");
        assertThat(tools.run("GetOffsetShell", "--topic-partitions", topic + ":1", "--time", "max-timestamp").ok().lines()).hasSize(1);
        assertThat(tools.run("GetOffsetShell", "--topic", Cluster.name("missing")).code()).isEqualTo(1);
    }

    @Test
    void recordsAreDeletedUpToAnOffset() throws IOException {
        String topic = Cluster.topic("tool-delete", 1);
        Cluster.produce(Cluster.numbered(topic, 1, 0, 10).toList());
        Path request = file("{\"partitions\": [{\"topic\": \"" + topic + "\", \"partition\": 0, \"offset\": 4}], \"version\": 1}");
        assertThat(tools.run("DeleteRecordsCommand", "--offset-json-file", request.toString()).ok().out())
            .contains("partition: " + topic + "-0", "low_watermark: 4");
        assertThat(Cluster.readAll(topic)).extracting(record -> record.offset()).startsWith(4L).hasSize(6);
        assertThat(tools.run("GetOffsetShell", "--topic", topic, "--time", "earliest").ok().lines()).containsExactly(topic + ":0:4");
    }

    @Test
    void logDirsAreDescribed() {
        String topic = Cluster.topic("tool-logdirs", 1);
        Cluster.produce(Cluster.numbered(topic, 1, 0, 10).toList());
        assertThat(tools.run("LogDirsCommand", "--describe", "--topic-list", topic).ok().out())
            .contains("Received log directory information from brokers", "\"partition\":\"" + topic + "-0\"", "\"offsetLag\":0", "\"error\":null");
    }

    @Test
    void apiVersionsAreTold() {
        String out = tools.run("BrokerApiVersionsCommand").ok().out();
        assertThat(out).contains("(id: ", "Produce(0): ", "Fetch(1): ", "ConsumerGroupHeartbeat(68): ", "ApiVersions(18): ");
    }

    @Test
    void featuresAreDescribed() {
        assertThat(tools.run("FeatureCommand", "describe").ok().lines())
            .anyMatch(line -> line.startsWith("Feature: metadata.version") && line.contains("FinalizedVersionLevel: 4."))
            .anyMatch(line -> line.startsWith("Feature: group.version") && line.contains("FinalizedVersionLevel: 1"))
            .anyMatch(line -> line.startsWith("Feature: transaction.version") && line.contains("FinalizedVersionLevel: 2"));
    }

    @Test
    void theClusterTellsItsIdAndEndpoints() {
        assertThat(tools.run("ClusterTool", "", List.of("cluster-id", "--bootstrap-server", BrokerUnderTest.bootstrap())).ok().out())
            .containsPattern("Cluster ID: [A-Za-z0-9_-]{22}");
        assertThat(tools.run("ClusterTool", "", List.of("list-endpoints", "--bootstrap-server", BrokerUnderTest.bootstrap())).ok().table())
            .anySatisfy(row -> assertThat(row).contains(BrokerUnderTest.bootstrap().split(":")[1]));
    }

    @Test
    void configsAreSetShownAndRemoved() {
        String topic = Cluster.topic("tool-configs", 1);
        String tool = "kafka.admin.ConfigCommand";
        tools.run(tool, "--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", "retention.ms=60000,cleanup.policy=[compact,delete]").ok();
        assertThat(tools.run(tool, "--describe", "--entity-type", "topics", "--entity-name", topic).ok().out())
            .contains("retention.ms=60000", "cleanup.policy=compact,delete", "DYNAMIC_TOPIC_CONFIG:retention.ms=60000");
        tools.run(tool, "--alter", "--entity-type", "topics", "--entity-name", topic, "--delete-config", "retention.ms").ok();
        assertThat(tools.run(tool, "--describe", "--entity-type", "topics", "--entity-name", topic).ok().out()).doesNotContain("retention.ms");
        assertThat(tools.run(tool, "--describe", "--entity-type", "topics", "--entity-name", topic, "--all").ok().out()).contains("segment.bytes=");
        Tools.Result wrong = tools.run(tool, "--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", "no.such.key=1");
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.out() + wrong.err()).contains("no.such.key");
    }

    @Test
    void leadersAreElected() {
        String topic = Cluster.topic("tool-elect", 1);
        Tools.Result elected = tools.run("LeaderElectionCommand", "--election-type", "preferred", "--topic", topic, "--partition", "0").ok();
        assertThat(elected.out() + elected.err()).contains("Valid replica already elected for partitions", topic);
        Tools.Result missing = tools.run("LeaderElectionCommand", "--election-type", "preferred", "--topic", Cluster.name("missing"), "--partition", "0");
        assertThat(missing.code()).isEqualTo(1);
    }

    @Test
    void aReassignmentToWhereEverythingIsCompletesAtOnce() throws IOException {
        String topic = Cluster.topic("tool-reassign", 1);
        int node = Cluster.get(Cluster.admin().describeCluster().nodes()).iterator().next().id();
        Path plan = file("{\"version\":1,\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0,\"replicas\":[" + node + "]}]}");
        String tool = "reassign.ReassignPartitionsCommand";
        assertThat(tools.run(tool, "--execute", "--reassignment-json-file", plan.toString()).ok().out())
            .contains("Successfully started partition reassignment for " + topic + "-0");
        assertThat(tools.run(tool, "--verify", "--reassignment-json-file", plan.toString()).ok().out())
            .contains("Reassignment of partition " + topic + "-0 is completed.");
        assertThat(tools.run(tool, "--list").ok().out()).contains("No partition reassignments found.");
        Path impossible = file("{\"version\":1,\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":0,\"replicas\":[4711]}]}");
        Tools.Result refused = tools.run(tool, "--execute", "--reassignment-json-file", impossible.toString());
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.out() + refused.err()).contains("4711");
    }
}
