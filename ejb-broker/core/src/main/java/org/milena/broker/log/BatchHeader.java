package org.milena.broker.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;

/** Fields of a record batch, read and written at {@code at} in a buffer: no object per batch. Source: Kafka protocol guide, "Record Batch". */
final class BatchHeader {

    /** Base offset and length: what precedes the bytes that the length counts, in all magics. */
    static final int LOG_OVERHEAD = 12;
    /** Up to the last offset delta: enough to walk. */
    static final int WALK_BYTES = 27;
    static final int SIZE = 61;
    static final int MAGIC = 16;
    static final int LEADER_EPOCH = 12;
    private static final int CRC = 17;
    private static final int ATTRIBUTES = 21;
    private static final int TRANSACTIONAL = 0x10;
    private static final int CONTROL = 0x20;

    private BatchHeader() {
    }

    static long baseOffset(ByteBuffer b, int at) {
        return b.getLong(at);
    }

    /** Bytes of the whole batch, overhead included. Unchecked: may be nonsense in damaged bytes. */
    static int size(ByteBuffer b, int at) {
        return b.getInt(at + 8) + LOG_OVERHEAD;
    }

    static int leaderEpoch(ByteBuffer b, int at) {
        return b.getInt(at + LEADER_EPOCH);
    }

    static byte magic(ByteBuffer b, int at) {
        return b.get(at + MAGIC);
    }

    /** Batches of magic 0 and 1 (found only in old directories) carry their last offset in the first field. */
    static long lastOffset(ByteBuffer b, int at) {
        return magic(b, at) < 2 ? b.getLong(at) : b.getLong(at) + b.getInt(at + 23);
    }

    /** -1 for magic 0, which has none. */
    static long maxTimestamp(ByteBuffer b, int at) {
        byte magic = magic(b, at);
        return magic == 2 ? b.getLong(at + 35) : magic == 1 ? b.getLong(at + 18) : -1;
    }

    static long producerId(ByteBuffer b, int at) {
        return b.getLong(at + 43);
    }

    static short producerEpoch(ByteBuffer b, int at) {
        return b.getShort(at + 51);
    }

    static int baseSequence(ByteBuffer b, int at) {
        return b.getInt(at + 53);
    }

    static int lastOffsetDelta(ByteBuffer b, int at) {
        return b.getInt(at + 23);
    }

    static boolean transactional(ByteBuffer b, int at) {
        return (b.getShort(at + ATTRIBUTES) & TRANSACTIONAL) != 0;
    }

    static boolean control(ByteBuffer b, int at) {
        return (b.getShort(at + ATTRIBUTES) & CONTROL) != 0;
    }

    static boolean logAppendTime(ByteBuffer b, int at) {
        return (b.getShort(at + ATTRIBUTES) & 0x08) != 0;
    }

    static void assign(ByteBuffer b, int at, long baseOffset, int leaderEpoch) {
        b.putLong(at, baseOffset);
        b.putInt(at + LEADER_EPOCH, leaderEpoch);
    }

    /** The whole batch, {@code size} bytes, must lie in the buffer. Moves position and limit back to where they were. */
    static boolean crcMatches(ByteBuffer b, int at, int size, CRC32C crc) {
        if (magic(b, at) < 2) {
            return checksum(b, at + MAGIC, at + size, new CRC32()) == b.getInt(at + LOG_OVERHEAD);
        }
        crc.reset();
        return checksum(b, at + ATTRIBUTES, at + size, crc) == b.getInt(at + CRC);
    }

    private static int checksum(ByteBuffer b, int from, int to, Checksum sum) {
        int position = b.position();
        int limit = b.limit();
        b.limit(to).position(from);
        sum.update(b);
        b.limit(limit).position(position);
        return (int) sum.getValue();
    }
}
