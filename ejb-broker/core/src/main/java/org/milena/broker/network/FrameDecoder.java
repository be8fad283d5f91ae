package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

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

    /** The client holds memory that others wait for, and does not send on; the connection is closed. */
    static final class StalledFrameException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StalledFrameException() {
            super("it does not go on with its request, and others wait for the memory", null, false, false);
        }
    }

    /** Between two looks at a silent connection its loop has read all others once, and what it sent while the loop was busy is found. */
    static final long LOOK_AGAIN_MS = 100;

    private final int maxFrameBytes;
    private final RequestMemory memory;
    private final LongSupplier nanos;
    private final Pace pace = new Pace();
    private ChannelHandlerContext context;
    private RequestMemory.Account account;
    private ByteBuf partial;
    private int size;
    private int sizeBytes;
    private volatile RequestMemory.Lease lease;
    /** What the lease of the partial frame holds. */
    private int held;
    private volatile boolean waiting;

    FrameDecoder(int maxFrameBytes, RequestMemory memory, LongSupplier nanos) {
        this.maxFrameBytes = maxFrameBytes;
        this.memory = memory;
        this.nanos = nanos;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        account = memory.open();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
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
        if (partial == null && !waiting && !ctx.isRemoved() && !memory.mayReadOn(account, () -> retryOn(ctx, null, 0))) {
            stopReading(ctx);
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
        RequestMemory.Lease taken = new RequestMemory.Lease(account);
        int came = in.readableBytes();
        if (came >= frame) {
            memory.charge(taken, frame);
            ctx.fireChannelRead(new Frame(in.readRetainedSlice(frame), taken));
            return;
        }
        lease = taken;
        held = 0;
        askToReadOn(ctx, came, frame);
        int room = Math.min(held, Math.max(FIRST_CHUNK, 2 * came));
        partial = ctx.alloc().directBuffer(room, frame);
        partial.writeBytes(in);
    }

    private void gather(ChannelHandlerContext ctx, ByteBuf in) {
        int frame = partial.maxCapacity();
        int received = partial.readableBytes() + Math.min(frame - partial.readableBytes(), in.readableBytes());
        if (received > held && received > partial.capacity()) {
            partial.capacity(received); // no more than it must: what it holds has not been enough
        }
        partial.writeBytes(in, received - partial.readableBytes());
        if (received == frame) {
            end(ctx);
        } else if (received >= held) {
            askToReadOn(ctx, received, frame);
        }
    }

    private void end(ChannelHandlerContext ctx) {
        Frame frame = new Frame(partial, lease);
        if (partial.readableBytes() > held) {
            memory.charge(lease, partial.readableBytes() - held);
        }
        partial = null;
        lease = null;
        waiting = false;
        ctx.fireChannelRead(frame);
    }

    /** Takes what has come, and in advance what the buffer will grow to; stops reading while there is none. */
    private void askToReadOn(ChannelHandlerContext ctx, int received, int frame) {
        int came = received - held;
        held = received;
        if (waiting) {
            memory.charge(lease, came); // of a read that was under way
            return;
        }
        int ahead = ctx.alloc().calculateNewCapacity(Math.min(frame, Math.max(received + 1, RequestMemory.STEP)), frame) - received;
        RequestMemory.Lease asking = lease;
        if (memory.ask(asking, came, ahead, () -> retryOn(ctx, asking, ahead))) {
            held += ahead;
        } else {
            stopReading(ctx);
        }
    }

    private void stopReading(ChannelHandlerContext ctx) {
        waiting = true;
        ctx.channel().config().setAutoRead(false);
    }

    private void retryOn(ChannelHandlerContext ctx, RequestMemory.Lease granted, int bytes) {
        onItsLoop(ctx, () -> {
            if (ctx.isRemoved() || !waiting || granted != null && granted != lease) {
                return; // the frame ended with a read that was under way
            }
            held += bytes;
            waiting = false;
            pace.forget();
            ctx.fireUserEventTriggered(MEMORY_AVAILABLE);
        });
    }

    /** The connection may change its loop before the task runs, then it goes after it. */
    private static void onItsLoop(ChannelHandlerContext ctx, Runnable task) {
        ctx.executor().execute(() -> {
            if (ctx.executor().inEventLoop()) {
                task.run();
            } else {
                onItsLoop(ctx, task);
            }
        });
    }

    /** True while the connection must not read because the memory for its frame is missing. */
    boolean waitsForMemory() {
        return waiting;
    }

    /** Closes the connection if it holds memory that others wait for and does not keep the {@link Pace}. Any thread, every second or so. */
    void judge() {
        ChannelHandlerContext ctx = context;
        if (lease != null && !waiting) {
            onItsLoop(ctx, () -> {
                if (tooSlow(ctx)) {
                    ctx.executor().schedule(() -> onItsLoop(ctx, () -> lookAgain(ctx)), LOOK_AGAIN_MS, TimeUnit.MILLISECONDS);
                }
            });
        }
    }

    private void lookAgain(ChannelHandlerContext ctx) {
        if (tooSlow(ctx)) {
            ctx.fireExceptionCaught(new StalledFrameException());
        }
    }

    private boolean tooSlow(ChannelHandlerContext ctx) {
        int shortage = memory.shortage();
        if (shortage == 0 || partial == null || waiting || !ctx.channel().config().isAutoRead()) {
            pace.forget();
            return false;
        }
        return pace.tooSlow(lease, shortage, partial.readableBytes(), nanos.getAsLong());
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
        memory.close();
    }
}
