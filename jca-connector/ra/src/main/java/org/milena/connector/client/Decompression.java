package org.milena.connector.client;

import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.common.record.internal.CompressionType;

/**
 * Reads what producers have compressed, in Java alone: kafka-clients does it by native libraries, which WildFly can't load from a resource
 * adapter. Kafka's LZ4 and Snappy are streams of blocks, in LZ4's frame format and in that of snappy-java; checksums within are not looked at, the batch has its own.
 */
final class Decompression {

    private static final int LZ4_MAGIC = 0x184D2204;
    /** The highest bit of an LZ4 block's size: the block is not compressed. */
    private static final int LZ4_PLAIN = 1 << 31;
    private static final byte[] SNAPPY_JAVA = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
    private static final int SNAPPY_JAVA_HEADER = 16;

    private Decompression() {
    }

    /** @throws IOException the bytes are not what the batch's header calls them; also later, from the stream */
    static InputStream open(CompressionType type, byte[] bytes, int from) throws IOException {
        InputStream in = new ByteArrayInputStream(bytes, from, bytes.length - from);
        try {
            return switch (type) {
                case NONE -> in;
                case GZIP -> new GZIPInputStream(in, 8 * 1024);
                case ZSTD -> new Runtime2Io(new ZstdInputStream(in));
                case LZ4 -> lz4(ByteBuffer.wrap(bytes, from, bytes.length - from).order(ByteOrder.LITTLE_ENDIAN));
                case SNAPPY -> snappy(bytes, from);
            };
        } catch (RuntimeException e) {
            throw unreadable(type.name, e);
        }
    }

    private static IOException unreadable(String codec, RuntimeException e) {
        return new IOException("the " + codec + " data can't be decompressed: " + e.getMessage(), e);
    }

    private static InputStream lz4(ByteBuffer in) throws IOException {
        if (in.getInt() != LZ4_MAGIC) {
            throw new IOException("the lz4 data does not begin as a frame");
        }
        int flags = in.get();
        int block = 1 << 8 + 2 * (in.get() >> 4 & 7);
        boolean blockChecksums = (flags & 0x10) != 0;
        in.position(in.position() + ((flags & 0x08) != 0 ? 8 : 0) + 1); // the content's size, the header's checksum
        if ((flags & 0x20) == 0) {
            throw new IOException("the lz4 frame has blocks that depend on each other, which Kafka does not allow");
        }
        Lz4Decompressor lz4 = new Lz4Decompressor();
        ByteArrayOutputStream out = new ByteArrayOutputStream(in.remaining() * 3);
        byte[] plain = new byte[block];
        for (int size = in.getInt(); size != 0; size = in.getInt()) {
            int length = size & ~LZ4_PLAIN;
            int at = in.arrayOffset() + in.position();
            if (length > in.remaining()) {
                throw new IOException("an lz4 block ends beyond its batch");
            }
            if (length != size) {
                out.write(in.array(), at, length);
            } else {
                out.write(plain, 0, lz4.decompress(in.array(), at, length, plain, 0, plain.length));
            }
            in.position(in.position() + length + (blockChecksums ? 4 : 0));
        }
        return new ByteArrayInputStream(out.toByteArray());
    }

    /** As snappy-java frames it; or, as librdkafka sends it, one block without a frame. */
    private static InputStream snappy(byte[] bytes, int from) throws IOException {
        SnappyDecompressor snappy = new SnappyDecompressor();
        ByteBuffer in = ByteBuffer.wrap(bytes, from, bytes.length - from);
        boolean framed = in.remaining() >= SNAPPY_JAVA_HEADER
                && ByteBuffer.wrap(bytes, from, SNAPPY_JAVA.length).equals(ByteBuffer.wrap(SNAPPY_JAVA));
        if (!framed) {
            return new ByteArrayInputStream(block(snappy, bytes, from, bytes.length - from));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(in.remaining() * 3);
        in.position(from + SNAPPY_JAVA_HEADER);
        while (in.hasRemaining()) {
            int length = in.getInt();
            if (length < 0 || length > in.remaining()) {
                throw new IOException("a snappy block ends beyond its batch");
            }
            out.write(block(snappy, bytes, in.position(), length));
            in.position(in.position() + length);
        }
        return new ByteArrayInputStream(out.toByteArray());
    }

    private static byte[] block(SnappyDecompressor snappy, byte[] bytes, int from, int length) {
        byte[] plain = new byte[SnappyDecompressor.getUncompressedLength(bytes, from)];
        snappy.decompress(bytes, from, length, plain, 0, plain.length);
        return plain;
    }

    /** The decompressor tells of broken data by runtime exceptions. */
    private static final class Runtime2Io extends InputStream {

        private final InputStream in;

        private Runtime2Io(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            try {
                return in.read(into, from, length);
            } catch (RuntimeException e) {
                throw unreadable("zstd", e);
            }
        }
    }
}
