package org.milena.broker.network;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.log.DirectoryExecutor;

/** Accepts connections and keeps them: limits, idle time, orderly end. */
public final class BrokerServer implements AutoCloseable {

    private static final Logger LOG = System.getLogger(BrokerServer.class.getName());
    private static final int BAD_INPUT_LINES_A_MINUTE = 30;
    private static final long SWEEP_MS = 1_000;
    /** A client that reads nothing for so long, while its requests wait and others wait for their memory, is taken for stuck. */
    private static final long UNREAD_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final NetworkConfig config;
    private final EventLoops loops;
    private final RequestListener metrics;
    private final RequestDispatcher dispatcher;
    private final RequestMemory memory;
    private final ConnectionLimits limits;
    private final PooledByteBufAllocator allocator;
    private final AtomicLong connectionNumber = new AtomicLong();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final List<Channel> bound = new ArrayList<>();
    private ScheduledFuture<?> sweeper;
    private long badInputMinute;
    private int badInputs;
    private boolean stopped;

    /**
     * @param directories     the data loops, one entry a log directory
     * @param descriptorsLeft see {@link ConnectionLimits}
     */
    public BrokerServer(NetworkConfig config, EventLoops loops, List<DirectoryExecutor> directories, ApiRegistry registry,
                        RequestListener metrics, BooleanSupplier descriptorsLeft) {
        this.config = config;
        this.loops = loops;
        this.metrics = metrics;
        this.memory = new RequestMemory(Math.min(config.queuedRequestBytes(), PlatformDependent.maxDirectMemory() / 3));
        this.limits = new ConnectionLimits(config.maxConnections(), config.maxConnectionsPerIp(), descriptorsLeft);
        this.allocator = new PooledByteBufAllocator(true);
        List<EventLoops.DataLoops> data = directories.stream().map(EventLoops.DataLoops.class::cast).toList();
        // With several directories nobody knows which of them a connection will touch next, and one that lived with a directory
        // would stall with it. So it stays where nothing stalls, and every directory's threads are asked.
        this.dispatcher = new RequestDispatcher(registry, () -> data.size() == 1 ? data.get(0).next() : null);
    }

    /**
     * Binds every listener.
     *
     * @throws IOException naming the address, when one can't be bound; nothing stays bound then
     */
    public void start() throws IOException {
        try {
            bindAll();
        } finally {
            NettyTraces.removeFromThisThread();
        }
    }

    private void bindAll() throws IOException {
        for (NetworkConfig.Endpoint endpoint : config.listeners()) {
            InetSocketAddress address = endpoint.host() == null || endpoint.host().isEmpty()
                    ? new InetSocketAddress(endpoint.port()) : new InetSocketAddress(endpoint.host(), endpoint.port());
            var bind = bootstrap(endpoint).bind(address).awaitUninterruptibly();
            if (!bind.isSuccess()) {
                close();
                throw new IOException("Listener " + endpoint.name() + " can't be bound to " + address + ": "
                        + bind.cause().getMessage(), bind.cause());
            }
            bound.add(bind.channel());
        }
        long period = Math.max(100, Math.min(config.maxIdleMs() / 2, SWEEP_MS));
        sweeper = loops.control().next().scheduleAtFixedRate(this::sweep, period, period, TimeUnit.MILLISECONDS);
    }

    private ServerBootstrap bootstrap(NetworkConfig.Endpoint endpoint) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops.control(), loops.control())
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, config.backlog())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new ReceiveBuffers(memory))
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.AUTO_READ, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 * 1024, 1024 * 1024));
        if (config.sendBufferBytes() > 0) {
            bootstrap.childOption(ChannelOption.SO_SNDBUF, config.sendBufferBytes());
        }
        if (config.receiveBufferBytes() > 0) {
            bootstrap.childOption(ChannelOption.SO_RCVBUF, config.receiveBufferBytes());
        }
        return bootstrap.childHandler(new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel channel) {
                FrameDecoder decoder = new FrameDecoder(config.maxRequestBytes(), memory, System::nanoTime);
                channel.pipeline().addLast(decoder, new Connection(BrokerServer.this, endpoint.name(), decoder));
            }
        });
    }

    /**
     * A connection of a client in this VM: like one by a socket of the first listener in everything but the socket.
     *
     * @param closed run on an event loop, once, when the connection is closed by whichever side
     * @throws IOException the server is stopped
     */
    FrameChannel connectInVm(Runnable closed) throws IOException {
        try {
            FrameChannel channel = new FrameChannel(config.maxRequestBytes());
            FrameDecoder decoder = new FrameDecoder(config.maxRequestBytes(), memory, System::nanoTime);
            channel.config().setAllocator(allocator);
            channel.pipeline().addLast(decoder, new Connection(this, config.listeners().get(0).name(), decoder));
            channel.closeFuture().addListener(done -> closed.run());
            synchronized (this) {
                if (!stopped && loops.control().register(channel).awaitUninterruptibly().isSuccess()) {
                    return channel;
                }
            }
            throw new IOException("the broker has stopped");
        } finally {
            NettyTraces.removeFromThisThread(); // a thread of the server, in another application's request
        }
    }

    /** The addresses really bound, in the order of the configuration. */
    public List<InetSocketAddress> addresses() {
        return bound.stream().map(c -> (InetSocketAddress) c.localAddress()).toList();
    }

    public int connectionCount() {
        return limits.count();
    }

    /** Bytes of pooled direct memory held by the allocator. */
    public long directMemory() {
        return allocator.metric().usedDirectMemory();
    }

    /** Bytes of it that are in buffers now; 0 when there is nothing to do. */
    public long directMemoryInUse() {
        return allocator.pinnedDirectMemory();
    }

    /** Bytes of requests that are being received or worked on. */
    public long requestMemoryInUse() {
        return memory.used();
    }

    private void sweep() {
        long now = System.nanoTime();
        long maxIdle = TimeUnit.MILLISECONDS.toNanos(config.maxIdleMs());
        boolean shortage = memory.shortage() != 0;
        for (Connection connection : connections) {
            if (now - connection.lastActivityNanos() > maxIdle) {
                connection.close();
            } else if (shortage && connection.unreadFor(UNREAD_NANOS)) {
                connection.sayStalled("it does not read its answers, and others wait for the memory of its requests");
                connection.close();
            } else if (shortage) {
                connection.judge();
            }
        }
    }

    /** Closes listeners and connections. The loops belong to whoever made them. */
    @Override
    public void close() {
        synchronized (this) {
            stopped = true;
        }
        if (sweeper != null) {
            sweeper.cancel(false);
        }
        bound.forEach(c -> c.close().awaitUninterruptibly(10, TimeUnit.SECONDS));
        bound.clear();
        connections.forEach(Connection::close);
        NettyTraces.removeFromThisThread();
    }

    /** The channels that are open now: for this package's tests, which look at their options. */
    List<Channel> channels() {
        return connections.stream().map(Connection::channel).toList();
    }

    // ---- for connections

    NetworkConfig config() {
        return config;
    }

    RequestDispatcher dispatcher() {
        return dispatcher;
    }

    RequestMemory memory() {
        return memory;
    }

    RequestListener metrics() {
        return metrics;
    }

    /** INFO a few times a minute, else DEBUG: a port scanner must not fill the server's log. */
    synchronized Level levelForBadInput() {
        long minute = System.nanoTime() / TimeUnit.MINUTES.toNanos(1);
        if (minute != badInputMinute) {
            badInputMinute = minute;
            badInputs = 0;
        }
        return ++badInputs <= BAD_INPUT_LINES_A_MINUTE ? Level.INFO : Level.DEBUG;
    }

    long nextConnectionNumber() {
        return connectionNumber.getAndIncrement();
    }

    boolean admit(Connection connection, InetAddress address) {
        String refused = limits.admit(address);
        if (refused != null) {
            metrics.connectionRejected(refused);
            LOG.log(Level.DEBUG, () -> "Refused connection " + connection.id() + ": " + refused);
            return false;
        }
        connections.add(connection);
        metrics.connectionOpened();
        return true;
    }

    void closed(Connection connection, InetAddress address) {
        if (connections.remove(connection)) {
            limits.left(address);
            metrics.connectionClosed();
        }
    }
}
