package org.milena.connector.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Opens connections to the broker in this VM by the function it has bound (decision 6), and by sockets to the other brokers of its
 * cluster. The function is looked up for each connection: a broker that was deployed again has bound another.
 */
public final class InVm implements Dialer {

    /** How the broker's function is found. */
    @FunctionalInterface
    public interface Lookup {

        /** @throws IOException there is none */
        BiFunction<Integer, Runnable, Function<ByteBuffer, CompletionStage<ByteBuffer>>> find() throws IOException;
    }

    private static final Endpoint HERE = new Endpoint(Endpoint.UNKNOWN, "Milena in this server", 0);

    private final Lookup lookup;
    private final Dialer others;

    public InVm(Lookup lookup, Dialer others) {
        this.lookup = lookup;
        this.others = others;
    }

    @Override
    public List<Endpoint> bootstrap() {
        return List.of(HERE);
    }

    @Override
    public Transport open(Endpoint endpoint) throws IOException {
        InVmTransport transport = new InVmTransport();
        try {
            Integer node = endpoint.nodeId() == Endpoint.UNKNOWN ? null : endpoint.nodeId();
            var connection = lookup.find().apply(node, transport::dropped);
            if (connection == null) {
                return others.open(endpoint);
            }
            transport.connected(connection);
            return transport;
        } catch (UncheckedIOException e) {
            throw new IOException(e.getMessage(), e.getCause());
        }
    }

    /** Holds the broker's function, which keeps its class loader alive, no longer than the connection is open. */
    private static final class InVmTransport implements Transport {

        private volatile Function<ByteBuffer, CompletionStage<ByteBuffer>> connection;
        private boolean gone;

        /** By whichever side, perhaps before we hold it. */
        private synchronized void dropped() {
            gone = true;
            connection = null;
        }

        private synchronized void connected(Function<ByteBuffer, CompletionStage<ByteBuffer>> opened) {
            if (!gone) {
                connection = opened;
            }
        }

        @Override
        public CompletionStage<ByteBuffer> send(ByteBuffer frame) {
            var open = connection;
            return open == null ? CompletableFuture.failedFuture(new IOException("The connection to Milena in this server is closed"))
                    : open.apply(frame);
        }

        @Override
        public boolean isOpen() {
            return connection != null;
        }

        @Override
        public void close() {
            var open = connection;
            dropped();
            if (open instanceof AutoCloseable closeable) {
                try {
                    closeable.close();
                } catch (Exception e) {
                    throw new IllegalStateException("A connection in the VM can't be closed", e);
                }
            }
        }
    }
}
