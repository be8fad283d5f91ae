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

    private static final int FIRST_CHUNK = 4 * 1024;

    /** Fired down the pipeline when there is memory again for a connection that {@link #waitsForMemory}. */
    static final Object MEMORY_AVAILABLE = new Object();

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
    private volatile RequestMemory.Lease lease;
    private int charged;
    private volatile boolean waiting;
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
        checkMemory(ctx);
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
        RequestMemory.Lease taken = new RequestMemory.Lease();
        if (in.readableBytes() >= frame) {
            memory.charge(taken, frame);
            ctx.fireChannelRead(new Frame(in.readRetainedSlice(frame), taken));
            return;
        }
        partial = ctx.alloc().directBuffer(Math.min(frame, Math.max(FIRST_CHUNK, 2 * in.readableBytes())), frame);
        lease = taken;
        charged = 0;
        partial.writeBytes(in);
        chargeGrowth();
    }

    private void gather(ChannelHandlerContext ctx, ByteBuf in) {
        int missing = partial.maxCapacity() - partial.readableBytes();
        partial.writeBytes(in, Math.min(missing, in.readableBytes()));
        chargeGrowth();
        if (partial.readableBytes() == partial.maxCapacity()) {
            Frame frame = new Frame(partial, lease);
            partial = null;
            lease = null;
            ctx.fireChannelRead(frame);
        }
    }

    private void chargeGrowth() {
        if (partial.capacity() > charged) {
            memory.charge(lease, partial.capacity() - charged);
            charged = partial.capacity();
        }
    }

    /** Stops reading while there is no memory. */
    private void checkMemory(ChannelHandlerContext ctx) {
        if (!waiting && !ctx.isRemoved() && !memory.mayReadOn(lease, () -> retryOn(ctx))) {
            waiting = true;
            ctx.channel().config().setAutoRead(false);
        }
    }

    /** The connection may change its loop before the task runs, then it goes after it. */
    private void retryOn(ChannelHandlerContext ctx) {
        ctx.executor().execute(() -> {
            if (ctx.executor().inEventLoop()) {
                retry(ctx);
            } else {
                retryOn(ctx);
            }
        });
    }

    private void retry(ChannelHandlerContext ctx) {
        waiting = false;
        lastProgress = System.nanoTime();
        checkMemory(ctx);
        if (!waiting) {
            ctx.fireUserEventTriggered(MEMORY_AVAILABLE);
        }
    }

    /** True while the connection must not read because the memory for its frame is missing. */
    boolean waitsForMemory() {
        return waiting;
    }

    /** True when a large frame has begun, holds memory, and nothing of it came for so long. Any thread. */
    boolean stalledFor(long nanos) {
        return lease != null && !waiting && System.nanoTime() - lastProgress > nanos;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (partial != null) {
            partial.release();
            partial = null;
        }
        if (lease != null) {
            memory.release(lease);
            lease = null;
        }
    }
}
