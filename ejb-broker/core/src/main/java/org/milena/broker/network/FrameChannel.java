package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A connection without a socket: a client in this VM puts in frames, and gets each answer by the correlation id of its request. To
 * the handlers it is a channel like any other, of the same event loops and with the same back-pressure: frames that are not read yet
 * wait in the caller's memory.
 *
 * <p>Threading: {@link #ask} may be called from any thread; the rest belongs to the event loop. Callers' stages are completed on it.
 */
final class FrameChannel extends AbstractChannel {

    private static final ChannelMetadata METADATA = new ChannelMetadata(false);
    private static final InetSocketAddress HERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    /** Of a request's header: key (int16), version (int16), correlation id (int32). */
    private static final int CORRELATION_ID = 4;
    private static final int SHORTEST_FRAME = 8;

    private final int maxFrameBytes;
    private final DefaultChannelConfig config = new DefaultChannelConfig(this) {
        @Override
        protected void autoReadCleared() {
            readWanted = false;
        }
    };
    private final Queue<ByteBuffer> asked = new ConcurrentLinkedQueue<>();
    private final Map<Integer, CompletableFuture<ByteBuffer>> unanswered = new ConcurrentHashMap<>();
    private final AtomicBoolean readScheduled = new AtomicBoolean();
    private boolean readWanted;
    private boolean reading;
    private final ByteBuffer size = ByteBuffer.allocate(4);
    private ByteBuffer answer;
    private volatile boolean closed;

    /** @param maxFrameBytes {@code socket.request.max.bytes} */
    FrameChannel(int maxFrameBytes) {
        super(null);
        this.maxFrameBytes = maxFrameBytes;
    }

    /**
     * @param frame a request's header and body; belongs to this channel until it is answered
     * @return the answer's header and body; or an {@link IOException} when the connection is closed first. Produce with acks=0 has no answer.
     */
    CompletableFuture<ByteBuffer> ask(ByteBuffer frame) {
        if (frame.remaining() < SHORTEST_FRAME) {
            return CompletableFuture.failedFuture(new IOException("A frame of " + frame.remaining() + " bytes is no request"));
        }
        if (frame.remaining() > maxFrameBytes) {
            return CompletableFuture.failedFuture(new IOException("A request of " + frame.remaining()
                    + " bytes is larger than socket.request.max.bytes = " + maxFrameBytes));
        }
        int id = frame.getInt(frame.position() + CORRELATION_ID);
        CompletableFuture<ByteBuffer> promise = new CompletableFuture<>();
        if (unanswered.putIfAbsent(id, promise) != null) {
            return CompletableFuture.failedFuture(new IOException("Correlation id " + id + " is in use by a request under way"));
        }
        asked.add(frame);
        if (closed) { // after the sweep of doClose, or before: one of both sees it
            failAll();
        } else if (readScheduled.compareAndSet(false, true)) {
            schedule();
        }
        return promise;
    }

    /** The connection may change its loop before the task runs, then it goes after it; or be between two, then the new one takes it. */
    private void schedule() {
        EventLoop loop = eventLoop();
        try {
            loop.execute(() -> {
                if (eventLoop() != loop) {
                    schedule();
                } else if (isRegistered()) {
                    readScheduled.set(false);
                    readAll();
                } else if (closed) {
                    failAll();
                }
            });
        } catch (RejectedExecutionException e) { // the broker has stopped
            closed = true;
            failAll();
        }
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        promise.setSuccess();
        if (readScheduled.get()) {
            schedule();
        }
    }

    @Override
    protected void doBeginRead() {
        readWanted = true;
        if (!reading && !asked.isEmpty() && readScheduled.compareAndSet(false, true)) {
            schedule();
        }
    }

    private void readAll() {
        reading = true;
        try {
            ByteBuffer frame;
            while (readWanted && (frame = asked.poll()) != null) {
                readWanted = false;
                ByteBuf copy = alloc().directBuffer(4 + frame.remaining());
                copy.writeInt(frame.remaining()).writeBytes(frame.duplicate());
                pipeline().fireChannelRead(copy);
                pipeline().fireChannelReadComplete(); // asks for the next one, if there is to be one
            }
        } finally {
            reading = false;
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer out) throws Exception {
        Object message;
        while ((message = out.current()) != null) {
            if (message instanceof ByteBuf bytes) {
                while (bytes.isReadable()) {
                    take(bytes);
                }
            } else if (message instanceof SegmentRegion region) {
                region.copyTo(answer);
                completeIfFull();
            } else {
                throw new IOException("Can't send a " + message.getClass().getName());
            }
            out.remove();
        }
    }

    private void take(ByteBuf bytes) {
        ByteBuffer into = answer == null ? size : answer;
        int limit = into.limit();
        into.limit(into.position() + Math.min(into.remaining(), bytes.readableBytes()));
        bytes.readBytes(into);
        into.limit(limit);
        if (answer == null && !size.hasRemaining()) {
            answer = ByteBuffer.allocate(size.flip().getInt());
            size.clear();
        } else if (answer != null) {
            completeIfFull();
        }
    }

    private void completeIfFull() {
        if (!answer.hasRemaining()) {
            ByteBuffer full = answer.flip();
            answer = null;
            CompletableFuture<ByteBuffer> promise = unanswered.remove(full.getInt(0));
            if (promise != null) {
                promise.complete(full);
            }
        }
    }

    @Override
    protected void doClose() {
        closed = true;
        failAll();
    }

    private void failAll() {
        asked.clear();
        IOException gone = new IOException("The broker in this server has closed the connection");
        for (Integer id : unanswered.keySet()) {
            CompletableFuture<ByteBuffer> promise = unanswered.remove(id);
            if (promise != null) {
                promise.completeExceptionally(gone);
            }
        }
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
                safeSetFailure(promise, new UnsupportedOperationException());
            }
        };
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected SocketAddress localAddress0() {
        return HERE;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return HERE;
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return !closed;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }
}
