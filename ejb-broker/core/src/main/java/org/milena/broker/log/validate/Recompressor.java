package org.milena.broker.log.validate;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;
import org.milena.broker.log.LogConfig;

/**
 * Writes one batch anew with the topic's codec. The records' bytes stay what they are (their deltas refer to the
 * header, which is kept), so recompression is a pipe: no record is ever parsed into an object.
 *
 * <p>Owns the output buffer and reuses it; use: {@link #begin}, write, {@link #finish}, and {@link #close} always.
 */
final class Recompressor extends OutputStream {
    private static final int INITIAL_BYTES = 64 * 1024;
    /** A larger buffer is given back to the heap after use. */
    private static final int KEPT_BYTES = 2 * 1024 * 1024;

    private ByteBuffer buffer;
    private Bounded target;
    private OutputStream compressor;
    private CompressionType codec;

    /** @param maxBytes how large the new batch may become */
    void begin(CompressionType codec, LogConfig config, int maxBytes) {
        if (buffer == null || buffer.capacity() > KEPT_BYTES) {
            buffer = ByteBuffer.allocate(INITIAL_BYTES);
        }
        buffer.clear().position(BatchCursor.RECORDS_OFFSET);
        this.codec = codec;
        target = new Bounded(buffer, maxBytes);
        compressor = codec == CompressionType.NONE
            ? target : compression(codec, config).wrapForOutput(target, RecordBatch.MAGIC_VALUE_V2);
    }

    private static Compression compression(CompressionType codec, LogConfig config) {
        return switch (codec) {
            case GZIP -> Compression.gzip().level(config.gzipLevel()).build();
            case LZ4 -> Compression.lz4().level(config.lz4Level()).build();
            case ZSTD -> Compression.zstd().level(config.zstdLevel()).build();
            case SNAPPY, NONE -> Compression.of(codec).build();
        };
    }

    @Override
    public void write(int b) throws IOException {
        compressor.write(b);
        target.check();
    }

    /** @throws RecordTooLargeException once the new batch is larger than it may be */
    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        compressor.write(bytes, from, length);
        target.check();
    }

    /**
     * Ends the records and copies the header of the source batch before them, with the new codec. The CRC is left to
     * the caller, who has more to change.
     *
     * @param header the buffer that holds the source batch's header, at {@code start}
     */
    ByteBuffer finish(ByteBuffer header, int start) throws IOException {
        compressor.close();
        compressor = null;
        target.check();
        buffer = target.buffer();
        int end = buffer.position();
        for (int i = 0; i < BatchCursor.RECORDS_OFFSET; i++) {
            buffer.put(i, header.get(start + i));
        }
        int attributes = header.getShort(start + BatchCursor.ATTRIBUTES_OFFSET) & ~BatchCursor.COMPRESSION_MASK;
        buffer.putShort(BatchCursor.ATTRIBUTES_OFFSET, (short) (attributes | codec.id));
        buffer.putInt(BatchCursor.LENGTH_OFFSET, end - BatchCursor.LOG_OVERHEAD);
        return buffer.position(0).limit(end);
    }

    /** Frees the codec's memory after a batch that failed half way; harmless otherwise. */
    @Override
    public void close() throws IOException {
        if (compressor != null) {
            OutputStream failed = compressor;
            compressor = null;
            target.discard();
            failed.close();
        }
    }

    /** Stops growing at its bound, and swallows the rest so that the codec above can always be closed. */
    private static final class Bounded extends ByteBufferOutputStream {
        private final int maxBytes;
        private boolean full;

        Bounded(ByteBuffer buffer, int maxBytes) {
            super(buffer);
            this.maxBytes = maxBytes;
        }

        @Override
        public void write(int b) {
            if (room(1)) {
                super.write(b);
            }
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            if (room(length)) {
                super.write(bytes, from, length);
            }
        }

        private boolean room(int length) {
            full |= length > maxBytes - position();
            return !full;
        }

        void discard() {
            full = true;
        }

        void check() {
            if (full) {
                throw new RecordTooLargeException("The batch, written with the topic's compression.type, exceeds the maximum"
                    + " configured size of " + maxBytes + " bytes.");
            }
        }
    }
}
