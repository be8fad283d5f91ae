package org.milena.broker.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The broker's door for other deployments of the same server (decision 6). Of JDK types only, so that none of the two needs a class
 * of the other: {@code apply(node, closed)} gives a connection to the broker with this {@code node.id} (any, if it is null), or null if
 * that one does not run here. The connection takes requests and gives answers as Kafka frames without their size, is thread-safe, and is
 * closed as an {@link AutoCloseable}. {@code closed} is run once, on a thread of the broker, when it is closed by whichever side: it must not block, and is there
 * to drop the reference, which keeps the broker's class loader alive.
 *
 * <p>What is asked of a broker that has stopped fails with an {@link IOException}.
 */
public final class InVmAccess implements BiFunction<Integer, Runnable, Function<ByteBuffer, CompletionStage<ByteBuffer>>> {

    private final BrokerServer server;
    private final int nodeId;

    public InVmAccess(BrokerServer server, int nodeId) {
        this.server = server;
        this.nodeId = nodeId;
    }

    /** @throws UncheckedIOException the broker has stopped */
    @Override
    public Function<ByteBuffer, CompletionStage<ByteBuffer>> apply(Integer node, Runnable closed) {
        if (node != null && node != nodeId) {
            return null;
        }
        try {
            return new InVmConnection(server.connectInVm(closed));
        } catch (IOException e) {
            throw new UncheckedIOException("No connection to Milena in this server: " + e.getMessage(), e);
        }
    }

    private static final class InVmConnection implements Function<ByteBuffer, CompletionStage<ByteBuffer>>, AutoCloseable {

        private final FrameChannel channel;
        private volatile boolean closed;

        private InVmConnection(FrameChannel channel) {
            this.channel = channel;
        }

        @Override
        public CompletableFuture<ByteBuffer> apply(ByteBuffer frame) {
            return closed ? CompletableFuture.failedFuture(new IOException("The connection to Milena in this server is closed")) : channel.ask(frame);
        }

        @Override
        public void close() {
            closed = true;
            channel.close();
        }
    }
}
