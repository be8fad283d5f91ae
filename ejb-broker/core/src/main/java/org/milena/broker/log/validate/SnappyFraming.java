package org.milena.broker.log.validate;

import java.nio.ByteBuffer;
import org.apache.kafka.common.InvalidRecordException;

/**
 * Looks at the lengths a snappy payload declares before the library sees it: the library allocates what a block claims,
 * up to 512 MiB, and the claim costs a client five bytes. No honest block of n bytes decompresses to more than 64 bytes
 * per 3 (a copy element), so a larger claim is a lie.
 *
 * <p>Payloads are snappy-java's stream format (Java, sarama, KafkaJS) or one bare block (librdkafka).
 */
final class SnappyFraming {
    /** First half of the stream format's magic bytes: 0x82 "SNA". */
    private static final int MAGIC_HEAD = 0x82534e41;
    /** Second half: "PPY" 0. */
    private static final int MAGIC_TAIL = 0x50505900;
    private static final int STREAM_HEADER_BYTES = 16;
    private static final int MAX_EXPANSION = 24;

    private SnappyFraming() {
    }

    static void check(ByteBuffer buffer, int from, int to) {
        if (to - from < STREAM_HEADER_BYTES || buffer.getInt(from) != MAGIC_HEAD || buffer.getInt(from + 4) != MAGIC_TAIL) {
            block(buffer, from, to);
            return;
        }
        int position = from + STREAM_HEADER_BYTES;
        while (position < to) {
            if (to - position < Integer.BYTES) {
                throw new InvalidRecordException("Snappy payload is cut off within a block header");
            }
            int length = buffer.getInt(position);
            if (length == MAGIC_HEAD) {
                position += STREAM_HEADER_BYTES;
                continue;
            }
            position += Integer.BYTES;
            if (length < 0 || length > to - position) {
                throw new InvalidRecordException("Snappy block declares " + length + " bytes, but only " + (to - position) + " follow");
            }
            block(buffer, position, position + length);
            position += length;
        }
    }

    private static void block(ByteBuffer buffer, int from, int to) {
        long claimed = 0;
        int shift = 0;
        int position = from;
        int b;
        do {
            if (position == to || shift > 28) {
                throw new InvalidRecordException("Snappy block without a valid length");
            }
            b = buffer.get(position++);
            claimed |= (long) (b & 0x7f) << shift;
            shift += 7;
        } while (b < 0);
        if (claimed > (long) MAX_EXPANSION * (to - from)) {
            throw new InvalidRecordException("Snappy block of " + (to - from) + " bytes claims to hold " + claimed + " bytes");
        }
    }
}
