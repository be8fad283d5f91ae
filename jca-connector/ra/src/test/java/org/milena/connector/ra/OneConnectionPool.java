package org.milena.connector.ra;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.ConnectionEvent;
import jakarta.resource.spi.ConnectionEventListener;
import jakarta.resource.spi.ConnectionManager;
import jakarta.resource.spi.ConnectionRequestInfo;
import jakarta.resource.spi.ManagedConnectionFactory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** The least that a server does: keeps one connection, and writes down what it is told. */
final class OneConnectionPool implements ConnectionManager, ConnectionEventListener {

    private static final long serialVersionUID = 1L;

    final transient List<String> events = new CopyOnWriteArrayList<>();
    transient MilenaManagedConnection only;
    int created;

    @Override
    public Object allocateConnection(ManagedConnectionFactory factory, ConnectionRequestInfo info) throws ResourceException {
        if (only == null || factory.matchManagedConnections(Set.of(only), null, info) == null) {
            only = (MilenaManagedConnection) factory.createManagedConnection(null, info);
            only.addConnectionEventListener(this);
            created++;
        }
        return only.getConnection(null, info);
    }

    @Override
    public void connectionClosed(ConnectionEvent event) {
        events.add("closed");
    }

    @Override
    public void connectionErrorOccurred(ConnectionEvent event) {
        events.add("error");
    }

    @Override
    public void localTransactionStarted(ConnectionEvent event) {
        events.add("started");
    }

    @Override
    public void localTransactionCommitted(ConnectionEvent event) {
        events.add("committed");
    }

    @Override
    public void localTransactionRolledback(ConnectionEvent event) {
        events.add("rolled back");
    }
}
