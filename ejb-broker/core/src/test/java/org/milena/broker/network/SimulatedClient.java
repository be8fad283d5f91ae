package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A client's end, the socket between and our end of a connection, in simulated time: what it sends waits in the socket until it is read. */
final class SimulatedClient {

    /** What a socket takes of a client whose connection is not read. */
    static final int SOCKET = 128 * 1024;
    private static final int READS_A_TURN = 16;

    final Deque<Frame> frames = new ArrayDeque<>();
    private final RequestMemory memory;
    private final FrameDecoder decoder;
    private final EmbeddedChannel channel;
    private int frame;
    private int sent;
    private int read;
    boolean cut;

    SimulatedClient(RequestMemory memory, int maxFrameBytes, LongSupplier nanos) {
        this.memory = memory;
        decoder = new FrameDecoder(maxFrameBytes, memory, nanos);
        channel = new EmbeddedChannel(decoder, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                frames.add((Frame) message);
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                ctx.channel().config().setAutoRead(true);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                cut = cause instanceof FrameDecoder.StalledFrameException;
                ctx.close();
            }
        });
        channel.freezeTime();
    }

    /** Begins a request of this size. */
    void begin(int size) {
        frame = size + 4;
        sent = 0;
        read = 0;
    }

    /** Sends as much of it as is left and the socket takes. */
    int send(int bytes) {
        int taken = Math.min(bytes, Math.min(frame - sent, SOCKET - (sent - read)));
        sent += taken;
        return taken;
    }

    /** True when all of its request has been read. */
    boolean ended() {
        return read == frame;
    }

    /** One turn of the event loop: reads first, then tasks. */
    void turn() {
        for (int i = 0; i < READS_A_TURN && sent - read >= (read == 0 ? 4 : 1) && channel.config().isAutoRead() && !cut; i++) {
            int size = Math.min(sent - read, memory.scarce() ? ReceiveBuffers.SCARCE : ReceiveBuffers.LARGEST);
            ByteBuf bytes = Unpooled.buffer(size, size);
            if (read == 0) {
                bytes.writeInt(frame - 4);
            }
            bytes.writerIndex(size);
            read += size;
            channel.pipeline().fireChannelRead(bytes);
        }
        runTasks();
    }

    /** The end of a turn that was long: what came meanwhile has not been read. */
    void runTasks() {
        channel.runPendingTasks();
    }

    void timePasses(long ms) {
        channel.advanceTimeBy(ms, TimeUnit.MILLISECONDS);
    }

    void judge() {
        decoder.judge();
    }

    /** A request has been worked on. */
    void release(Frame done) {
        done.bytes().release();
        memory.release(done.lease());
    }

    void close() {
        frames.forEach(this::release);
        frames.clear();
        channel.close();
        channel.runPendingTasks();
    }
}
