package org.milena.connector.ra;

import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkException;
import jakarta.resource.spi.work.WorkManager;
import jakarta.transaction.Status;
import jakarta.transaction.TransactionSynchronizationRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.Uuid;
import org.milena.connector.client.Cluster;
import org.milena.connector.client.Dialer;
import org.milena.connector.client.Endpoint;
import org.milena.connector.client.InVm;
import org.milena.connector.client.SocketIo;

/**
 * The clients of this resource adapter: one for each broker and configuration, opened with the first connection of a pool and closed with the
 * last, so that an application that goes leaves nothing. Thread-safe.
 */
final class Clients implements AutoCloseable {

    private final WorkManager workManager;
    private final TransactionSynchronizationRegistry transactions;
    private final Map<ClientSettings, Shared> open = new HashMap<>();
    private boolean closed;

    Clients(WorkManager workManager, TransactionSynchronizationRegistry transactions) {
        this.workManager = workManager;
        this.transactions = transactions;
    }

    /** The caller's JTA transaction can't commit any more: said now, so that the container hands on why, and not only that its commit failed. */
    void doomTransaction() {
        if (transactions.getTransactionStatus() == Status.STATUS_ACTIVE) {
            transactions.setRollbackOnly();
        }
    }

    /** Whether the caller's thread is in a JTA transaction, however that stands. */
    boolean isInTransaction() {
        return transactions.getTransactionStatus() != Status.STATUS_NO_TRANSACTION;
    }

    /** A client, to be given back with {@link Lease#close()}. */
    synchronized Lease acquire(ClientSettings settings) {
        if (closed) {
            throw new IllegalStateException("The resource adapter has stopped");
        }
        Shared shared = open.computeIfAbsent(settings, this::start);
        shared.users++;
        return new Lease(this, settings, shared, shared.freeNumbers.isEmpty() ? shared.numbers++ : shared.freeNumbers.remove());
    }

    private Shared start(ClientSettings settings) {
        List<Endpoint> bootstrap = settings.bootstrapServers() == null ? List.of() : Endpoint.parse(settings.bootstrapServers());
        SocketIo sockets = new SocketIo(bootstrap, this::run);
        Dialer dialer = settings.bootstrapServers() == null ? new InVm(new LocalBroker(), sockets) : sockets;
        return new Shared(dialer, new Cluster(dialer, settings.config()), sockets);
    }

    /** On a thread of the server, for as long as the client has sockets. */
    private void run(Runnable task) {
        try {
            workManager.startWork(new Work() {
                @Override
                public void run() {
                    task.run();
                }

                /** WildFly says so of each work that has ended; when all is to end, the adapter is stopped. */
                @Override
                public void release() {
                }
            });
        } catch (WorkException e) {
            throw new RejectedExecutionException("The server's work manager refuses a thread: " + e.getMessage(), e);
        }
    }

    private void release(ClientSettings settings, Shared shared, int number) {
        synchronized (this) {
            shared.freeNumbers.add(number);
            if (--shared.users > 0) {
                return;
            }
            open.remove(settings, shared);
        }
        shared.close();
    }

    @Override
    public void close() {
        List<Shared> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(open.values());
            open.clear();
        }
        for (Shared shared : left) { // no method reference: Payara may have closed our class loader, and nothing new can be linked
            shared.close();
        }
    }

    private static final class Shared {

        private final Dialer dialer;
        private final Cluster cluster;
        private final SocketIo sockets;
        private int users;
        /** Transactional ids are this and a number: of each incarnation its own, used again by later connections. */
        private final Uuid incarnation = Uuid.randomUuid();
        private final Queue<Integer> freeNumbers = new PriorityQueue<>();
        private int numbers;

        private Shared(Dialer dialer, Cluster cluster, SocketIo sockets) {
            this.dialer = dialer;
            this.cluster = cluster;
            this.sockets = sockets;
        }

        private void close() {
            cluster.close();
            sockets.close();
        }
    }

    /** The use of a client by one pooled connection. */
    static final class Lease implements AutoCloseable {

        private final Clients clients;
        private final ClientSettings settings;
        private final int number;
        private Shared shared;

        private Lease(Clients clients, ClientSettings settings, Shared shared, int number) {
            this.clients = clients;
            this.settings = settings;
            this.shared = shared;
            this.number = number;
        }

        /** Nobody else's while this is open. */
        String transactionalId() {
            return settings.config().clientId() + "-" + shared.incarnation + "-" + number;
        }

        Cluster cluster() {
            return shared.cluster;
        }

        /** Another one, with connections of its own; closed by whoever asks for it, before this. */
        Cluster openCluster() {
            return new Cluster(shared.dialer, settings.config());
        }

        void doomTransaction() {
            clients.doomTransaction();
        }

        boolean isInTransaction() {
            return clients.isInTransaction();
        }

        /** Idempotent. */
        @Override
        public void close() {
            Shared returned;
            synchronized (this) {
                returned = shared;
                shared = null;
            }
            if (returned != null) {
                clients.release(settings, returned, number);
            }
        }
    }
}
