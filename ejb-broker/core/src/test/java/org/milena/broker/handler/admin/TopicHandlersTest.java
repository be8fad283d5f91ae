package org.milena.broker.handler.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignablePartition;
import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData.ReassignableTopic;
import org.apache.kafka.common.message.AlterPartitionReassignmentsResponseData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteRecordsRequestData;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsPartition;
import org.apache.kafka.common.message.DeleteRecordsRequestData.DeleteRecordsTopic;
import org.apache.kafka.common.message.DeleteRecordsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsRequestData.DescribableLogDirTopic;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData.TopicPartitions;
import org.apache.kafka.common.message.ElectLeadersResponseData;
import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.ListPartitionReassignmentsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.topic.AdminFixture;

class TopicHandlersTest {

    @TempDir
    Path directory;
    private HandlerFixture api;

    @BeforeEach
    void start() {
        api = new HandlerFixture(directory);
    }

    private static CreateTopicsRequestData creation(String name) {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(1000);
        request.topics().add(AdminFixture.topic(name, 2).setReplicationFactor((short) 1));
        return request;
    }

    @Test
    void topicsComeGrowAndGoInEveryVersion() {
        for (int version = 2; version <= 7; version++) {
            var created = api.call(ApiKeys.CREATE_TOPICS, version, creation("t" + version), CreateTopicsResponseData.class)
                    .topics().find("t" + version);
            assertThat(created.errorCode()).isZero();
            assertThat(created.numPartitions()).isEqualTo(version >= 5 ? 2 : -1);
            assertThat(created.configs()).hasSize(version >= 5 ? 24 : 0);
        }
        for (int version = 0; version <= 3; version++) {
            CreatePartitionsRequestData request = new CreatePartitionsRequestData().setTimeoutMs(1000);
            request.topics().add(new CreatePartitionsTopic().setName("t2").setCount(3 + version).setAssignments(null));
            var results = api.call(ApiKeys.CREATE_PARTITIONS, version, request, CreatePartitionsResponseData.class).results();
            assertThat(results).singleElement().satisfies(r -> assertThat(r.errorCode()).isZero());
        }
        assertThat(api.broker.image().topic("t2").partitions()).hasSize(6);
        for (int version = 1; version <= 6; version++) {
            DeleteTopicsRequestData request = new DeleteTopicsRequestData().setTimeoutMs(1000);
            String name = "t" + (version + 1);
            if (version < 6) {
                request.setTopicNames(List.of(name));
            } else {
                request.setTopics(List.of(new DeleteTopicState().setName(name)));
            }
            var deleted = api.call(ApiKeys.DELETE_TOPICS, version, request, DeleteTopicsResponseData.class).responses();
            assertThat(deleted).singleElement().satisfies(r -> assertThat(r.errorCode()).isZero());
        }
        assertThat(api.broker.image().topicsByName()).isEmpty();
    }

    @Test
    void theClientIsAnsweredWhenItsTimeIsOver() {
        Deque<Runnable> waiting = new ArrayDeque<>();
        api.broker.queue = waiting::add;
        CapturingContext context = api.send(ApiKeys.CREATE_TOPICS, 7, creation("t"));
        assertThat(context.reply()).isNull();
        context.scheduled.run();
        assertThat(((CreateTopicsResponseData) context.reply()).topics().find("t").errorCode()).isEqualTo(Errors.REQUEST_TIMED_OUT.code());
        waiting.poll().run();
        assertThat(api.broker.image().topic("t")).as("it was in time to be carried out").isNotNull();
    }

    private DeleteRecordsResponseData.DeleteRecordsPartitionResult deleteRecords(int version, String topic, int partition, long offset) {
        DeleteRecordsRequestData request = new DeleteRecordsRequestData().setTimeoutMs(1000).setTopics(List.of(new DeleteRecordsTopic()
                .setName(topic).setPartitions(List.of(new DeleteRecordsPartition().setPartitionIndex(partition).setOffset(offset)))));
        return api.call(ApiKeys.DELETE_RECORDS, version, request, DeleteRecordsResponseData.class).topics().find(topic).partitions()
                .find(partition);
    }

    private void refused(Errors error, String topic, int partition, long offset) {
        var result = deleteRecords(2, topic, partition, offset);
        assertThat(Errors.forCode(result.errorCode())).isEqualTo(error);
        assertThat(result.lowWatermark()).isEqualTo(-1);
    }

    @Test
    void recordsAreDeletedUpToTheHighWatermark() {
        api.broker.create("t", 1);
        api.broker.create("c", 1, "cleanup.policy", "compact");
        api.broker.admin.internalTopic("__consumer_offsets").join();
        var log = api.broker.logs.logs.get(new TopicPartition("t", 0));
        log.end = 10;
        assertThat(deleteRecords(0, "t", 0, 4).lowWatermark()).isEqualTo(4);
        assertThat(deleteRecords(1, "t", 0, 2).lowWatermark()).as("never back").isEqualTo(4);
        refused(Errors.OFFSET_OUT_OF_RANGE, "t", 0, 11);
        refused(Errors.OFFSET_OUT_OF_RANGE, "t", 0, -2);
        refused(Errors.UNKNOWN_TOPIC_OR_PARTITION, "t", 1, 0);
        refused(Errors.UNKNOWN_TOPIC_OR_PARTITION, "no", 0, 0);
        refused(Errors.POLICY_VIOLATION, "c", 0, 0);
        refused(Errors.INVALID_TOPIC_EXCEPTION, "__consumer_offsets", 0, 0);
        assertThat(deleteRecords(2, "t", 0, -1).lowWatermark()).as("-1 means the high watermark").isEqualTo(10);
        assertThat(log.start).isEqualTo(10);
    }

    @Test
    void logDirectoriesAreDescribedInEveryVersion() {
        api.broker.create("t", 2);
        api.broker.create("u", 1);
        api.broker.logs.logs.get(new TopicPartition("t", 1)).end = 3;
        for (int version = 1; version <= 5; version++) {
            var response = api.call(ApiKeys.DESCRIBE_LOG_DIRS, version, new DescribeLogDirsRequestData().setTopics(null),
                    DescribeLogDirsResponseData.class);
            var dir = response.results().get(0);
            assertThat(dir.logDir()).isEqualTo(directory.toAbsolutePath().toString());
            assertThat(dir.errorCode()).isZero();
            assertThat(dir.topics()).extracting(t -> t.name()).containsExactly("t", "u");
            assertThat(dir.topics().get(0).partitions().get(1).partitionSize()).isEqualTo(300);
            if (version >= 4) {
                assertThat(dir.totalBytes()).isPositive();
                assertThat(dir.usableBytes()).isPositive().isLessThanOrEqualTo(dir.totalBytes());
            }
        }
        DescribeLogDirsRequestData some = new DescribeLogDirsRequestData();
        some.topics().add(new DescribableLogDirTopic().setTopic("t").setPartitions(List.of(1, 9)));
        assertThat(api.call(ApiKeys.DESCRIBE_LOG_DIRS, 4, some, DescribeLogDirsResponseData.class).results().get(0).topics())
                .singleElement().satisfies(t -> assertThat(t.partitions()).singleElement()
                        .satisfies(p -> assertThat(p.partitionIndex()).isEqualTo(1)));
    }

    private ElectLeadersResponseData elect(int version, byte type, TopicPartitions... asked) {
        ElectLeadersRequestData request = new ElectLeadersRequestData().setElectionType(type).setTimeoutMs(1000);
        if (asked.length == 0) {
            request.setTopicPartitions(null);
        } else {
            List.of(asked).forEach(request.topicPartitions()::add);
        }
        return api.call(ApiKeys.ELECT_LEADERS, version, request, ElectLeadersResponseData.class);
    }

    @Test
    void elections() {
        api.broker.create("t", 2);
        for (int version = 0; version <= 2; version++) {
            var results = elect(version, (byte) 0, new TopicPartitions().setTopic("t").setPartitions(List.of(0, 9)),
                    new TopicPartitions().setTopic("no").setPartitions(List.of(0))).replicaElectionResults();
            assertThat(results.get(0).partitionResult()).extracting(r -> Errors.forCode(r.errorCode()) + ": " + r.errorMessage())
                    .containsExactly("ELECTION_NOT_NEEDED: Leader election not needed for topic partition.", "UNKNOWN_TOPIC_OR_PARTITION: No such partition as t-9");
            assertThat(results.get(1).partitionResult().get(0).errorMessage()).isEqualTo("No such topic as no");
        }
        assertThat(elect(2, (byte) 0).replicaElectionResults()).as("only those that needed one").isEmpty();
        api.broker.admin.offline(List.of(new TopicPartition("t", 1))).join();
        assertThat(elect(2, (byte) 0).replicaElectionResults().get(0).partitionResult().get(0).errorCode())
                .isEqualTo(Errors.PREFERRED_LEADER_NOT_AVAILABLE.code());
        assertThat(elect(2, (byte) 1).replicaElectionResults().get(0).partitionResult().get(0).errorCode())
                .isEqualTo(Errors.ELIGIBLE_LEADERS_NOT_AVAILABLE.code());
        assertThat(elect(2, (byte) 7).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
    }

    private String reassign(int version, String topic, int partition, List<Integer> replicas) {
        var request = new AlterPartitionReassignmentsRequestData().setTimeoutMs(1000).setTopics(List.of(new ReassignableTopic().setName(topic)
                .setPartitions(List.of(new ReassignablePartition().setPartitionIndex(partition).setReplicas(replicas)))));
        var result = api.call(ApiKeys.ALTER_PARTITION_REASSIGNMENTS, version, request, AlterPartitionReassignmentsResponseData.class)
                .responses().get(0).partitions().get(0);
        return Errors.forCode(result.errorCode()) + ": " + result.errorMessage();
    }

    @Test
    void reassignments() {
        api.broker.create("t", 1);
        assertThat(reassign(0, "t", 0, List.of(1))).isEqualTo("NONE: null");
        assertThat(reassign(1, "t", 0, List.of(9))).isEqualTo("INVALID_REPLICA_ASSIGNMENT: The manual partition assignment includes broker 9, "
                + "but no such broker is registered.");
        assertThat(reassign(1, "t", 0, null)).isEqualTo("NO_REASSIGNMENT_IN_PROGRESS: null");
        assertThat(reassign(1, "no", 0, null)).isEqualTo("UNKNOWN_TOPIC_OR_PARTITION: Unable to find a topic named no.");
        assertThat(reassign(1, "t", 77, null)).isEqualTo("UNKNOWN_TOPIC_OR_PARTITION: Unable to find partition t:77.");
        assertThat(api.call(ApiKeys.LIST_PARTITION_REASSIGNMENTS, 0, new ListPartitionReassignmentsRequestData(),
                ListPartitionReassignmentsResponseData.class).topics()).isEmpty();
    }
}
