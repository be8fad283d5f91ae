package org.milena.connector.ra;

import jakarta.resource.NotSupportedException;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.ResourceAdapter;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.transaction.xa.XAResource;

/** The resource adapter as the server sees it. It only sends; it gives clients the server's threads, and closes what is left at its end. */
public class MilenaResourceAdapter implements ResourceAdapter {

    private transient volatile Clients clients;
    private final transient Queue<AutoCloseable> registrations = new ConcurrentLinkedQueue<>();

    @Override
    public void start(BootstrapContext context) {
        clients = new Clients(context.getWorkManager(), context.getTransactionSynchronizationRegistry());
    }

    /** What the server was told beyond its pools is taken back at the end. @param registration or null */
    void closeAtStop(AutoCloseable registration) {
        if (registration != null) {
            registrations.add(registration);
        }
    }

    @Override
    public void stop() {
        for (AutoCloseable registration = registrations.poll(); registration != null; registration = registrations.poll()) {
            close(registration);
        }
        Clients ending = clients;
        clients = null;
        if (ending != null) {
            ending.close();
        }
    }

    private static void close(AutoCloseable registration) {
        try {
            registration.close();
        } catch (Exception e) {
            throw new IllegalStateException("A registration can't be taken back", e);
        }
    }

    /** Null before the start and after the end. */
    Clients clients() {
        return clients;
    }

    @Override
    public void endpointActivation(MessageEndpointFactory factory, ActivationSpec spec) throws NotSupportedException {
        throw new NotSupportedException("This version of Milena's resource adapter has no inbound side");
    }

    @Override
    public void endpointDeactivation(MessageEndpointFactory factory, ActivationSpec spec) {
        // none was activated
    }

    /** None: there are no XA transactions yet. */
    @Override
    public XAResource[] getXAResources(ActivationSpec[] specs) {
        return new XAResource[0];
    }

    /** By identity: a server has one instance for each archive, none of them configured. */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
