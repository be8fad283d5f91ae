package org.milena.broker.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogKey;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue.PartitionsSchema;
import org.junit.jupiter.api.Test;

/** Our bytes against those of Kafka's own record classes. */
class TransactionLogCodecTest {

    private static TransactionMetadata transaction(TransactionState state, long previous, long next, int version, TopicPartition... partitions) {
        return new TransactionMetadata(4_711, previous, next, (short) 12, (short) -1, 60_000, state, Set.of(partitions), 1_700_000_000_000L,
                1_700_000_000_500L, (short) version);
    }

    private static TransactionLogValue kafkas(TransactionMetadata t, List<PartitionsSchema> partitions) {
        return new TransactionLogValue().setProducerId(t.producerId()).setPreviousProducerId(t.previousProducerId())
                .setNextProducerId(t.nextProducerId()).setProducerEpoch(t.producerEpoch()).setTransactionTimeoutMs(t.timeoutMs())
                .setTransactionStatus(t.state().id()).setTransactionPartitions(partitions)
                .setTransactionLastUpdateTimestampMs(t.lastUpdateTimeMs()).setTransactionStartTimestampMs(t.startTimeMs())
                .setClientTransactionVersion(t.clientTransactionVersion());
    }

    private static PartitionsSchema partitions(String topic, Integer... indexes) {
        return new PartitionsSchema().setTopic(topic).setPartitionIds(List.of(indexes));
    }

    @Test
    void theKeyIsKafkas() {
        for (String id : List.of("a", "my-id", "ü€𝄞", "x".repeat(300))) {
            byte[] bytes = TransactionLogCodec.encodeKey(id);
            assertThat(bytes).isEqualTo(MessageUtil.toCoordinatorTypePrefixedBytes(new TransactionLogKey().setTransactionalId(id)));
            assertThat(TransactionLogCodec.decodeKey(ByteBuffer.wrap(bytes))).isEqualTo(id);
        }
    }

    @Test
    void theValueIsKafkas() {
        TopicPartition a = new TopicPartition("a", 0);
        TransactionMetadata empty = transaction(TransactionState.EMPTY, -1, -1, 0);
        assertThat(TransactionLogCodec.encodeValue(empty)).isEqualTo(MessageUtil.toVersionPrefixedBytes((short) 1, kafkas(empty, null)));
        for (TransactionState state : List.of(TransactionState.ONGOING, TransactionState.PREPARE_COMMIT, TransactionState.PREPARE_ABORT,
                TransactionState.COMPLETE_COMMIT, TransactionState.COMPLETE_ABORT)) {
            TransactionMetadata none = transaction(state, 4_711, -1, 2);
            assertThat(TransactionLogCodec.encodeValue(none)).isEqualTo(MessageUtil.toVersionPrefixedBytes((short) 1, kafkas(none, List.of())));
            TransactionMetadata some = transaction(state, 4_711, 4_712, 2, a, new TopicPartition("ü", 3), new TopicPartition("a", 300));
            assertThat(TransactionLogCodec.encodeValue(some)).isEqualTo(MessageUtil.toVersionPrefixedBytes((short) 1,
                    kafkas(some, List.of(partitions("a", 0, 300), partitions("ü", 3)))));
        }
    }

    @Test
    void whatKafkaWroteIsRead() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            Set<TopicPartition> partitions = new HashSet<>();
            PartitionsSchema schema = new PartitionsSchema().setTopic("topic-" + round).setPartitionIds(new java.util.ArrayList<>());
            for (int i = random.nextInt(5); i > 0; i--) {
                partitions.add(new TopicPartition("topic-" + round, i));
                schema.partitionIds().add(i);
            }
            TransactionMetadata written = new TransactionMetadata(random.nextLong() >>> 1, random.nextBoolean() ? -1 : 8, random.nextBoolean() ? -1 : 9,
                    (short) random.nextInt(30_000), (short) -1, random.nextInt(), TransactionState.ONGOING, partitions, random.nextLong(),
                    random.nextLong(), (short) random.nextInt(3));
            byte[] v1 = MessageUtil.toVersionPrefixedBytes((short) 1, kafkas(written, List.of(schema)));
            assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(v1))).isEqualTo(written);
            assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(TransactionLogCodec.encodeValue(written)))).isEqualTo(written);
        }
    }

    /** Before Kafka 3.8: no tags, classic lengths. */
    @Test
    void version0IsRead() {
        TransactionMetadata written = transaction(TransactionState.PREPARE_COMMIT, -1, -1, 0, new TopicPartition("a", 1), new TopicPartition("b", 2));
        byte[] v0 = MessageUtil.toVersionPrefixedBytes((short) 0, kafkas(written, List.of(partitions("a", 1), partitions("b", 2))));
        assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(v0))).isEqualTo(written);
        TransactionMetadata empty = transaction(TransactionState.EMPTY, -1, -1, 0);
        byte[] none = MessageUtil.toVersionPrefixedBytes((short) 0, kafkas(empty, null));
        assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(none))).isEqualTo(empty);
    }

    @Test
    void tagsOfANewerKafkaArePassedOver() {
        TransactionMetadata written = transaction(TransactionState.ONGOING, 4, 5, 2, new TopicPartition("a", 1));
        TransactionLogValue value = kafkas(written, List.of(partitions("a", 1))).setNextProducerEpoch((short) 77);
        value.unknownTaggedFields().add(new RawTaggedField(99, new byte[] {1, 2, 3}));
        byte[] bytes = MessageUtil.toVersionPrefixedBytes((short) 1, value);
        assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(bytes))).isEqualTo(written);
    }

    private static TransactionMetadata with(TransactionMetadata t, Branch branch) {
        return new TransactionMetadata(t.producerId(), t.previousProducerId(), t.nextProducerId(), t.producerEpoch(), t.lastProducerEpoch(),
                t.timeoutMs(), t.state(), t.partitions(), t.startTimeMs(), t.lastUpdateTimeMs(), t.clientTransactionVersion(), branch);
    }

    private static final Branch BRANCH = new Branch(new BranchId(0x20005, new byte[] {1, 2, 3}, new byte[] {9}), "crm-ü", 1_700_000_000_001L,
            4_711, (short) 13, -1, null);

    /** Rules 22: one record, that Kafka reads as an open transaction. */
    @Test
    void kafkaReadsAPreparedBranchAsOngoing() {
        TransactionMetadata open = transaction(TransactionState.ONGOING, 4_711, -1, 2, new TopicPartition("a", 0));
        byte[] prepared = TransactionLogCodec.encodeValue(with(open, BRANCH));
        ByteBuffer in = ByteBuffer.wrap(prepared);
        short version = in.getShort();
        TransactionLogValue kafkas = new TransactionLogValue(new org.apache.kafka.common.protocol.ByteBufferAccessor(in), version);
        assertThat(in.hasRemaining()).isFalse();
        List<RawTaggedField> ours = List.copyOf(kafkas.unknownTaggedFields());
        kafkas.unknownTaggedFields().clear();
        assertThat(kafkas).isEqualTo(kafkas(open, List.of(partitions("a", 0))));
        assertThat(ours).extracting(RawTaggedField::tag).containsExactly(10_000, 10_001);
    }

    @Test
    void theTagsOfABranchAreTheseBytes() {
        TransactionLogValue value = kafkas(transaction(TransactionState.COMPLETE_COMMIT, 4_711, -1, 2), List.of());
        java.util.HexFormat hex = java.util.HexFormat.of();
        value.unknownTaggedFields().add(new RawTaggedField(10_000, hex.parseHex("00" + "00020005" + "0003010203" + "000109"
                + "0006" + "63726d2dc3bc" + "0000018bcfe56801")));
        value.unknownTaggedFields().add(new RawTaggedField(10_001, hex.parseHex("00" + "0000000000001267" + "000d" + "ffffffffffffffff")));
        value.unknownTaggedFields().add(new RawTaggedField(10_002, hex.parseHex("00" + "03")));
        TransactionMetadata ended = with(transaction(TransactionState.COMPLETE_COMMIT, 4_711, -1, 2),
                BRANCH.ended(Branch.Outcome.HEURISTICALLY_COMMITTED));
        byte[] bytes = MessageUtil.toVersionPrefixedBytes((short) 1, value);
        assertThat(TransactionLogCodec.encodeValue(ended)).isEqualTo(bytes);
        assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(bytes))).isEqualTo(ended);
    }

    @Test
    void branchesOfEveryOutcomeAreReadAsTheyWereWritten() {
        TransactionMetadata open = transaction(TransactionState.ONGOING, 4_711, -1, 2, new TopicPartition("a", 0));
        for (Branch.Outcome outcome : Branch.Outcome.values()) {
            TransactionMetadata ended = with(open, BRANCH.ended(outcome));
            assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(TransactionLogCodec.encodeValue(ended)))).isEqualTo(ended);
        }
        Branch longest = new Branch(new BranchId(-2, new byte[64], new byte[64]), "x".repeat(300), -1, 1, Short.MAX_VALUE, 77, null);
        assertThat(TransactionLogCodec.decodeValue("id", ByteBuffer.wrap(TransactionLogCodec.encodeValue(with(open, longest)))).branch()).isEqualTo(longest);
    }

    @Test
    void aDamagedBranchIsNamedNotTakenForNone() {
        byte[] bytes = TransactionLogCodec.encodeValue(with(transaction(TransactionState.ONGOING, 4, 5, 2, new TopicPartition("topic", 1)), BRANCH));
        for (int length = 0; length < bytes.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
            assertThatThrownBy(() -> TransactionLogCodec.decodeValue("my-id", cut)).as("%d bytes", cut.remaining())
                    .isInstanceOf(IllegalStateException.class).hasMessage("The value of transactional id my-id is damaged");
        }
        TransactionLogValue newer = kafkas(transaction(TransactionState.ONGOING, 4, 5, 2), List.of());
        newer.unknownTaggedFields().add(new RawTaggedField(10_000, new byte[] {1}));
        assertThatThrownBy(() -> TransactionLogCodec.decodeValue("my-id", ByteBuffer.wrap(MessageUtil.toVersionPrefixedBytes((short) 1, newer))))
                .hasMessage("Version 1 of tag 10000 is not known here; up to 0 can be read");
        TransactionLogValue half = kafkas(transaction(TransactionState.ONGOING, 4, 5, 2), List.of());
        half.unknownTaggedFields().add(new RawTaggedField(10_002, new byte[] {0, 1}));
        assertThatThrownBy(() -> TransactionLogCodec.decodeValue("my-id", ByteBuffer.wrap(MessageUtil.toVersionPrefixedBytes((short) 1, half))))
                .hasMessage("The value of transactional id my-id is damaged");
    }

    @Test
    void damageIsNamedNotGuessedAt() {
        byte[] bytes = TransactionLogCodec.encodeValue(transaction(TransactionState.ONGOING, 4, 5, 2, new TopicPartition("topic", 1)));
        for (int length = 0; length < bytes.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
            assertThatThrownBy(() -> TransactionLogCodec.decodeValue("my-id", cut)).as("%d bytes", cut.remaining())
                    .isInstanceOf(IllegalStateException.class).hasMessage("The value of transactional id my-id is damaged");
        }
        bytes[1] = 2;
        assertThatThrownBy(() -> TransactionLogCodec.decodeValue("my-id", ByteBuffer.wrap(bytes)))
                .hasMessage("Version 2 of the value of transactional id my-id is not known here; up to 1 can be read");
        bytes[1] = 1;
        bytes[2 + 8 + 2 + 4] = 6;
        assertThatThrownBy(() -> TransactionLogCodec.decodeValue("my-id", ByteBuffer.wrap(bytes)))
                .hasMessage("No transaction in the log can be in state 6");
        assertThat(TransactionLogCodec.decodeKey(ByteBuffer.wrap(new byte[] {0, 1, 0, 1, 'a'}))).as("another kind of record").isNull();
    }
}
