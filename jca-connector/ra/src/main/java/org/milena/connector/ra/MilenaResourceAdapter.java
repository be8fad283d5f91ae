package org.milena.connector.ra;

import jakarta.resource.NotSupportedException;
import jakarta.resource.ResourceException;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.ResourceAdapter;
import jakarta.resource.spi.ResourceAdapterInternalException;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.transaction.xa.XAResource;

/** The resource adapter as the server sees it: gives clients and message-driven beans the server's threads, and ends what is left at its end. */
public class MilenaResourceAdapter implements ResourceAdapter {

    private transient volatile Clients clients;
    private transient volatile Activations activations;
    private final transient Queue<AutoCloseable> registrations = new ConcurrentLinkedQueue<>();

    @Override
    public void start(BootstrapContext context) {
        ResourceManagers.serverIsWildFly(Narayana.nodeIdentifier(context));
        clients = new Clients(context.getWorkManager(), context.getTransactionSynchronizationRegistry());
        activations = new Activations(clients, context.getWorkManager(), Narayana.of(context));
        MilenaManagedConnectionFactory unconfigured = new MilenaManagedConnectionFactory();
        unconfigured.setResourceAdapter(this);
        closeAtStop(PayaraRecovery.of(context, unconfigured));
    }

    /** What the server was told beyond its pools is taken back at the end. @param registration or null */
    void closeAtStop(AutoCloseable registration) {
        if (registration != null) {
            registrations.add(registration);
        }
    }

    @Override
    public void stop() {
        Activations left = activations;
        activations = null;
        if (left != null) {
            left.close();
        }
        for (AutoCloseable registration = registrations.poll(); registration != null; registration = registrations.poll()) {
            close(registration);
        }
        Clients ending = clients;
        clients = null;
        if (ending != null) {
            ending.close();
        }
        RecordMethods.forget();
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
    public void endpointActivation(MessageEndpointFactory factory, ActivationSpec spec) throws ResourceException {
        Activations started = activations;
        if (started == null) {
            throw new ResourceAdapterInternalException("Milena's resource adapter is not started");
        }
        if (!(spec instanceof RecordActivationSpec own)) {
            throw new NotSupportedException("Not an activation of Milena's: " + spec);
        }
        started.activate(factory, own);
    }

    @Override
    public void endpointDeactivation(MessageEndpointFactory factory, ActivationSpec spec) {
        Activations started = activations;
        if (started != null && spec instanceof RecordActivationSpec own) {
            started.deactivate(factory, own);
        }
    }

    /** What recovers the branches of message-driven beans. @throws ResourceException it can't be said; the server asks again */
    @Override
    public XAResource[] getXAResources(ActivationSpec[] specs) throws ResourceException {
        Activations started = activations;
        if (started == null) {
            throw new ResourceAdapterInternalException("Milena's resource adapter is not started");
        }
        return started.recoverable(specs);
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
