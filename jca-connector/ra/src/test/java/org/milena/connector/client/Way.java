package org.milena.connector.client;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.milena.broker.testing.EmbeddedBroker;

/** The two ways to a broker: what works by one has to work by the other. */
enum Way {
    SOCKET, IN_VM;

    private static final ExecutorService THREADS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "client-io");
        thread.setDaemon(true);
        return thread;
    });

    /** A dialer to whatever broker runs at the moment; not closed, its thread is a daemon. */
    Dialer to(EmbeddedBroker broker) {
        SocketIo sockets = new SocketIo(List.of(new Endpoint(Endpoint.UNKNOWN, "127.0.0.1", broker.port())), THREADS);
        return this == SOCKET ? sockets : new InVm(broker.broker()::inVmAccess, sockets);
    }

    /** Sockets that must not be needed. */
    static final Dialer NO_SOCKETS = new Dialer() {
        @Override
        public List<Endpoint> bootstrap() {
            return List.of();
        }

        @Override
        public Transport open(Endpoint endpoint) throws IOException {
            throw new IOException("a socket was asked for, to " + endpoint);
        }
    };
}
