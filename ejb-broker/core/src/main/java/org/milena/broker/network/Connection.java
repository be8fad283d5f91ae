package org.milena.broker.network;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.time.Timer;

/**
 * One client connection: takes frames, hands requests to the {@link RequestDispatcher} in their order and sends the answers in
 * that order, whatever the order in which they became ready.
 *
 * <p>Threading: all state belongs to the channel's event loop. The event loop changes once, when the first request that
 * touches a log moves the connection from a control loop to a data loop; while it moves, nothing is read or written.
 */
final class Connection extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = System.getLogger(Connection.class.getName());

    private final BrokerServer server;
    private final String listenerName;
    private final FrameDecoder decoder;
    private final Deque<Frame> received = new ArrayDeque<>();
    private final Deque<Request> inOrder = new ArrayDeque<>();
    private final Map<Request, Runnable> closeActions = new HashMap<>();

    private ChannelHandlerContext ctx;
    private String id;
    private InetAddress address;
    private boolean moving;
    private boolean moved;
    private boolean processing;
    private boolean unflushed;
    private boolean closing;
    /** Requests wait here because the client does not read its answers. */
    private volatile boolean heldUpByClient;
    private volatile long lastActivityNanos = System.nanoTime();

    Connection(BrokerServer server, String listenerName, FrameDecoder decoder) {
        this.server = server;
        this.listenerName = listenerName;
        this.decoder = decoder;
    }

    // ---- what others may ask, from any thread

    String id() {
        return id;
    }

    InetAddress address() {
        return address;
    }

    String listenerName() {
        return listenerName;
    }

    Channel channel() {
        return ctx.channel();
    }

    Executor executor() {
        return ctx.channel().eventLoop();
    }

    Timer.Task schedule(long delayMs, Runnable action) {
        var scheduled = ctx.channel().eventLoop().schedule(action, delayMs, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    long lastActivityNanos() {
        return lastActivityNanos;
    }

    /** True when requests have waited here for so long because the client does not read its answers. */
    boolean unreadFor(long nanos) {
        return heldUpByClient && System.nanoTime() - lastActivityNanos > nanos;
    }

    /** Others wait for memory: see {@link FrameDecoder#judge}. */
    void judge() {
        decoder.judge();
    }

    /** Why it is going to be closed; as often as the log bears it. Any thread. */
    void sayBadInput(String why) {
        LOG.log(server.levelForBadInput(), "Closing connection {0}: {1}", id, why);
        server.metrics().connectionRejected("invalid-request");
    }

    /** Like {@link #sayBadInput}. */
    void sayStalled(String why) {
        LOG.log(server.levelForBadInput(), "Closing connection {0}: {1}", id, why);
        server.metrics().connectionRejected("stalled");
    }

    void close() {
        ctx.close();
    }

    void answer(Request request, ApiMessage response, short version) {
        EventLoop loop = ctx.channel().eventLoop();
        if (loop.inEventLoop()) {
            answerHere(request, response, version);
        } else {
            loop.execute(() -> answer(request, response, version));
        }
    }

    void closeAfterError(Request request) {
        EventLoop loop = ctx.channel().eventLoop();
        if (loop.inEventLoop()) {
            if (!request.done()) { // else its answer is given back with the connection
                request.complete(null);
            }
            flushNow(); // what was answered before it
            ctx.close();
        } else {
            loop.execute(() -> closeAfterError(request));
        }
    }

    void onClose(Request request, Runnable action) {
        EventLoop loop = ctx.channel().eventLoop();
        if (!loop.inEventLoop()) {
            loop.execute(() -> onClose(request, action));
        } else if (closing) {
            action.run();
        } else if (!request.done()) {
            closeActions.put(request, action);
        }
    }

    void release(Frame frame) {
        frame.bytes().release();
        server.memory().release(frame.lease());
    }

    // ---- the channel's life

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        Channel channel = context.channel();
        InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
        InetSocketAddress local = (InetSocketAddress) channel.localAddress();
        address = remote.getAddress();
        id = local.getAddress().getHostAddress() + ":" + local.getPort() + "-" + remote.getAddress().getHostAddress() + ":"
                + remote.getPort() + "-" + server.nextConnectionNumber();
        if (server.admit(this, address)) {
            context.read();
        } else {
            closing = true;
            context.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (moving) {
            return; // a move deregisters the channel; it is still open
        }
        closing = true;
        received.forEach(this::release);
        received.clear();
        inOrder.forEach(Request::discard);
        inOrder.clear();
        Runnable[] actions = closeActions.values().toArray(Runnable[]::new);
        closeActions.clear();
        for (Runnable action : actions) {
            action.run();
        }
        if (address != null) {
            server.closed(this, address);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof FrameDecoder.InvalidFrameException) {
            LOG.log(server.levelForBadInput(), "Closing connection {0}: {1}", id, cause.getMessage());
            server.metrics().connectionRejected("invalid-frame");
        } else if (cause instanceof FrameDecoder.StalledFrameException) {
            sayStalled(cause.getMessage());
        } else if (cause instanceof IOException) {
            LOG.log(Level.DEBUG, () -> "Connection " + id + " broke: " + cause.getMessage());
        } else {
            LOG.log(Level.ERROR, "Closing connection " + id + " after an unexpected error", cause);
        }
        context.close();
    }

    // ---- requests

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        Frame frame = (Frame) message;
        if (closing) {
            release(frame);
            return;
        }
        received.add(frame);
        work();
        if (!received.isEmpty()) {
            adjustReading(); // at once: the rest of this read would only wait here, in memory
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        adjustReading();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        lastActivityNanos = System.nanoTime();
        flushNow();
        adjustReading();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            // Only then: a write that fills the buffer comes by here, too, in the middle of an answer. And the flush that made room
            // has passed what is written from here.
            work();
            flushNow();
        }
        adjustReading();
    }

    /** Hands on what has been received, as far as order, pipelining limit and the client's own reading allow. */
    private void work() {
        if (processing) {
            return;
        }
        processing = true;
        try {
            while (!moving && !closing && !received.isEmpty() && inOrder.size() < server.config().maxPipelinedRequests()
                    && ctx.channel().isWritable()) {
                if (!moved && moveFor(received.peek())) {
                    break;
                }
                process(received.poll());
            }
        } finally {
            processing = false;
        }
    }

    private void process(Frame frame) {
        Request request;
        try {
            request = server.dispatcher().parse(this, frame);
        } catch (RuntimeException e) {
            release(frame);
            sayBadInput(e.getMessage());
            closing = true;
            ctx.close();
            return;
        }
        inOrder.add(request);
        server.dispatcher().dispatch(request);
        if (!request.done() && !request.keepsBuffer()) {
            request.releaseFrame();
        }
    }

    private void answerHere(Request request, ApiMessage response, short version) {
        closeActions.remove(request);
        if (closing || request.done()) {
            boolean twice = request.done() && !closing;
            request.complete(null);
            discard(response);
            if (twice) {
                LOG.log(Level.ERROR, "Request {0} of {1} was answered twice", request.name(), id);
            }
            return;
        }
        ResponseEncoder.Encoded encoded = null;
        if (response != null) {
            encoded = encode(request, response, version);
            if (encoded == null) {
                request.complete(null);
                ctx.close();
                return;
            }
        }
        request.complete(encoded);
        sendReady();
        if (!processing) {
            work();
            adjustReading();
            flushNow();
        }
    }

    /**
     * Where a response can't be written, for instance as an error's text repeats what is too long for a text, the answer is UNKNOWN_SERVER_ERROR, as
     * Kafka's. Null: nor can that.
     */
    private ResponseEncoder.Encoded encode(Request request, ApiMessage response, short version) {
        try {
            return encoded(request, response, version);
        } catch (RuntimeException | Error e) {
            discard(response);
            String what = "The response to " + request.name() + " version " + version + " could not be encoded";
            if (request.body() != null) { // a private request has no such answer
                try {
                    ApiMessage error = request.body().getErrorResponse(0, Errors.UNKNOWN_SERVER_ERROR.exception()).data();
                    ResponseEncoder.Encoded instead = encoded(request, error, version);
                    LOG.log(server.levelForBadInput(), "{0} for connection {1}, which is told so: {2}", what, id, e.toString());
                    return instead;
                } catch (RuntimeException | Error again) {
                    e.addSuppressed(again);
                }
            }
            LOG.log(Level.ERROR, "Closing connection " + id + ": " + what, e);
            return null;
        }
    }

    private ResponseEncoder.Encoded encoded(Request request, ApiMessage response, short version) {
        return ResponseEncoder.encode(ctx.alloc(), request.correlationId(), request.responseHeaderVersion(version), response, version);
    }

    /** A response that will not be sent gives its segment files back. */
    private static void discard(ApiMessage response) {
        if (response instanceof org.apache.kafka.common.message.FetchResponseData fetch) {
            fetch.responses().forEach(t -> t.partitions().forEach(p -> {
                if (p.records() instanceof org.milena.broker.log.LogRead read) {
                    read.release();
                }
            }));
        }
    }

    private void sendReady() {
        if (moving) {
            return;
        }
        Request head;
        while ((head = inOrder.peek()) != null && head.done()) {
            inOrder.poll();
            ResponseEncoder.Encoded encoded = head.encoded();
            long bytes = 0;
            if (encoded != null) {
                bytes = encoded.bytes();
                encoded.writeTo(ctx);
                unflushed = true;
            }
            if (head.apiKey() != null) { // metrics know Kafka's keys only
                server.metrics().requestCompleted(head.apiKey(), head.apiVersion(), System.nanoTime() - head.receivedNanos(),
                        head.requestBytes(), bytes);
            }
        }
    }

    private void flushNow() {
        if (unflushed && !moving) {
            unflushed = false;
            lastActivityNanos = System.nanoTime();
            ctx.flush();
        }
    }

    private void adjustReading() {
        boolean held = !received.isEmpty() && !ctx.channel().isWritable();
        if (held != heldUpByClient) {
            heldUpByClient = held;
        }
        boolean read = received.isEmpty() && !moving && !closing && !decoder.waitsForMemory();
        if (ctx.channel().config().isAutoRead() != read) {
            ctx.channel().config().setAutoRead(read);
        }
    }

    // ---- from control loop to data loop

    private boolean moveFor(Frame next) {
        EventLoop target = server.dispatcher().dataLoopFor(next.bytes());
        if (target == null) {
            return false;
        }
        moved = true;
        if (target == ctx.channel().eventLoop()) {
            return false;
        }
        flushNow();
        moving = true;
        ctx.channel().config().setAutoRead(false);
        Channel channel = ctx.channel();
        // Not within the read that brought us here: it must have ended before the loop lets go of the channel.
        channel.eventLoop().execute(() -> channel.deregister().addListener(left -> {
            if (!channel.isOpen()) {
                moving = false;
                channelInactive(ctx);
                return;
            }
            target.register(channel).addListener(entered -> arrived(entered.isSuccess()));
        }));
        return true;
    }

    private void arrived(boolean success) {
        moving = false;
        if (!success || !ctx.channel().isOpen()) {
            channelInactive(ctx);
            return;
        }
        sendReady();
        work();
        adjustReading();
        unflushed = true; // the old loop took its interest in what was half sent with it
        flushNow();
    }
}
