package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Cuts the stream into frames: a size (int32) and that many bytes. A frame that arrives in one piece is a slice of the
 * receive buffer; a larger one is gathered in a buffer that grows with the bytes that really came, so that a client
 * can't make us reserve memory by announcing a size.
 */
final class FrameDecoder extends ChannelInboundHandlerAdapter {

    private static final int FIRST_CHUNK = 64 * 1024;

    /** The frame's announced size is impossible; the connection is closed, as Kafka does. */
    static final class InvalidFrameException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        InvalidFrameException(String message) {
            super(message, null, false, false);
        }
    }

    private final int maxFrameBytes;
    private final RequestMemory memory;
    private ByteBuf partial;
    private int size;
    private int sizeBytes;
    private int reserved;
    private boolean waiting;
    private volatile long lastProgress = System.nanoTime();

    FrameDecoder(int maxFrameBytes, RequestMemory memory) {
        this.maxFrameBytes = maxFrameBytes;
        this.memory = memory;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        lastProgress = System.nanoTime();
        try {
            while (in.isReadable()) {
                if (partial != null) {
                    gather(ctx, in);
                } else if (readSize(in)) {
                    startFrame(ctx, in);
                }
            }
        } finally {
            in.release();
        }
    }

    /** Reads the size, which may arrive byte by byte; true once it is complete. */
    private boolean readSize(ByteBuf in) {
        if (sizeBytes == 0 && in.readableBytes() >= 4) {
            size = in.readInt();
        } else {
            while (sizeBytes < 4 && in.isReadable()) {
                size = size << 8 | in.readUnsignedByte();
                sizeBytes++;
            }
            if (sizeBytes < 4) {
                return false;
            }
        }
        sizeBytes = 0;
        if (size < 0 || size > maxFrameBytes) {
            throw new InvalidFrameException("Invalid receive (size = " + size + (size < 0 ? ")"
                    : " larger than socket.request.max.bytes = " + maxFrameBytes + ")"));
        }
        return true;
    }

    private void startFrame(ChannelHandlerContext ctx, ByteBuf in) {
        int frame = size;
        size = 0;
        if (in.readableBytes() >= frame) {
            ctx.fireChannelRead(new Frame(in.readRetainedSlice(frame), 0));
            return;
        }
        partial = ctx.alloc().directBuffer(Math.min(frame, Math.max(FIRST_CHUNK, in.readableBytes())), frame);
        partial.writeBytes(in);
    }

    private void gather(ChannelHandlerContext ctx, ByteBuf in) {
        int missing = partial.maxCapacity() - partial.readableBytes();
        partial.writeBytes(in, Math.min(missing, in.readableBytes()));
        if (partial.readableBytes() == partial.maxCapacity()) {
            Frame frame = new Frame(partial, reserved);
            partial = null;
            reserved = 0;
            ctx.fireChannelRead(frame);
        } else {
            reserve(ctx);
        }
    }

    /** Accounts for the growth of a large frame; stops reading while there is no memory for it. */
    private void reserve(ChannelHandlerContext ctx) {
        int growth = partial == null ? 0 : partial.capacity() - reserved;
        if (growth <= 0 || waiting) {
            return;
        }
        if (memory.acquire(this, growth, () -> ctx.executor().execute(() -> retry(ctx)))) {
            reserved += growth;
        } else {
            waiting = true;
            ctx.channel().config().setAutoRead(false);
        }
    }

    private void retry(ChannelHandlerContext ctx) {
        waiting = false;
        reserve(ctx);
        if (!waiting) {
            lastProgress = System.nanoTime();
            ctx.channel().config().setAutoRead(true);
        }
    }

    /** True while the connection must not read because the memory for its frame is missing. */
    boolean waitsForMemory() {
        return waiting;
    }

    /** True when a large frame has begun, holds memory, and nothing of it came for so long. Any thread. */
    boolean stalledFor(long nanos) {
        return reserved > 0 && !waiting && System.nanoTime() - lastProgress > nanos;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (partial != null) {
            partial.release();
            partial = null;
        }
        if (reserved > 0) {
            memory.release(reserved);
            reserved = 0;
        }
    }
}
