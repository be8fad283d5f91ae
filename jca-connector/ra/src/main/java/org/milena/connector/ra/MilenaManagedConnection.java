package org.milena.connector.ra;

import jakarta.resource.NotSupportedException;
import jakarta.resource.ResourceException;
import jakarta.resource.spi.ConnectionEvent;
import jakarta.resource.spi.ConnectionEventListener;
import jakarta.resource.spi.ConnectionRequestInfo;
import jakarta.resource.spi.InvalidPropertyException;
import jakarta.resource.spi.LocalTransaction;
import jakarta.resource.spi.ManagedConnection;
import jakarta.resource.spi.ManagedConnectionMetaData;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.security.auth.Subject;
import javax.transaction.xa.XAResource;
import org.milena.connector.BatchSendException;
import org.milena.connector.MilenaException;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;
import org.milena.connector.client.Branch;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.Producer;
import org.milena.connector.client.ResourceManager;
import org.milena.connector.client.Transaction;

/**
 * A pooled connection: an idempotent producer over the client that all connections of the pool share. Its handles may be used by several
 * threads one after the other; sends are serialised.
 */
final class MilenaManagedConnection implements ManagedConnection {

    /** A server asks for the resource of a connection while it makes it. */
    private static final int XA_CHECK_MS = 5_000;

    private final Clients.Lease client;
    private final Producer producer;
    private final Set<ConnectionHandle> handles = ConcurrentHashMap.newKeySet();
    private final List<ConnectionEventListener> listeners = new CopyOnWriteArrayList<>();
    private final KafkaLocalTransaction local;
    private final BranchResource xa;
    private volatile boolean usable = true;
    private PrintWriter log;

    /**
     * @param manager              whose branches it takes part in; null: it takes part in none
     * @param transactionTimeoutMs {@code transaction.timeout.ms}
     */
    MilenaManagedConnection(Clients.Lease client, ResourceManager manager, int transactionTimeoutMs) {
        this.client = client;
        this.producer = new Producer(client.cluster());
        this.local = new KafkaLocalTransaction(this, new Transaction(client.cluster(), client.transactionalId(), transactionTimeoutMs));
        this.xa = manager == null ? null : new BranchResource(manager, client.cluster(), transactionTimeoutMs);
    }

    // ---- for handles

    List<RecordMetadata> send(ConnectionHandle handle, List<OutboundRecord> records) throws MilenaException {
        Branch branch = branch();
        try {
            if (branch != null) {
                return branch.send(client.cluster(), records);
            }
            synchronized (producer) {
                Transaction transaction = local.active();
                return transaction == null ? producer.send(records) : transaction.send(records);
            }
        } catch (ClientException e) {
            throw told(handle, e);
        } catch (IllegalArgumentException e) {
            if (branch != null) {
                branch.doom(e.getMessage());
            }
            if (branch != null || local.active() != null) {
                client.doomTransaction();
            }
            throw new MilenaException(e.getMessage(), e);
        }
    }

    /** Null outside of XA. */
    private Branch branch() {
        if (xa != null && xa.isGivenUp() && !client.isInTransaction()) {
            xa.cleanup(); // whoever sends now has left that transaction behind
        }
        return xa == null ? null : xa.branch();
    }

    int partitions(ConnectionHandle handle, String topic) throws MilenaException {
        try {
            return client.cluster().partitions(topic);
        } catch (ClientException e) {
            throw told(handle, e);
        }
    }

    /**
     * A connection of whose last send nobody knows the outcome is not used again: whoever gets the next one begins with a clean producer. But
     * within a transaction it is needed to roll back, and clean after that.
     */
    private MilenaException told(ConnectionHandle handle, ClientException e) {
        String code = e.error() == null ? null : e.error().name();
        MilenaException told = new MilenaException(e.getMessage(), code, e.outcomeUnknown(), e);
        if (local.active() != null || branch() != null) {
            client.doomTransaction();
        } else if (e.outcomeUnknown()) {
            broken(handle, told);
        }
        return e.results() == null ? told : new BatchSendException(e.getMessage(), told, e.results());
    }

    /** @param handle the one that met it, or null */
    void broken(ConnectionHandle handle, Exception cause) {
        usable = false;
        ConnectionEvent event = new ConnectionEvent(this, ConnectionEvent.CONNECTION_ERROR_OCCURRED, cause);
        event.setConnectionHandle(handle);
        listeners.forEach(listener -> listener.connectionErrorOccurred(event));
    }

    void closed(ConnectionHandle handle) {
        if (handles.remove(handle)) {
            ConnectionEvent event = new ConnectionEvent(this, ConnectionEvent.CONNECTION_CLOSED);
            event.setConnectionHandle(handle);
            listeners.forEach(listener -> listener.connectionClosed(event));
        }
    }

    boolean isUsable() {
        return usable;
    }

    // ---- for the server

    @Override
    public Object getConnection(Subject subject, ConnectionRequestInfo info) {
        ConnectionHandle handle = new ConnectionHandle(this);
        handles.add(handle);
        return handle;
    }

    @Override
    public void associateConnection(Object connection) throws ResourceException {
        if (!(connection instanceof ConnectionHandle handle)) {
            throw new ResourceException("Not a connection of Milena's: " + connection);
        }
        MilenaManagedConnection before = handle.move(this);
        if (before != null) {
            before.handles.remove(handle);
        }
        handles.add(handle);
    }

    /** Handles that are still open are closed: their application has lost the connection. */
    @Override
    public void cleanup() {
        handles.forEach(handle -> handle.move(null));
        handles.clear();
        if (xa != null) {
            xa.cleanup();
        }
    }

    @Override
    public void destroy() {
        usable = false;
        cleanup();
        local.abandon();
        if (xa != null) {
            xa.abandon();
        }
        client.close();
    }

    @Override
    public void addConnectionEventListener(ConnectionEventListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeConnectionEventListener(ConnectionEventListener listener) {
        listeners.remove(listener);
    }

    /** @throws NotSupportedException what is at the other end is no Milena. Where nothing is there yet, it is found out when a branch is prepared */
    @Override
    public XAResource getXAResource() throws ResourceException {
        try {
            client.cluster().checkBranches(XA_CHECK_MS);
        } catch (ClientException e) {
            throw new NotSupportedException(e.getMessage(), e);
        }
        if (xa == null) {
            throw new InvalidPropertyException("This server has no name of its own by which its branches could be found again: resourceManager must be set, or"
                    + " the system property " + ServerDefaults.SERVER_NAME);
        }
        return xa;
    }

    @Override
    public LocalTransaction getLocalTransaction() {
        return local;
    }

    @Override
    public ManagedConnectionMetaData getMetaData() {
        return MetaData.INSTANCE;
    }

    @Override
    public PrintWriter getLogWriter() {
        return log;
    }

    @Override
    public void setLogWriter(PrintWriter writer) {
        log = writer;
    }

    private enum MetaData implements ManagedConnectionMetaData {
        INSTANCE;

        @Override
        public String getEISProductName() {
            return "Milena or Apache Kafka";
        }

        @Override
        public String getEISProductVersion() {
            return "";
        }

        /** No limit but the pool's. */
        @Override
        public int getMaxConnections() {
            return 0;
        }

        @Override
        public String getUserName() {
            return "";
        }
    }
}
