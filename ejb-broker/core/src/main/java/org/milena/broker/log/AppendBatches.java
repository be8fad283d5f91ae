package org.milena.broker.log;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;

/** The batches of one append, with their offsets assigned. One per log, guarded by the log's lock. */
final class AppendBatches {

    private final CRC32C crc = new CRC32C();
    private long first;
    private long last;
    private long maxTimestamp;

    ByteBuffer prepare(ByteBuffer bytes, AppendOrigin origin, int leaderEpoch, long nextOffset) {
        long next = nextOffset;
        first = -1;
        maxTimestamp = -1;
        for (int at = bytes.position(); at < bytes.limit(); ) {
            int left = bytes.limit() - at;
            int size = left < BatchHeader.SIZE ? 0 : BatchHeader.size(bytes, at);
            if (size < BatchHeader.SIZE || size > left || BatchHeader.magic(bytes, at) != 2
                    || !BatchHeader.crcMatches(bytes, at, size, crc)) {
                throw new CorruptRecordException("Record batch at byte " + (at - bytes.position()) + " of an append is corrupt");
            }
            if (origin != AppendOrigin.REPLICATION) {
                BatchHeader.assign(bytes, at, next, leaderEpoch);
            } else if (BatchHeader.baseOffset(bytes, at) < next) {
                throw new OffsetOutOfRangeException("Append at offset " + BatchHeader.baseOffset(bytes, at) + " where " + next + " is the log end");
            }
            if (first < 0) {
                first = BatchHeader.baseOffset(bytes, at);
            }
            last = BatchHeader.lastOffset(bytes, at);
            maxTimestamp = Math.max(maxTimestamp, BatchHeader.maxTimestamp(bytes, at));
            next = last + 1;
            at += size;
        }
        if (first < 0) {
            throw new CorruptRecordException("An append without a record batch");
        }
        return bytes;
    }

    long firstOffset() {
        return first;
    }

    long lastOffset() {
        return last;
    }

    long maxTimestamp() {
        return maxTimestamp;
    }

    long logAppendTime() {
        return -1;
    }
}
