package org.milena.broker.log.validate;

import java.nio.ByteBuffer;
import org.apache.kafka.common.InvalidRecordException;

/** Walks the records of an uncompressed batch in place: reads lengths and deltas, skips keys, values and headers. */
final class BufferRecordWalker {
    private ByteBuffer in;
    private int position;
    private int limit;

    /**
     * @param from  first byte of the first record
     * @param to    end of the batch; the last record must end exactly there
     * @param check told about every record
     */
    void walk(ByteBuffer buffer, int from, int to, int count, RecordCheck check) {
        in = buffer;
        position = from;
        for (int index = 0; index < count; index++) {
            limit = to;
            int length = varint();
            if (length < 0 || length > to - position) {
                throw new InvalidRecordException("Invalid record size: " + length + " bytes declared for record " + index
                    + ", but the batch has only " + (to - position) + " remaining bytes");
            }
            limit = position + length;
            skip(1);
            long timestampDelta = varlong();
            int offsetDelta = varint();
            int keyLength = varint();
            skip(keyLength);
            skip(varint());
            headers(index);
            if (position != limit) {
                throw new InvalidRecordException("Invalid record size: record " + index + " declares " + (limit - position)
                    + " bytes more than it holds");
            }
            check.record(index, timestampDelta, offsetDelta, keyLength >= 0);
        }
        if (position != to) {
            throw new InvalidRecordException("Incorrect declared batch size, records still remaining in file");
        }
    }

    private void headers(int index) {
        int headers = varint();
        if (headers < 0 || headers > limit - position) {
            throw new InvalidRecordException("Found invalid number of record headers " + headers + " in record " + index);
        }
        for (int i = 0; i < headers; i++) {
            int keyLength = varint();
            if (keyLength < 0) {
                throw new InvalidRecordException("Invalid negative header key size " + keyLength + " in record " + index);
            }
            skip(keyLength);
            skip(varint());
        }
    }

    /** A negative length stands for null, as everywhere in the format. */
    private void skip(int bytes) {
        if (bytes > limit - position) {
            throw beyondRecord();
        }
        if (bytes > 0) {
            position += bytes;
        }
    }

    private byte next() {
        if (position == limit) {
            throw beyondRecord();
        }
        return in.get(position++);
    }

    private int varint() {
        int b = next();
        int value = b & 0x7f;
        for (int shift = 7; b < 0; shift += 7) {
            if (shift > 28) {
                throw Varints.tooLong();
            }
            b = next();
            value |= (b & 0x7f) << shift;
        }
        return Varints.zigzag(value);
    }

    private long varlong() {
        int b = next();
        long value = b & 0x7f;
        for (int shift = 7; b < 0; shift += 7) {
            if (shift > 63) {
                throw Varints.tooLong();
            }
            b = next();
            value |= (long) (b & 0x7f) << shift;
        }
        return Varints.zigzag(value);
    }

    private static InvalidRecordException beyondRecord() {
        return new InvalidRecordException("Found invalid record structure: a field reaches beyond the end of its record");
    }
}
