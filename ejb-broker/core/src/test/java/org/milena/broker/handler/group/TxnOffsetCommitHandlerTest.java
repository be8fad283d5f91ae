package org.milena.broker.handler.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.GroupFixture;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.log.TransactionEnd;

/** TxnOffsetCommit in every version: names and ids, what does not exist, and answers that fit the version. */
class TxnOffsetCommitHandlerTest {

    private static final int NEWEST = 6;
    private final GroupFixture f = new GroupFixture();
    private Errors answer = Errors.NONE;
    private boolean added;
    private final TxnOffsetCommitHandler handler = new TxnOffsetCommitHandler(f.coordinator, () -> f.image, (id, producer, epoch, partitions, add) -> {
        added = add;
        return CompletableFuture.completedFuture(Map.of(new TopicPartition(OffsetsTopic.NAME, 0), answer));
    });
    private Uuid id;

    @BeforeEach
    void oneTopicHasTwoPartitions() {
        TopicImage old = f.image.topic("t");
        id = old.id();
        List<PartitionImage> partitions = List.of(new PartitionImage(0, 1, 0, List.of(1), List.of(1)), new PartitionImage(1, 1, 0, List.of(1), List.of(1)));
        TopicImage topic = new TopicImage(id, "t", false, partitions, Map.of(), false);
        Map<String, TopicImage> byName = new HashMap<>(f.image.topicsByName());
        Map<Uuid, TopicImage> byId = new HashMap<>(f.image.topicsById());
        byName.put("t", topic);
        byId.put(id, topic);
        f.image = new MetadataImage(2, "cluster", 1, f.image.brokers(), byName, byId, Map.of(), Map.of());
    }

    private TxnOffsetCommitRequestTopic topic(String name, Uuid topicId, int... partitions) {
        TxnOffsetCommitRequestTopic topic = new TxnOffsetCommitRequestTopic().setName(name).setTopicId(topicId);
        for (int partition : partitions) {
            topic.partitions().add(new TxnOffsetCommitRequestPartition().setPartitionIndex(partition).setCommittedOffset(10 + partition));
        }
        return topic;
    }

    private TxnOffsetCommitResponseData commit(int version, TxnOffsetCommitRequestTopic... topics) {
        RecordingContext context = new RecordingContext(ApiKeys.TXN_OFFSET_COMMIT, version);
        handler.handle(context, new TxnOffsetCommitRequestData().setTransactionalId("tx").setGroupId(GroupFixture.GROUP).setProducerId(7)
                .setProducerEpoch((short) 0).setTopics(List.of(topics)));
        f.world.run();
        return (TxnOffsetCommitResponseData) context.reply;
    }

    private static Map<Integer, Errors> errors(TxnOffsetCommitResponseTopic topic) {
        Map<Integer, Errors> errors = new HashMap<>();
        topic.partitions().forEach(p -> errors.put(p.partitionIndex(), Errors.forCode(p.errorCode())));
        return errors;
    }

    @Test
    void everyVersionIsServed() {
        for (int version = 0; version <= NEWEST; version++) {
            TxnOffsetCommitResponseData response = commit(version, topic("t", id, 0, 1));
            assertThat(response.topics()).as("version %s", version).hasSize(1);
            assertThat(errors(response.topics().get(0))).as("version %s", version).isEqualTo(Map.of(0, Errors.NONE, 1, Errors.NONE));
            assertThat(version < 6 ? response.topics().get(0).name().equals("t") : response.topics().get(0).topicId().equals(id)).isTrue();
            if (version == 0) {
                assertThat(added).isFalse();
            }
        }
        assertThat(f.fetch("t", 1, true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
    }

    @Test
    void transactionVersion2AddsTheGroup() {
        commit(4, topic("t", id, 0));
        assertThat(added).isFalse();
        f.world.get(f.coordinator.endTransaction(0, new TransactionEnd(7, (short) 0, 0, true, (short) 0), false));
        commit(5, topic("t", id, 0));
        assertThat(added).isTrue();
    }

    @Test
    void whatDoesNotExistIsToldAndTheRestIsCommitted() {
        TxnOffsetCommitResponseData byName = commit(5, topic("t", Uuid.ZERO_UUID, 0, 2), topic("gone", Uuid.ZERO_UUID, 0));
        assertThat(byName.topics()).hasSize(2);
        assertThat(errors(byName.topics().get(0))).isEqualTo(Map.of(0, Errors.NONE, 2, Errors.UNKNOWN_TOPIC_OR_PARTITION));
        assertThat(errors(byName.topics().get(1))).isEqualTo(Map.of(0, Errors.UNKNOWN_TOPIC_OR_PARTITION));
        TxnOffsetCommitResponseData byId = commit(6, topic("", new Uuid(1, 1), 0));
        assertThat(errors(byId.topics().get(0))).isEqualTo(Map.of(0, Errors.UNKNOWN_TOPIC_ID));
    }

    /** KAFKA-7296. */
    @Test
    void producersBeforeKafka2AreNotToldOfLoading() {
        answer = Errors.COORDINATOR_LOAD_IN_PROGRESS;
        assertThat(errors(commit(1, topic("t", id, 0)).topics().get(0))).isEqualTo(Map.of(0, Errors.COORDINATOR_NOT_AVAILABLE));
        assertThat(errors(commit(2, topic("t", id, 0)).topics().get(0))).isEqualTo(Map.of(0, Errors.COORDINATOR_LOAD_IN_PROGRESS));
    }

    @Test
    void aRefusalIsToldOfEveryPartition() {
        answer = Errors.INVALID_PRODUCER_ID_MAPPING;
        for (int version = 0; version <= NEWEST; version++) {
            TxnOffsetCommitResponseData response = commit(version, topic("t", id, 0, 1));
            assertThat(errors(response.topics().get(0))).containsOnly(Map.entry(0, answer), Map.entry(1, answer));
            assertThat(version < 6 || response.topics().get(0).topicId().equals(id)).as("topic id in version %s", version).isTrue();
        }
    }
}
