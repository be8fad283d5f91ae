package org.milena.connector.client;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * The sockets of a client, all moved by one thread, which is asked for with the first connection and given back at {@link #close()}.
 * Nobody else ever waits on a socket.
 */
public final class SocketIo implements Dialer, AutoCloseable {

    private static final Logger LOG = System.getLogger(SocketIo.class.getName());

    private final List<Endpoint> bootstrap;
    private final Executor thread;
    private final Queue<SocketTransport> changed = new ConcurrentLinkedQueue<>();
    private Selector selector;
    private boolean closed;

    /** @param thread runs one task for as long as this is open; it may not be run by the caller */
    public SocketIo(List<Endpoint> bootstrap, Executor thread) {
        this.bootstrap = bootstrap;
        this.thread = thread;
    }

    @Override
    public List<Endpoint> bootstrap() {
        return bootstrap;
    }

    @Override
    public Transport open(Endpoint endpoint) throws IOException {
        InetSocketAddress address = new InetSocketAddress(endpoint.host(), endpoint.port());
        if (address.isUnresolved()) {
            throw new UnknownHostException("The host \"" + endpoint.host() + "\" is unknown");
        }
        start();
        SocketTransport transport = new SocketTransport(this, endpoint, SocketChannel.open(), address);
        changed(transport);
        return transport;
    }

    private synchronized void start() throws IOException {
        if (closed) {
            throw new IOException("The client is closed");
        }
        if (selector == null) {
            Selector opened = Selector.open();
            try {
                thread.execute(() -> run(opened));
            } catch (RuntimeException e) {
                opened.close();
                throw new IOException("No thread for the connections: " + e.getMessage(), e);
            }
            selector = opened;
        }
    }

    /** The transport wants the thread's attention. */
    void changed(SocketTransport transport) {
        changed.add(transport);
        Selector current;
        synchronized (this) {
            current = selector;
        }
        if (current != null) {
            current.wakeup();
        }
    }

    private void run(Selector selecting) {
        try {
            while (!isClosed()) {
                selecting.select(key -> ((SocketTransport) key.attachment()).ready(key));
                SocketTransport next;
                while ((next = changed.poll()) != null) {
                    next.update(selecting);
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            LOG.log(Level.ERROR, "The connections to " + bootstrap + " failed", e);
        } finally {
            end(selecting);
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private void end(Selector ended) {
        synchronized (this) {
            if (selector == ended) {
                selector = null; // the next connection begins anew, unless this is closed
            }
        }
        List.copyOf(ended.keys()).forEach(key -> ((SocketTransport) key.attachment()).close());
        changed.forEach(SocketTransport::close);
        changed.clear();
        try {
            ended.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "Closing a selector failed", e);
        }
    }

    /** Closes every connection and lets the thread go; does not wait for it. Idempotent. */
    @Override
    public void close() {
        Selector current;
        synchronized (this) {
            closed = true;
            current = selector;
        }
        if (current != null) {
            current.wakeup();
        }
    }
}
