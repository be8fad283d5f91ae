package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.milena.broker.log.LogRead;

/**
 * Encodes a response into one buffer of exactly the right size. Records from the log are copied into it when they
 * are few (one write instead of three system calls) and follow as file regions when they are many.
 */
final class ResponseEncoder {

    /** Up to this many bytes a positional read into the response is cheaper than a sendfile of its own. */
    static final int COPY_LIMIT = 64 * 1024;

    private ResponseEncoder() {
    }

    /** What goes to the socket, in order: buffers and regions. Owned by the caller until written. */
    record Encoded(List<Object> parts, long bytes) {
        void writeTo(ChannelHandlerContext ctx) {
            for (Object part : parts) {
                ctx.write(part, ctx.voidPromise());
            }
        }

        void release() {
            parts.forEach(io.netty.util.ReferenceCountUtil::release);
        }
    }

    static Encoded encode(ByteBufAllocator alloc, int correlationId, short headerVersion, ApiMessage body, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(correlationId);
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        body.addSize(size, cache, version);
        int total = size.totalSize();
        int zeroCopy = total - size.sizeExcludingZeroCopy();
        int buffered = 4 + (zeroCopy <= COPY_LIMIT ? total : size.sizeExcludingZeroCopy());

        ByteBuf buffer = alloc.directBuffer(buffered);
        Sink sink = new Sink(buffer.internalNioBuffer(0, buffered), zeroCopy > COPY_LIMIT);
        try {
            sink.writeInt(total);
            header.write(sink, cache, headerVersion);
            body.write(sink, cache, version);
            buffer.writerIndex(sink.written());
        } catch (RuntimeException | Error e) {
            buffer.release();
            sink.reads.forEach(LogRead::release);
            throw e;
        }
        return new Encoded(sink.parts(buffer), 4L + total);
    }

    /** Writes everything but large record sets, and remembers where those belong. */
    private static final class Sink extends ByteBufferAccessor {

        private final boolean regions;
        /** The pooled memory behind the response is shared: its buffer does not begin at 0. */
        private final int base;
        private final List<LogRead> reads = new ArrayList<>();
        private final List<Integer> positions = new ArrayList<>();

        Sink(ByteBuffer buffer, boolean regions) {
            super(buffer);
            this.regions = regions;
            this.base = buffer.position();
        }

        int written() {
            return buffer().position() - base;
        }

        @Override
        public void writeRecords(BaseRecords records) {
            if (records instanceof LogRead read) {
                if (regions) {
                    reads.add(read);
                    positions.add(written());
                } else {
                    copy(read);
                }
            } else {
                ByteBuffer bytes = ((MemoryRecords) records).buffer();
                writeByteBuffer(bytes);
            }
        }

        private void copy(LogRead read) {
            ByteBuffer target = buffer();
            int limit = target.limit();
            int end = target.position() + read.sizeInBytes();
            try {
                target.limit(end);
                long from = 0;
                while (target.hasRemaining()) {
                    int n = read.read(target, from);
                    if (n <= 0) {
                        throw new IOException("segment ended " + target.remaining() + " bytes early");
                    }
                    from += n;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                target.limit(limit);
                read.release();
            }
        }

        List<Object> parts(ByteBuf buffer) {
            if (reads.isEmpty()) {
                return List.of(buffer);
            }
            List<Object> parts = new ArrayList<>(reads.size() * 2 + 1);
            int from = 0;
            for (int i = 0; i < reads.size(); i++) {
                int to = positions.get(i);
                if (to > from) {
                    parts.add(buffer.retainedSlice(from, to - from));
                }
                parts.add(new SegmentRegion(reads.get(i)));
                from = to;
            }
            if (buffer.writerIndex() > from) {
                parts.add(buffer.retainedSlice(from, buffer.writerIndex() - from));
            }
            buffer.release();
            return parts;
        }
    }
}
