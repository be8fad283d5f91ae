package org.milena.connector.ra;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.ConnectionManager;
import javax.naming.Reference;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.MilenaException;

/** What is injected: asks the server's pool. */
final class ConnectionFactoryHandle implements MilenaConnectionFactory {

    private static final long serialVersionUID = 1L;

    private final MilenaManagedConnectionFactory factory;
    private final ConnectionManager manager;
    private Reference reference;

    ConnectionFactoryHandle(MilenaManagedConnectionFactory factory, ConnectionManager manager) {
        this.factory = factory;
        this.manager = manager;
    }

    @Override
    public MilenaConnection getConnection() throws MilenaException {
        try {
            return (MilenaConnection) manager.allocateConnection(factory, null);
        } catch (MilenaException e) {
            throw e;
        } catch (ResourceException e) {
            throw new MilenaException("No connection to Milena: " + cause(e), e.getErrorCode(), false, e);
        }
    }

    /** Servers wrap what was thrown in messages of their own; what it was stands at the end. */
    private static String cause(Throwable thrown) {
        String message = thrown.getMessage();
        for (Throwable t = thrown.getCause(); t != null; t = t.getCause()) {
            message = t.getMessage() == null ? message : t.getMessage();
        }
        return message;
    }

    @Override
    public void setReference(Reference where) {
        reference = where;
    }

    @Override
    public Reference getReference() {
        return reference;
    }
}
