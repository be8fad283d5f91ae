package org.milena.connector.ra;

import jakarta.resource.NotSupportedException;
import jakarta.resource.ResourceException;
import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.InvalidPropertyException;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import jakarta.resource.spi.work.WorkManager;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import javax.transaction.xa.XAResource;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.Cluster;
import org.milena.connector.client.ResourceManager;
import org.milena.connector.client.Transaction;

/** The message-driven beans of this resource adapter. Thread-safe. */
final class Activations implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Activations.class.getName());

    /** What is being delivered at the end may take so long. */
    private static final long END_MS = 30_000;

    /** A deployment waits so long to hear whether the broker can prepare transactions. */
    private static final int XA_CHECK_MS = 2_000;

    private record Key(MessageEndpointFactory factory, RecordActivationSpec spec) {
    }

    /** With everything that ends with it. */
    private record Running(Activation activation, Clients.Lease client, Cluster fetching, Deserialization deserialization, ObjectName control)
            implements AutoCloseable {

        @Override
        public void close() {
            activation.stop(END_MS);
            fetching.close();
            client.close();
            try {
                deserialization.close();
                if (control != null) {
                    ManagementFactory.getPlatformMBeanServer().unregisterMBean(control);
                }
            } catch (Exception e) {
                LOG.log(Level.DEBUG, "The end of group " + activation.groupId(), e);
            }
        }
    }

    private final Clients clients;
    private final WorkManager workManager;
    private final Narayana narayana;
    private final AutoCloseable registration;
    private final Map<Key, Running> running = new HashMap<>();
    private final Map<ClientSettings, Clients.Lease> recovering = new HashMap<>();

    /** @param narayana null: the server has another transaction manager, which asks for {@link #recoverable} */
    Activations(Clients clients, WorkManager workManager, Narayana narayana) {
        this.clients = clients;
        this.workManager = workManager;
        this.narayana = narayana;
        this.registration = narayana == null ? () -> { } : narayana.register(this::named);
    }

    /** @throws ResourceException the configuration is wrong, and says how; the broker need not be there */
    void activate(MessageEndpointFactory factory, RecordActivationSpec spec) throws ResourceException {
        ClassLoader application = factory.getEndpointClass().getClassLoader();
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(application);
        try {
            Running started = start(factory, spec, spec.config(), application);
            synchronized (this) {
                running.put(new Key(factory, spec), started);
            }
        } catch (IllegalArgumentException e) {
            throw new InvalidPropertyException(e.getMessage(), e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** @throws ResourceException the broker is there, and can't prepare a transaction */
    private Supplier<Delivering> transacted(Endpoints endpoints, InboundConfig config, Clients.Lease client) throws ResourceException {
        try {
            client.cluster().checkBranches(XA_CHECK_MS);
        } catch (ClientException e) {
            throw new NotSupportedException("Group " + config.consumer().groupId() + ": " + e.getMessage()
                    + ". A bean whose method has @TransactionAttribute(NOT_SUPPORTED) can consume from there", e);
        }
        ResourceManager manager = manager(config);
        return () -> {
            DeliveryResource resource = new DeliveryResource(manager, client.cluster(), config.transactionTimeoutMs());
            return new TransactedDelivering(endpoints, resource, narayana == null ? resource : narayana.named(resource, name(config)));
        };
    }

    /** Of the branches of a resource manager at its broker. */
    private static String name(InboundConfig config) {
        String servers = config.client().bootstrapServers();
        return "milena/" + config.resourceManager() + (servers == null ? "" : "@" + servers);
    }

    private static ResourceManager manager(InboundConfig config) {
        if (config.resourceManager() == null) {
            throw new IllegalArgumentException("This server has no name of its own by which its branches could be found again: resourceManager must be set, or"
                    + " the system property " + ServerDefaults.SERVER_NAME);
        }
        return ResourceManagers.of(config.client().bootstrapServers(), config.resourceManager());
    }

    /**
     * What finds the branches in doubt of these, also before they are activated; none, where the recovery manager was told without being asked.
     *
     * @throws ResourceException a configuration is wrong
     */
    XAResource[] recoverable(ActivationSpec[] specs) throws ResourceException {
        return narayana == null ? resources(specs).values().toArray(XAResource[]::new) : new XAResource[0];
    }

    private XAResource[] named() throws ResourceException {
        ActivationSpec[] specs;
        synchronized (this) {
            specs = running.keySet().stream().map(Key::spec).toArray(ActivationSpec[]::new);
        }
        return resources(specs).entrySet().stream().map(each -> narayana.named(each.getValue(), each.getKey())).toArray(XAResource[]::new);
    }

    /** One for each resource manager, by its name. */
    private Map<String, XAResource> resources(ActivationSpec[] specs) throws ResourceException {
        Map<String, XAResource> resources = new LinkedHashMap<>();
        for (ActivationSpec spec : specs) {
            if (spec instanceof RecordActivationSpec own) {
                try {
                    InboundConfig config = own.config();
                    if (config.resourceManager() != null) {
                        resources.putIfAbsent(name(config), new BranchResource(manager(config), recovering(config.client()), config.transactionTimeoutMs()));
                    }
                } catch (IllegalArgumentException e) {
                    throw new InvalidPropertyException(e.getMessage(), e);
                }
            }
        }
        return resources;
    }

    private synchronized Cluster recovering(ClientSettings settings) {
        return recovering.computeIfAbsent(settings, clients::acquire).cluster();
    }

    private Running start(MessageEndpointFactory factory, RecordActivationSpec spec, InboundConfig config, ClassLoader application) throws ResourceException {
        Deserialization deserialization = new Deserialization(application);
        var keys = deserialization.of("key", spec.getKeyDeserializer(), spec.getKeyType());
        var values = deserialization.of("value", spec.getValueDeserializer(), spec.getValueType());
        Endpoints endpoints = new Endpoints(factory, config.isBatch());
        Clients.Lease client = clients.acquire(config.client());
        try {
            Supplier<Delivering> deliverings = endpoints.isTransacted() ? transacted(endpoints, config, client)
                    : () -> new PlainDelivering(endpoints, config.clientConfig().deliveryTimeoutMs());
            Cluster fetching = client.openCluster();
            DeadLetters letters = new DeadLetters(config, new Transaction(client.cluster(), client.transactionalId(), config.transactionTimeoutMs()));
            Activation activation = new Activation(config, client.cluster(), fetching, workManager, application, deliverings,
                    new PartitionDelivery.Shared(config, letters, keys, values));
            workManager.scheduleWork(activation);
            return new Running(activation, client, fetching, deserialization, register(factory, activation));
        } catch (ResourceException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** Without management it goes, too. */
    private static ObjectName register(MessageEndpointFactory factory, Activation activation) {
        try {
            ObjectName name = new ObjectName("org.milena.connector:type=Activation,group=" + ObjectName.quote(activation.groupId())
                    + ",name=" + ObjectName.quote(String.valueOf(factory.getActivationName())));
            ManagementFactory.getPlatformMBeanServer().registerMBean(new StandardMBean(new Control(activation), ActivationControlMXBean.class, true), name);
            return name;
        } catch (JMException | RuntimeException e) {
            LOG.log(Level.WARNING, "Group " + activation.groupId() + " can't be managed: " + e.getMessage());
            return null;
        }
    }

    void deactivate(MessageEndpointFactory factory, RecordActivationSpec spec) {
        Running ending;
        synchronized (this) {
            ending = running.remove(new Key(factory, spec));
        }
        if (ending != null) {
            ending.close();
        }
    }

    @Override
    public void close() {
        List<Running> left;
        synchronized (this) {
            left = List.copyOf(running.values());
            running.clear();
        }
        for (Running each : left) {
            each.close();
        }
        synchronized (this) {
            recovering.values().forEach(Clients.Lease::close);
            recovering.clear();
        }
        try {
            registration.close();
        } catch (Exception e) {
            LOG.log(Level.WARNING, "The recovery manager goes on asking for branches of an adapter that has stopped", e);
        }
    }

    private record Control(Activation activation) implements ActivationControlMXBean {

        @Override
        public String getGroupId() {
            return activation.groupId();
        }

        @Override
        public boolean isMember() {
            return activation.isMember();
        }

        @Override
        public int getPartitions() {
            return activation.partitions();
        }

        @Override
        public boolean isPaused() {
            return activation.isPaused();
        }

        @Override
        public void pause() {
            activation.pause();
        }

        @Override
        public void resume() {
            activation.resume();
        }
    }
}
