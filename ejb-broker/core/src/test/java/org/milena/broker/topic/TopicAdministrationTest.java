package org.milena.broker.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsAssignment;
import org.apache.kafka.common.message.CreatePartitionsRequestData.CreatePartitionsTopic;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableReplicaAssignment;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.milena.broker.cache.MetadataImage.PartitionImage;

@Timeout(60)
class TopicAdministrationTest {

    @TempDir
    Path directory;
    private AdminFixture broker;

    @BeforeEach
    void start() {
        broker = new AdminFixture(directory);
    }

    private static void is(CreatableTopicResult result, Errors error, String message) {
        assertThat(Errors.forCode(result.errorCode())).isEqualTo(error);
        assertThat(result.errorMessage()).isEqualTo(message);
    }

    @Test
    void aCreatedTopicTakesWritesBeforeMetadataShowsIt() {
        broker.cache.addListener((before, after) -> {
            if (after.topic("t") != null) {
                assertThat(broker.logs.led.keySet()).contains(new TopicPartition("t", 0), new TopicPartition("t", 1));
            }
        });
        CreatableTopicResult result = broker.create("t", 2, "retention.ms", "5000");
        is(result, Errors.NONE, null);
        assertThat(result.numPartitions()).isEqualTo(2);
        assertThat(result.replicationFactor()).isEqualTo((short) 1);
        assertThat(result.configs()).filteredOn(c -> c.name().equals("retention.ms")).singleElement()
                .satisfies(c -> assertThat(c.value()).isEqualTo("5000"));
        assertThat(broker.image().topic("t").id()).isEqualTo(result.topicId());
        assertThat(broker.image().topic("t").partitions()).containsExactly(
                new PartitionImage(0, 1, 0, List.of(1), List.of(1)), new PartitionImage(1, 1, 0, List.of(1), List.of(1)));
        assertThat(broker.logs.savedConfigs.get(result.topicId())).isEqualTo(Map.of("retention.ms", "5000"));
        assertThat(broker.logs.logs.get(new TopicPartition("t", 0)).config.retentionMs()).isEqualTo(5000);
        assertThat(broker.store.load().topics()).singleElement().satisfies(row -> assertThat(row.name()).isEqualTo("t"));
    }

    @Test
    void wrongTopicsAreRefusedInKafkasWords() {
        broker.create("t", 1);
        broker.create("a.b", 1);
        is(broker.create("t", 1), Errors.TOPIC_ALREADY_EXISTS, "Topic 't' already exists.");
        is(broker.create("a_b", 1), Errors.INVALID_TOPIC_EXCEPTION, "Topic 'a_b' collides with existing topic: a.b");
        is(broker.create("a b", 1), Errors.INVALID_TOPIC_EXCEPTION,
                "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'");
        is(broker.create("n", 0), Errors.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value.");
        is(broker.create(AdminFixture.topic("n", 1).setReplicationFactor((short) 0)), Errors.INVALID_REPLICATION_FACTOR,
                "Replication factor must be larger than 0, or -1 to use the default value.");
        is(broker.create(AdminFixture.topic("n", 1).setReplicationFactor((short) 3)), Errors.INVALID_REPLICATION_FACTOR,
                "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only "
                        + "1 broker(s) are registered.");
        is(broker.create("n", 1, "foo", "1"), Errors.INVALID_CONFIG, "Unknown topic config name: foo");
        is(broker.create("n", 1, "retention.ms", "x"), Errors.INVALID_CONFIG,
                "Invalid value x for configuration retention.ms: Not a number of type LONG");
        is(broker.create("n", 1, "min.compaction.lag.ms", "10", "max.compaction.lag.ms", "5"), Errors.INVALID_CONFIG,
                "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
        is(broker.create("n", 1, "retention.ms", null), Errors.INVALID_CONFIG, "Null value not supported for topic configs: retention.ms");
        is(broker.create("__cluster_metadata", 1), Errors.INVALID_REQUEST, "Creation of internal topic __cluster_metadata is prohibited.");
        assertThat(broker.image().topicsByName()).containsOnlyKeys("t", "a.b");
        assertThat(broker.logs.logs).hasSize(2);
    }

    private static CreatableTopic manual(Object... indexAndReplicas) {
        CreatableTopic topic = AdminFixture.topic("m", -1);
        for (int i = 0; i < indexAndReplicas.length; i += 2) {
            @SuppressWarnings("unchecked") List<Integer> replicas = (List<Integer>) indexAndReplicas[i + 1];
            topic.assignments().add(new CreatableReplicaAssignment().setPartitionIndex((Integer) indexAndReplicas[i]).setBrokerIds(replicas));
        }
        return topic;
    }

    @Test
    void assignmentsByHand() {
        is(broker.create(manual(0, List.of(9))), Errors.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes broker 9, but no such broker is registered.");
        is(broker.create(manual(0, List.of())), Errors.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes an empty replica list.");
        is(broker.create(manual(0, List.of(1, 1))), Errors.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes the broker 1 more than once.");
        is(broker.create(manual(1, List.of(1))), Errors.INVALID_REPLICA_ASSIGNMENT,
                "partitions should be a consecutive 0-based integer sequence");
        is(broker.create(manual(0, List.of(1)).setReplicationFactor((short) 1)), Errors.INVALID_REQUEST,
                "A manual partition assignment was specified, but replication factor was not set to -1.");
        is(broker.create(manual(0, List.of(1)).setNumPartitions(1)), Errors.INVALID_REQUEST,
                "A manual partition assignment was specified, but numPartitions was not set to -1.");
        is(broker.create(manual(1, List.of(1), 0, List.of(1))), Errors.NONE, null);
        assertThat(broker.image().topic("m").partitions()).extracting(PartitionImage::index).containsExactly(0, 1);
    }

    @Test
    void validateOnlyChangesNothing() {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setValidateOnly(true).setTimeoutMs(1000);
        request.topics().add(AdminFixture.topic("t", 3));
        is(broker.admin.createTopics(request).join().topics().find("t"), Errors.NONE, null);
        assertThat(broker.image().topicsByName()).isEmpty();
        assertThat(broker.logs.logs).isEmpty();
        assertThat(broker.store.load().topics()).isEmpty();
    }

    @Test
    void aNameTwiceInOneRequestIsRefused() {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(1000);
        request.topics().add(AdminFixture.topic("t", 1));
        request.topics().add(AdminFixture.topic("t", 2));
        request.topics().add(AdminFixture.topic("u", 1));
        var topics = broker.admin.createTopics(request).join().topics();
        assertThat(topics).hasSize(2);
        is(topics.find("t"), Errors.INVALID_REQUEST, "Duplicate topic name.");
        is(topics.find("u"), Errors.NONE, null);
    }

    @Test
    void aFailingDatabaseLeavesNothingHalfMade() {
        broker.store.failWith(new IllegalStateException("database gone"));
        assertThat(Errors.forCode(broker.create("t", 2).errorCode())).isEqualTo(Errors.UNKNOWN_SERVER_ERROR);
        assertThat(broker.logs.logs).isEmpty();
        assertThat(broker.logs.led).isEmpty();
        assertThat(broker.image().topicsByName()).isEmpty();
        broker.store.failWith(null);
        is(broker.create("t", 2), Errors.NONE, null);
    }

    @Test
    void aFailingDiskLeavesNothingHalfMade() {
        broker.logs.unopenable = new TopicPartition("t", 1);
        is(broker.create("t", 2), Errors.KAFKA_STORAGE_ERROR, "No space left for t-1");
        assertThat(broker.logs.logs).isEmpty();
        assertThat(broker.store.load().topics()).isEmpty();
        assertThat(broker.image().topicsByName()).isEmpty();
    }

    @Test
    void aRequestWhoseTimeIsOverIsNotCarriedOut() {
        Deque<Runnable> waiting = new ArrayDeque<>();
        broker.queue = waiting::add;
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(100);
        request.topics().add(AdminFixture.topic("t", 1));
        var future = broker.admin.createTopics(request);
        assertThat(future).isNotDone();
        broker.nanos += 101_000_000L;
        waiting.poll().run();
        assertThatThrownBy(future::join).hasCauseInstanceOf(TimeoutException.class);
        assertThat(broker.image().topicsByName()).isEmpty();
    }

    private CreatePartitionsTopicResult grow(String name, int count, List<List<Integer>> assignments, boolean validateOnly) {
        CreatePartitionsRequestData request = new CreatePartitionsRequestData().setTimeoutMs(1000).setValidateOnly(validateOnly);
        request.topics().add(new CreatePartitionsTopic().setName(name).setCount(count).setAssignments(assignments == null ? null
                : assignments.stream().map(ids -> new CreatePartitionsAssignment().setBrokerIds(ids)).toList()));
        return broker.admin.createPartitions(request).join().results().get(0);
    }

    private static void is(CreatePartitionsTopicResult result, Errors error, String message) {
        assertThat(Errors.forCode(result.errorCode())).isEqualTo(error);
        assertThat(result.errorMessage()).isEqualTo(message);
    }

    @Test
    void partitionsAreAdded() {
        broker.create("t", 2);
        is(grow("t", 2, null, false), Errors.INVALID_PARTITIONS, "Topic already has 2 partition(s).");
        is(grow("t", 1, null, false), Errors.INVALID_PARTITIONS,
                "The topic t currently has 2 partition(s); 1 would not be an increase.");
        is(grow("no", 2, null, false), Errors.UNKNOWN_TOPIC_OR_PARTITION, null);
        is(grow("t", 4, List.of(List.of(1)), false), Errors.INVALID_REPLICA_ASSIGNMENT,
                "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.");
        is(grow("t", 3, List.of(List.of(9)), false), Errors.INVALID_REPLICA_ASSIGNMENT,
                "The manual partition assignment includes broker 9, but no such broker is registered.");
        is(grow("t", 3, null, true), Errors.NONE, null);
        assertThat(broker.image().topic("t").partitions()).hasSize(2);
        is(grow("t", 4, List.of(List.of(1), List.of(1)), false), Errors.NONE, null);
        assertThat(broker.image().topic("t").partitions()).extracting(PartitionImage::index).containsExactly(0, 1, 2, 3);
        assertThat(broker.store.load().topics().get(0).partitions()).hasSize(4);
        assertThat(broker.logs.led).containsKey(new TopicPartition("t", 3));
    }

    @Test
    void partitionsThatCanNotBeAddedLeaveTheTopicAsItWas() {
        broker.create("t", 1);
        broker.store.failWith(new IllegalStateException("database gone"));
        assertThat(grow("t", 3, null, false).errorCode()).isEqualTo(Errors.UNKNOWN_SERVER_ERROR.code());
        broker.store.failWith(null);
        broker.logs.unopenable = new TopicPartition("t", 2);
        is(grow("t", 3, null, false), Errors.KAFKA_STORAGE_ERROR, "No space left for t-2");
        assertThat(broker.logs.logs).containsOnlyKeys(new TopicPartition("t", 0));
        assertThat(broker.image().topic("t").partitions()).hasSize(1);
    }

    private List<DeletableTopicResult> delete(DeleteTopicState... states) {
        return broker.admin.deleteTopics(new DeleteTopicsRequestData().setTimeoutMs(1000).setTopics(List.of(states)), (short) 6).join()
                .responses().stream().toList();
    }

    private static void is(DeletableTopicResult result, Errors error, String message) {
        assertThat(Errors.forCode(result.errorCode())).isEqualTo(error);
        assertThat(result.errorMessage()).isEqualTo(message);
    }

    @Test
    void topicsAreDeletedByNameAndById() {
        broker.create("t", 1);
        Uuid id = broker.create("u", 1).topicId();
        is(delete(new DeleteTopicState().setName("no")).get(0), Errors.UNKNOWN_TOPIC_OR_PARTITION,
                "This server does not host this topic-partition.");
        is(delete(new DeleteTopicState().setName(null).setTopicId(new Uuid(1, 2))).get(0), Errors.UNKNOWN_TOPIC_ID,
                "This server does not host this topic ID.");
        is(delete(new DeleteTopicState().setName(null)).get(0), Errors.INVALID_REQUEST, "Neither topic name nor id were specified.");
        is(delete(new DeleteTopicState().setName("u").setTopicId(id)).get(0), Errors.INVALID_REQUEST,
                "You may not specify both topic name and topic id.");
        is(delete(new DeleteTopicState().setName("t"), new DeleteTopicState().setName("t")).get(0), Errors.INVALID_REQUEST,
                "Duplicate topic name.");
        assertThat(delete(new DeleteTopicState().setName("u"), new DeleteTopicState().setName(null).setTopicId(id)))
                .allSatisfy(r -> is(r, Errors.INVALID_REQUEST, "The provided topic name maps to an ID that was already supplied."));
        DeletableTopicResult byId = delete(new DeleteTopicState().setName(null).setTopicId(id)).get(0);
        is(byId, Errors.NONE, null);
        assertThat(byId.name()).isEqualTo("u");
        is(delete(new DeleteTopicState().setName("t")).get(0), Errors.NONE, null);
        assertThat(broker.image().topicsByName()).isEmpty();
        assertThat(broker.image().topicsById()).isEmpty();
        assertThat(broker.logs.logs).isEmpty();
        assertThat(broker.store.load().topics()).isEmpty();
    }

    @Test
    void aFailingDatabaseKeepsTheTopicWhole() {
        broker.create("t", 1);
        broker.store.failWith(new IllegalStateException("database gone"));
        assertThat(delete(new DeleteTopicState().setName("t")).get(0).errorCode()).isEqualTo(Errors.UNKNOWN_SERVER_ERROR.code());
        assertThat(broker.image().topic("t")).isNotNull();
        assertThat(broker.logs.led).containsKey(new TopicPartition("t", 0));
    }

    @Test
    void deletionCanBeTurnedOff() {
        broker = new AdminFixture(directory, "delete.topic.enable", "false");
        broker.create("t", 1);
        assertThatThrownBy(() -> delete(new DeleteTopicState().setName("t")))
                .hasCauseInstanceOf(org.apache.kafka.common.errors.TopicDeletionDisabledException.class);
        assertThatThrownBy(() -> broker.admin.deleteTopics(new DeleteTopicsRequestData().setTopicNames(List.of("t")), (short) 2).join())
                .hasCauseInstanceOf(org.apache.kafka.common.errors.InvalidRequestException.class);
        assertThat(broker.image().topic("t")).isNotNull();
    }

    @Test
    void consumerOffsetsAreCreatedOnceWithTheirOwnSettings() {
        broker = new AdminFixture(directory, "offsets.topic.num.partitions", "7", "offsets.topic.segment.bytes", "2000000");
        var topic = broker.admin.internalTopic("__consumer_offsets").join();
        assertThat(topic.internal()).isTrue();
        assertThat(topic.partitions()).hasSize(7);
        assertThat(topic.configs()).containsExactlyInAnyOrderEntriesOf(
                Map.of("cleanup.policy", "compact", "compression.type", "producer", "segment.bytes", "2000000"));
        assertThat(broker.admin.internalTopic("__consumer_offsets").join()).isSameAs(topic);
    }

    @Test
    void whoeverAsksForAnInternalTopicWaitsForTheSameCreation() {
        Deque<Runnable> disk = new ArrayDeque<>();
        broker.disks = disk::add;
        Deque<Runnable> serial = new ArrayDeque<>();
        broker.queue = task -> {
            serial.add(task);
            task.run();
        };
        var asked = List.of(broker.admin.internalTopic("__consumer_offsets"), broker.admin.internalTopic("__consumer_offsets"),
                broker.admin.internalTopic("__consumer_offsets"));
        assertThat(serial).as("a disk that hangs for long must not leave a change waiting for every question").hasSize(1);
        assertThat(asked).noneMatch(java.util.concurrent.Future::isDone);
        disk.forEach(Runnable::run);
        assertThat(asked).allSatisfy(one -> assertThat(one.join()).isSameAs(broker.image().topic("__consumer_offsets")));
    }

    @Test
    void offsetsTopicThatCanNotBeReplicatedFails() {
        broker = new AdminFixture(directory, "offsets.topic.replication.factor", "3");
        assertThatThrownBy(() -> broker.admin.internalTopic("__consumer_offsets").join()).hasRootCauseMessage("Unable to replicate the partition 3 time(s): "
                + "The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.");
    }

    @Test
    void autoCreationUsesTheBrokersDefaults() {
        broker = new AdminFixture(directory, "num.partitions", "3");
        broker.admin.autoCreate(List.of("t", "__consumer_offsets")).join();
        assertThat(broker.image().topic("t").partitions()).hasSize(3);
        assertThat(broker.image().topic("__consumer_offsets").configs()).containsEntry("cleanup.policy", "compact");
    }

    @Test
    void partitionsOfAFailedDirectoryHaveNoLeader() {
        broker.create("t", 2);
        broker.admin.offline(List.of(new TopicPartition("t", 1), new TopicPartition("gone", 0))).join();
        assertThat(broker.image().topic("t").partitions()).extracting(PartitionImage::leader).containsExactly(1, -1);
    }

    private int published(Runnable change) {
        int[] count = new int[1];
        broker.cache.addListener((before, after) -> count[0]++);
        change.run();
        return count[0];
    }

    private static CreateTopicsRequestData creation(String... names) {
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        for (String name : names) {
            request.topics().add(AdminFixture.topic(name, 1));
        }
        return request;
    }

    @Test
    void whatARequestChangesIsShownAtOnce() {
        assertThat(published(() -> broker.admin.createTopics(creation("a", "b", "c", "c", "a b")).join())).isEqualTo(1);
        assertThat(broker.image().topicsByName()).containsOnlyKeys("a", "b");
        CreatePartitionsRequestData more = new CreatePartitionsRequestData();
        more.topics().add(new CreatePartitionsTopic().setName("a").setCount(2).setAssignments(null));
        more.topics().add(new CreatePartitionsTopic().setName("b").setCount(3).setAssignments(null));
        assertThat(published(() -> broker.admin.createPartitions(more).join())).isEqualTo(1);
        assertThat(broker.image().topic("b").partitions()).hasSize(3);
        assertThat(published(() -> broker.admin.deleteTopics(new DeleteTopicsRequestData().setTopicNames(List.of("a", "none", "b")), (short) 5).join()))
                .isEqualTo(1);
        assertThat(broker.image().topicsByName()).isEmpty();
        assertThat(published(() -> broker.admin.deleteTopics(new DeleteTopicsRequestData().setTopicNames(List.of("a", "b")), (short) 5).join())).isZero();
    }

    @Test
    void atOnceAlsoWhenTheDiskIsBusyMeanwhile() {
        Deque<Runnable> disk = new ArrayDeque<>();
        broker.disks = disk::add;
        assertThat(published(() -> {
            var answer = broker.admin.createTopics(creation("a", "b", "c"));
            var late = broker.admin.deleteTopics(new DeleteTopicsRequestData().setTopicNames(List.of("a")), (short) 5);
            disk.remove().run();
            disk.remove().run();
            assertThat(broker.image().topicsByName()).isEmpty();
            disk.remove().run();
            assertThat(answer.join().topics()).allMatch(result -> result.errorCode() == 0);
            disk.remove().run();
            assertThat(late.join().responses().find("a").errorCode()).isZero();
        })).as("one for the creations, one for the deletion").isEqualTo(2);
        assertThat(broker.image().topicsByName()).containsOnlyKeys("b", "c");
    }

    @Test
    void aDirectoryThatHangsHoldsUpOnlyTheTopicsOfTheRequestThatLieThere() {
        FakeLogs.Dir hung = new FakeLogs.Dir(directory.resolve("hung"));
        broker.logs.directories.add(hung);
        broker.logs.places.put(new TopicPartition("b", 0), hung);
        Deque<Runnable> disk = new ArrayDeque<>();
        broker.disksOf = place -> place == hung ? disk::add : Runnable::run;
        var answer = broker.admin.createTopics(creation("a", "b", "c"));
        assertThat(broker.image().topicsByName()).containsOnlyKeys("a", "c");
        assertThat(answer).isNotDone();
        disk.remove().run();
        assertThat(answer.join().topics()).allMatch(result -> result.errorCode() == 0);
        assertThat(broker.image().topicsByName()).containsOnlyKeys("a", "b", "c");
    }

    @Test
    void aTopicThatFailsKeepsNoOtherFromBeingShown() {
        broker.logs.unopenable = new TopicPartition("b", 0);
        assertThat(published(() -> broker.admin.createTopics(creation("a", "b", "c")).join())).isEqualTo(1);
        assertThat(broker.image().topicsByName()).containsOnlyKeys("a", "c");
    }
}
