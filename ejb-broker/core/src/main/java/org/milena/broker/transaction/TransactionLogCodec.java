package org.milena.broker.transaction;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.protocol.ByteBufferAccessor;

/**
 * The bytes of {@code __transaction_state}, exactly as Apache Kafka 4.3 writes them (TransactionLogKey, TransactionLogValue):
 * written in version 1 of the value, read in 0 and 1. Tags that are not known are passed over, as KIP-915 wants; so Kafka passes
 * over ours, of {@link BranchTags}, and sees an open transaction in a prepared one (rules 22).
 */
final class TransactionLogCodec {

    private static final short KEY_VERSION = 0;
    private static final short VALUE_VERSION = 1;

    private static final int PREVIOUS_PRODUCER_ID = 0;
    private static final int NEXT_PRODUCER_ID = 1;
    private static final int CLIENT_TRANSACTION_VERSION = 2;

    private TransactionLogCodec() {
    }

    static byte[] encodeKey(String transactionalId) {
        byte[] id = transactionalId.getBytes(StandardCharsets.UTF_8);
        if (id.length > Short.MAX_VALUE) {
            throw new InvalidRequestException("A transactional id of " + id.length + " bytes is too long; at most 32767 are allowed");
        }
        return ByteBuffer.allocate(4 + id.length).putShort(KEY_VERSION).putShort((short) id.length).put(id).array();
    }

    /** Null for a kind of record that no Kafka up to 4.3 wrote: it is passed over. */
    static String decodeKey(ByteBuffer buffer) {
        ByteBuffer in = buffer.duplicate();
        if (in.getShort() != KEY_VERSION) {
            return null;
        }
        byte[] id = new byte[in.getShort()];
        in.get(id);
        return new String(id, StandardCharsets.UTF_8);
    }

    static byte[] encodeValue(TransactionMetadata value) {
        byte[][] branch = BranchTags.encode(value.branch());
        ByteBuffer buffer = ByteBuffer.allocate(96 + sizeOf(value.partitions()) + sizeOf(branch));
        ByteBufferAccessor out = new ByteBufferAccessor(buffer);
        out.writeShort(VALUE_VERSION);
        out.writeLong(value.producerId());
        out.writeShort(value.producerEpoch());
        out.writeInt(value.timeoutMs());
        out.writeByte(value.state().id());
        if (value.state() == TransactionState.EMPTY) {
            out.writeUnsignedVarint(0); // null
        } else {
            writePartitions(out, value.partitions());
        }
        out.writeLong(value.lastUpdateTimeMs());
        out.writeLong(value.startTimeMs());
        writeTags(out, value, branch);
        byte[] bytes = new byte[buffer.position()];
        buffer.flip().get(bytes);
        return bytes;
    }

    private static int sizeOf(Set<TopicPartition> partitions) {
        int size = 0;
        for (TopicPartition partition : partitions) {
            size += 3 * partition.topic().length() + 16;
        }
        return size;
    }

    private static int sizeOf(byte[][] branch) {
        int size = 0;
        for (byte[] content : branch) {
            size += content.length + 10;
        }
        return size;
    }

    private static void writePartitions(ByteBufferAccessor out, Set<TopicPartition> partitions) {
        Map<String, SortedSet<Integer>> byTopic = new TreeMap<>();
        partitions.forEach(p -> byTopic.computeIfAbsent(p.topic(), topic -> new TreeSet<>()).add(p.partition()));
        out.writeUnsignedVarint(byTopic.size() + 1);
        byTopic.forEach((topic, indexes) -> {
            byte[] name = topic.getBytes(StandardCharsets.UTF_8);
            out.writeUnsignedVarint(name.length + 1);
            out.writeByteArray(name);
            out.writeUnsignedVarint(indexes.size() + 1);
            indexes.forEach(out::writeInt);
            out.writeUnsignedVarint(0);
        });
    }

    /** Fields that have their default are left out. */
    private static void writeTags(ByteBufferAccessor out, TransactionMetadata value, byte[][] branch) {
        boolean previous = value.previousProducerId() != TransactionMetadata.NO_PRODUCER_ID;
        boolean next = value.nextProducerId() != TransactionMetadata.NO_PRODUCER_ID;
        boolean version = value.clientTransactionVersion() != 0;
        out.writeUnsignedVarint((previous ? 1 : 0) + (next ? 1 : 0) + (version ? 1 : 0) + branch.length);
        if (previous) {
            writeTag(out, PREVIOUS_PRODUCER_ID, Long.BYTES);
            out.writeLong(value.previousProducerId());
        }
        if (next) {
            writeTag(out, NEXT_PRODUCER_ID, Long.BYTES);
            out.writeLong(value.nextProducerId());
        }
        if (version) {
            writeTag(out, CLIENT_TRANSACTION_VERSION, Short.BYTES);
            out.writeShort(value.clientTransactionVersion());
        }
        for (int i = 0; i < branch.length; i++) {
            writeTag(out, BranchTags.FIRST + i, branch[i].length);
            out.writeByteArray(branch[i]);
        }
    }

    private static void writeTag(ByteBufferAccessor out, int tag, int size) {
        out.writeUnsignedVarint(tag);
        out.writeUnsignedVarint(size);
    }

    /**
     * @param transactionalId for messages
     * @throws IllegalStateException the value has a version that no Kafka up to 4.3 wrote, or is damaged
     */
    static TransactionMetadata decodeValue(String transactionalId, ByteBuffer buffer) {
        ByteBuffer in = buffer.duplicate();
        try {
            short version = in.getShort();
            if (version < 0 || version > VALUE_VERSION) {
                throw new IllegalStateException("Version " + version + " of the value of transactional id " + transactionalId
                        + " is not known here; up to " + VALUE_VERSION + " can be read");
            }
            return decodeValue(new ByteBufferAccessor(in), version == VALUE_VERSION);
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new IllegalStateException("The value of transactional id " + transactionalId + " is damaged", e);
        }
    }

    private static TransactionMetadata decodeValue(ByteBufferAccessor in, boolean flexible) {
        long producerId = in.readLong();
        short epoch = in.readShort();
        int timeoutMs = in.readInt();
        TransactionState state = TransactionState.inLog(in.readByte());
        Set<TopicPartition> partitions = readPartitions(in, flexible);
        long lastUpdateTimeMs = in.readLong();
        long startTimeMs = in.readLong();
        long previous = TransactionMetadata.NO_PRODUCER_ID;
        long next = TransactionMetadata.NO_PRODUCER_ID;
        short clientVersion = 0;
        BranchTags branch = new BranchTags();
        for (int tags = flexible ? in.readUnsignedVarint() : 0; tags > 0; tags--) {
            int tag = in.readUnsignedVarint();
            ByteBufferAccessor content = new ByteBufferAccessor(in.readByteBuffer(length(in, in.readUnsignedVarint())));
            switch (tag) {
                case PREVIOUS_PRODUCER_ID -> previous = content.readLong();
                case NEXT_PRODUCER_ID -> next = content.readLong();
                case CLIENT_TRANSACTION_VERSION -> clientVersion = content.readShort();
                default -> branch.read(tag, content);
            }
        }
        return new TransactionMetadata(producerId, previous, next, epoch, TransactionMetadata.NO_EPOCH, timeoutMs, state, partitions,
                startTimeMs, lastUpdateTimeMs, clientVersion, branch.branch());
    }

    private static Set<TopicPartition> readPartitions(ByteBufferAccessor in, boolean flexible) {
        Set<TopicPartition> partitions = new HashSet<>();
        for (int topics = count(in, flexible); topics > 0; topics--) {
            int length = flexible ? in.readUnsignedVarint() - 1 : in.readShort();
            String topic = in.readString(length(in, length));
            for (int indexes = count(in, flexible); indexes > 0; indexes--) {
                partitions.add(new TopicPartition(topic, in.readInt()));
            }
            if (flexible) {
                for (int tags = in.readUnsignedVarint(); tags > 0; tags--) {
                    in.readUnsignedVarint();
                    in.readByteBuffer(length(in, in.readUnsignedVarint()));
                }
            }
        }
        return partitions;
    }

    /** Of an array; null and empty are the same here. */
    private static int count(ByteBufferAccessor in, boolean flexible) {
        int count = flexible ? in.readUnsignedVarint() - 1 : in.readInt();
        return count <= 0 ? 0 : length(in, count);
    }

    /** Lying lengths end here, never in a large allocation. */
    static int length(ByteBufferAccessor in, int length) {
        if (length < 0 || length > in.remaining()) {
            throw new BufferUnderflowException();
        }
        return length;
    }
}
