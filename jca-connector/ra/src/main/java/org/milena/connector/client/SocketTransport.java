package org.milena.connector.client;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One socket. Requests are sent as they come, without waiting for the answers before them; answers come in the order of the requests.
 *
 * <p>Threading: callers only add to the two queues, under this object's lock; {@link SocketIo}'s thread does everything else.
 */
final class SocketTransport implements Transport {

    /** A size beyond it is not Kafka talking. */
    private static final int MAX_ANSWER_BYTES = 256 * 1024 * 1024;

    private final SocketIo io;
    private final Endpoint endpoint;
    private final SocketChannel channel;
    private final InetSocketAddress address;
    private final Deque<ByteBuffer> toSend = new ArrayDeque<>();
    private final Deque<CompletableFuture<ByteBuffer>> unanswered = new ArrayDeque<>();
    private IOException failure;

    private final ByteBuffer size = ByteBuffer.allocate(4);
    private ByteBuffer answer;

    SocketTransport(SocketIo io, Endpoint endpoint, SocketChannel channel, InetSocketAddress address) throws IOException {
        this.io = io;
        this.endpoint = endpoint;
        this.channel = channel;
        this.address = address;
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    }

    @Override
    public CompletionStage<ByteBuffer> send(ByteBuffer frame) {
        CompletableFuture<ByteBuffer> answered = new CompletableFuture<>();
        synchronized (this) {
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            toSend.add(ByteBuffer.allocate(4).putInt(frame.remaining()).flip());
            toSend.add(frame);
            unanswered.add(answered);
        }
        io.changed(this);
        return answered;
    }

    @Override
    public synchronized boolean isOpen() {
        return failure == null;
    }

    @Override
    public void close() {
        fail(new IOException("The connection to " + endpoint + " is closed"));
    }

    private void fail(IOException cause) {
        List<CompletableFuture<ByteBuffer>> left;
        synchronized (this) {
            if (failure != null) {
                return;
            }
            failure = cause;
            left = new ArrayList<>(unanswered);
            unanswered.clear();
            toSend.clear();
        }
        try {
            channel.close();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
        io.changed(this); // a selector lets a closed channel go only when it selects
        left.forEach(f -> f.completeExceptionally(cause));
    }

    // ---- on the thread of SocketIo

    /** Something was queued, or this is new. */
    void update(Selector selector) {
        if (!channel.isOpen()) {
            return;
        }
        try {
            SelectionKey key = channel.keyFor(selector);
            if (key == null) {
                key = channel.register(selector, SelectionKey.OP_CONNECT, this);
                if (channel.connect(address)) {
                    key.interestOps(SelectionKey.OP_READ);
                }
            }
            if (channel.isConnected()) {
                write(key);
            }
        } catch (IOException | CancelledKeyException e) {
            failed(e);
        }
    }

    void ready(SelectionKey key) {
        try {
            if (key.isConnectable()) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                write(key);
                return;
            }
            if (key.isReadable()) {
                read();
            }
            if (key.isWritable()) {
                write(key);
            }
        } catch (IOException | CancelledKeyException e) {
            failed(e);
        }
    }

    private void failed(Exception e) {
        String what = channel.isConnected() ? "The connection to " + endpoint + " broke" : endpoint + " can't be reached";
        fail(new IOException(what + ": " + e.getMessage(), e));
    }

    private void write(SelectionKey key) throws IOException {
        ByteBuffer head;
        while ((head = head()) != null) {
            channel.write(head);
            if (head.hasRemaining()) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                return;
            }
            sent(head);
        }
        key.interestOps(SelectionKey.OP_READ);
    }

    private synchronized ByteBuffer head() {
        return toSend.peek();
    }

    private synchronized void sent(ByteBuffer buffer) {
        if (toSend.peek() == buffer) {
            toSend.poll();
        }
    }

    private void read() throws IOException {
        while (true) {
            ByteBuffer into = answer == null ? size : answer;
            if (channel.read(into) < 0) {
                throw new EOFException("the broker closed it");
            }
            if (into.hasRemaining()) {
                return;
            }
            into.flip();
            if (answer != null) {
                answered(answer);
                answer = null;
            } else {
                int bytes = size.getInt();
                size.clear();
                if (bytes < 4 || bytes > MAX_ANSWER_BYTES) {
                    throw new IOException("an answer of " + bytes + " bytes is not Kafka's");
                }
                answer = ByteBuffer.allocate(bytes);
            }
        }
    }

    private void answered(ByteBuffer bytes) throws IOException {
        CompletableFuture<ByteBuffer> first;
        synchronized (this) {
            first = unanswered.poll();
        }
        if (first == null) {
            throw new IOException("an answer came that nobody asked for");
        }
        first.complete(bytes);
    }
}
