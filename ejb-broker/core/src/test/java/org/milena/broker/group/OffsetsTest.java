package org.milena.broker.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.milena.broker.group.GroupFixture.commitRequest;
import static org.milena.broker.group.GroupFixture.version;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestPartition;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopic;
import org.apache.kafka.common.message.OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecordCodec;
import org.milena.broker.group.record.GroupValue;

/** Committed offsets: commit, fetch, delete, expiry, transactions read from a Kafka directory. */
class OffsetsTest {

    private static final long MINUTE = 60_000;

    private final GroupFixture f = new GroupFixture();

    private static SimpleRecord record(String group, String topic, int partition, long offset) {
        return new SimpleRecord(GroupRecordCodec.encodeKey(new GroupKey.OffsetCommit(group, topic, partition)),
                GroupRecordCodec.encodeValue(new GroupValue.OffsetCommit(offset, -1, "", 1, -1, Uuid.ZERO_UUID)));
    }

    @Test
    void aClientWithoutMembershipKeepsItsOffsets() {
        assertThat(f.commit("", -1, "t", 0, 42)).isEqualTo(Errors.NONE);
        var read = f.fetch("t", 0, true);
        assertThat(read.committedOffset()).isEqualTo(42);
        assertThat(read.metadata()).isEqualTo("m");
        assertThat(f.state()).isEqualTo("Empty");
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(42);
        assertThat(f.committed("t", 1)).isEqualTo(-1);
        assertThat(f.fetch("u", 0, false).metadata()).isEmpty();
    }

    @Test
    void zombiesAreFenced() {
        assertThat(f.commit("m", 3, "t", 0, 1)).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        assertThat(f.commit(8, commitRequest("m", 3, "t", 0, 1))).isEqualTo(Errors.ILLEGAL_GENERATION);
        List<String> ids = f.stable(2);
        assertThat(f.commit(ids.get(0), 1, "t", 0, 1)).isEqualTo(Errors.NONE);
        assertThat(f.commit(ids.get(0), 0, "t", 0, 2)).isEqualTo(Errors.ILLEGAL_GENERATION);
        assertThat(f.commit("zombie", 1, "t", 0, 2)).isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        assertThat(f.commit("", -1, "t", 0, 2)).as("a group with members").isEqualTo(Errors.UNKNOWN_MEMBER_ID);
        f.join(ids.get(0));
        assertThat(f.commit(ids.get(1), 1, "t", 0, 3)).as("until it has rejoined it may finish its work").isEqualTo(Errors.NONE);
        f.join(ids.get(1));
        assertThat(f.commit(ids.get(1), 2, "t", 0, 4)).as("joined, but not assigned").isEqualTo(Errors.REBALANCE_IN_PROGRESS);
        assertThat(f.committed("t", 0)).isEqualTo(3);
    }

    @Test
    void aCommitKeepsTheSessionAlive() {
        List<String> ids = f.stable(1);
        for (int i = 0; i < 5; i++) {
            f.world.advance(GroupFixture.SESSION_MS - 1);
            assertThat(f.commit(ids.get(0), 1, "t", 0, i)).isEqualTo(Errors.NONE);
        }
    }

    @Test
    void metadataHasALimit() {
        var request = commitRequest("", -1, "t", 0, 1);
        request.topics().get(0).partitions().get(0).setCommittedMetadata("x".repeat(4_097));
        assertThat(f.commit(9, request)).isEqualTo(Errors.OFFSET_METADATA_TOO_LARGE);
        request.topics().get(0).partitions().get(0).setCommittedMetadata("x".repeat(4_096));
        assertThat(f.commit(9, request)).isEqualTo(Errors.NONE);
        assertThat(f.fetch("t", 0, false).metadata()).hasSize(4_096);
        f.log.maxBatchBytes = 1_000;
        assertThat(f.commit(9, request)).isEqualTo(Errors.INVALID_COMMIT_OFFSET_SIZE);
    }

    @Test
    void allOffsetsOfAGroup() {
        f.commit("", -1, "t", 0, 1);
        f.commit("", -1, "u", 3, 2);
        var all = f.world.get(f.coordinator.fetchOffsets(version(9), new OffsetFetchRequestGroup().setGroupId("g").setTopics(null), false));
        assertThat(all.topics()).extracting(t -> t.name() + t.partitions().get(0).partitionIndex() + "=" + t.partitions().get(0).committedOffset())
                .containsExactly("t0=1", "u3=2");
        var none = f.world.get(f.coordinator.fetchOffsets(version(9), new OffsetFetchRequestGroup().setGroupId("other").setTopics(null), false));
        assertThat(none.topics()).isEmpty();
        assertThat(none.errorCode()).isZero();
    }

    @Test
    void offsetsOfAnEarlierTopicOfThatNameDontCount() {
        var request = commitRequest("", -1, "t", 0, 5);
        request.topics().get(0).setTopicId(new Uuid(1, 1));
        f.commit(10, request);
        var ask = new OffsetFetchRequestGroup().setGroupId("g").setTopics(List.of(new org.apache.kafka.common.message.OffsetFetchRequestData
                .OffsetFetchRequestTopics().setName("t").setTopicId(new Uuid(1, 2)).setPartitionIndexes(List.of(0))));
        assertThat(f.world.get(f.coordinator.fetchOffsets(version(10), ask, false)).topics().get(0).partitions().get(0).committedOffset()).isEqualTo(-1);
    }

    private Errors deleteOffset(String topic) {
        OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestTopicCollection();
        topics.add(new OffsetDeleteRequestTopic().setName(topic).setPartitions(List.of(new OffsetDeleteRequestPartition().setPartitionIndex(0))));
        var answer = f.world.get(f.coordinator.deleteOffsets(new OffsetDeleteRequestData().setGroupId("g").setTopics(topics)));
        return answer.errorCode() != 0 ? Errors.forCode(answer.errorCode())
                : Errors.forCode(answer.topics().iterator().next().partitions().iterator().next().errorCode());
    }

    @Test
    void deleteOffsets() {
        assertThat(deleteOffset("t")).isEqualTo(Errors.GROUP_ID_NOT_FOUND);
        List<String> ids = f.stable(1);
        f.commit(ids.get(0), 1, "t", 0, 5);
        f.commit(ids.get(0), 1, "u", 0, 6);
        assertThat(deleteOffset("t")).as("it reads t").isEqualTo(Errors.GROUP_SUBSCRIBED_TO_TOPIC);
        assertThat(deleteOffset("u")).isEqualTo(Errors.NONE);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(5);
        assertThat(f.committed("u", 0)).isEqualTo(-1);
    }

    @Test
    void offsetsOfADeletedTopicGo() {
        f.commit("", -1, "t", 0, 5);
        f.commit("", -1, "u", 0, 6);
        var before = f.image;
        f.image = GroupFixture.image("u");
        f.coordinator.onMetadataChanged(before, f.image);
        f.world.run();
        assertThat(f.committed("t", 0)).isEqualTo(-1);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(-1);
        assertThat(f.committed("u", 0)).isEqualTo(6);
    }

    // ---- expiry (KIP-211)

    @Test
    void offsetsWithoutAGroupExpireAfterTheirCommit() {
        GroupFixture g = new GroupFixture(Map.of("offsets.retention.minutes", 30));
        g.commit("", -1, "t", 0, 5);
        g.world.advance(20 * MINUTE);
        g.commit("", -1, "t", 1, 6);
        g.world.advance(15 * MINUTE);
        assertThat(g.committed("t", 0)).isEqualTo(-1);
        assertThat(g.committed("t", 1)).isEqualTo(6);
        g.world.advance(40 * MINUTE);
        assertThat(g.state()).as("nothing is left of it").isEqualTo("Dead");
        g.restart();
        assertThat(g.state()).isEqualTo("Dead");
    }

    @Test
    void offsetsOfAGroupLiveAsLongAsItHasMembersAndTheRetentionAfter() {
        GroupFixture g = new GroupFixture(Map.of("offsets.retention.minutes", 30));
        List<String> ids = g.stable(1);
        g.commit(ids.get(0), 1, "t", 0, 5);
        g.commit(ids.get(0), 1, "u", 0, 5);
        for (int i = 0; i < 60 * 8; i++) {
            g.world.advance(MINUTE / 8);
            assertThat(g.heartbeat(ids.get(0), 1)).isEqualTo(Errors.NONE);
        }
        assertThat(g.committed("t", 0)).isEqualTo(5);
        assertThat(g.committed("u", 0)).as("not subscribed any more").isEqualTo(-1);
        g.world.advance(25 * MINUTE);
        assertThat(g.state()).isEqualTo("Empty");
        assertThat(g.committed("t", 0)).as("counted from the moment it became empty").isEqualTo(5);
        g.world.advance(25 * MINUTE);
        assertThat(g.committed("t", 0)).isEqualTo(-1);
        assertThat(g.state()).isEqualTo("Dead");
    }

    @Test
    void aRetentionOfItsOwnCounts() {
        f.commit(4, commitRequest("", -1, "t", 0, 5).setRetentionTimeMs(MINUTE));
        f.world.advance(11 * MINUTE);
        assertThat(f.committed("t", 0)).isEqualTo(-1);
    }

    // ---- transactions

    @Test
    void anOpenTransactionMakesTheOffsetUnstableAndItsMarkerDecides() {
        f.log.write(0, MemoryRecords.withRecords(Compression.NONE, record("g", "t", 0, 10)));
        f.log.writeTransactional(0, 77, record("g", "t", 0, 20), record("g", "t", 1, 21));
        f.log.writeTransactional(0, 78, record("g", "u", 0, 30));
        f.log.writeMarker(0, 78, false);
        f.restart();
        assertThat(f.fetch("t", 0, true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
        assertThat(f.fetch("t", 1, true).errorCode()).isEqualTo(Errors.UNSTABLE_OFFSET_COMMIT.code());
        assertThat(f.committed("t", 0)).isEqualTo(10);
        assertThat(f.committed("u", 0)).as("aborted").isEqualTo(-1);
        assertThat(f.commit("", -1, "t", 2, 11)).isEqualTo(Errors.NONE);
        f.world.advance(20_000 * MINUTE);
        assertThat(f.committed("t", 0)).as("not expired either").isEqualTo(10);
        f.log.writeMarker(0, 77, true);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(20);
        assertThat(f.fetch("t", 1, true).committedOffset()).isEqualTo(21);
    }

    @Test
    void aLaterCommitWinsOverATransactionThatBeganBefore() {
        f.log.writeTransactional(0, 77, record("g", "t", 0, 20));
        f.log.write(0, MemoryRecords.withRecords(Compression.NONE, record("g", "t", 0, 25)));
        f.log.writeMarker(0, 77, true);
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(25);
    }

    @Test
    void recordsOfOtherKindsOfGroupsArePassedOver() {
        f.log.write(0, MemoryRecords.withRecords(Compression.gzip().build(), record("g", "t", 0, 10),
                new SimpleRecord(ByteBuffer.allocate(2).putShort(0, (short) 17).array(), new byte[] {1, 2, 3}),
                new SimpleRecord(ByteBuffer.allocate(2).putShort(0, (short) 11).array(), null)));
        f.restart();
        assertThat(f.committed("t", 0)).isEqualTo(10);
    }
}
