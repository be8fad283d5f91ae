package org.milena.broker.log.validate;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.kafka.common.InvalidRecordException;

/**
 * Walks the records of a compressed batch while it is being decompressed. Whatever the batch blows up to, only one
 * chunk of it is in memory, and it may not blow up to more than {@link #MAX_UNCOMPRESSED_BYTES}.
 */
final class StreamRecordWalker {
    /** No client could read more in one piece; also bounds the time a decompression bomb costs. */
    static final long MAX_UNCOMPRESSED_BYTES = Integer.MAX_VALUE;

    /** A codec may answer a read with nothing, but not for ever. */
    private static final int MAX_IDLE_READS = 1000;

    private final byte[] chunk;
    private InputStream in;
    private OutputStream copy;
    private int position;
    private int filled;
    private long total;
    /** Bytes the current record may still read; guards against fields that reach into the next record. */
    private int remaining;

    /** @param chunk scratch space, owned by the validator */
    StreamRecordWalker(byte[] chunk) {
        this.chunk = chunk;
    }

    /**
     * @param copy gets every decompressed byte, or null
     * @throws IOException           the codec's complaint, or {@code copy}'s
     * @throws InvalidRecordException the records are not what the batch declares
     */
    void walk(InputStream stream, int count, RecordCheck check, OutputStream copy) throws IOException {
        this.in = stream;
        this.copy = copy;
        position = 0;
        filled = 0;
        total = 0;
        for (int index = 0; index < count; index++) {
            record(index, check);
        }
        if (position < filled || fill()) {
            throw new InvalidRecordException("Incorrect declared batch size, records still remaining in file");
        }
        this.in = null;
        this.copy = null;
    }

    private void record(int index, RecordCheck check) throws IOException {
        remaining = Integer.MAX_VALUE;
        int length = varint();
        if (length < 0) {
            throw new InvalidRecordException("Invalid record size: " + length + " bytes declared for record " + index);
        }
        remaining = length;
        skip(1);
        long timestampDelta = varlong();
        int offsetDelta = varint();
        int keyLength = varint();
        skip(keyLength);
        skip(varint());
        headers(index);
        if (remaining != 0) {
            throw new InvalidRecordException("Invalid record size: record " + index + " declares " + remaining
                + " bytes more than it holds");
        }
        check.record(index, timestampDelta, offsetDelta, keyLength >= 0);
    }

    private void headers(int index) throws IOException {
        int headers = varint();
        if (headers < 0 || headers > remaining) {
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

    private void skip(int bytes) throws IOException {
        if (bytes <= 0) {
            return;
        }
        if (bytes > remaining) {
            throw beyondRecord();
        }
        remaining -= bytes;
        int left = bytes;
        while (left > filled - position) {
            left -= filled - position;
            position = filled;
            need();
        }
        position += left;
    }

    private byte next() throws IOException {
        if (remaining == 0) {
            throw beyondRecord();
        }
        remaining--;
        if (position == filled) {
            need();
        }
        return chunk[position++];
    }

    private void need() throws IOException {
        if (!fill()) {
            throw new InvalidRecordException("Incorrect declared batch size, premature EOF reached");
        }
    }

    private boolean fill() throws IOException {
        position = 0;
        filled = 0;
        int read = in.read(chunk, 0, chunk.length);
        for (int idle = 0; read == 0; idle++) {
            if (idle == MAX_IDLE_READS) {
                throw new InvalidRecordException("The compressed records of the batch make no progress");
            }
            read = in.read(chunk, 0, chunk.length);
        }
        if (read < 0) {
            return false;
        }
        filled = read;
        total += read;
        if (total > MAX_UNCOMPRESSED_BYTES) {
            throw new InvalidRecordException("The batch decompresses to more than " + MAX_UNCOMPRESSED_BYTES + " bytes");
        }
        if (copy != null) {
            copy.write(chunk, 0, read);
        }
        return true;
    }

    private int varint() throws IOException {
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

    private long varlong() throws IOException {
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
