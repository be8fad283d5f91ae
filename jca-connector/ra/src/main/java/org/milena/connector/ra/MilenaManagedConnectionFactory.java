package org.milena.connector.ra;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.ConnectionManager;
import jakarta.resource.spi.ConnectionRequestInfo;
import jakarta.resource.spi.InvalidPropertyException;
import jakarta.resource.spi.ManagedConnection;
import jakarta.resource.spi.ManagedConnectionFactory;
import jakarta.resource.spi.ResourceAdapter;
import jakarta.resource.spi.ResourceAdapterAssociation;
import jakarta.resource.spi.ResourceAllocationException;
import jakarta.resource.spi.ValidatingManagedConnectionFactory;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import javax.security.auth.Subject;
import org.milena.connector.client.ClientConfig;
import org.milena.connector.client.ResourceManager;

/** A connection factory's configuration, by properties with Kafka's names in Java's spelling; the server makes the pool around it. */
public class MilenaManagedConnectionFactory implements ManagedConnectionFactory, ValidatingManagedConnectionFactory,
        ResourceAdapterAssociation {

    private static final long serialVersionUID = 1L;

    private transient MilenaResourceAdapter adapter;
    private transient PrintWriter log;
    private String bootstrapServers;
    private String clientId = ClientConfig.DEFAULT.clientId();
    private Integer requestTimeoutMs = ClientConfig.DEFAULT.requestTimeoutMs();
    private Integer deliveryTimeoutMs = ClientConfig.DEFAULT.deliveryTimeoutMs();
    private Integer retryBackoffMs = ClientConfig.DEFAULT.retryBackoffMs();
    private Integer metadataMaxAgeMs = ClientConfig.DEFAULT.metadataMaxAgeMs();
    private Integer transactionTimeoutMs = 60_000;
    private String resourceManager;
    private Integer maxRequestSize = ClientConfig.DEFAULT.maxRequestBytes();

    @Override
    public Object createConnectionFactory(ConnectionManager manager) {
        if (adapter != null) {
            adapter.closeAtStop(IronJacamarRecovery.of(manager, this));
        }
        return new ConnectionFactoryHandle(this, manager);
    }

    @Override
    public Object createConnectionFactory() throws ResourceException {
        throw new jakarta.resource.NotSupportedException("Milena's connections are pooled by a server");
    }

    @Override
    public ManagedConnection createManagedConnection(Subject subject, ConnectionRequestInfo info) throws ResourceException {
        Clients clients = adapter == null ? null : adapter.clients();
        if (clients == null) {
            throw new ResourceAllocationException("Milena's resource adapter is not started");
        }
        ClientSettings settings;
        ResourceManager manager;
        try {
            settings = settings();
            manager = manager(settings.bootstrapServers());
        } catch (IllegalArgumentException e) {
            throw new InvalidPropertyException(e.getMessage(), e);
        }
        return new MilenaManagedConnection(clients.acquire(settings), manager, transactionTimeoutMs);
    }

    private ClientSettings settings() {
        if (transactionTimeoutMs < 1) {
            throw new IllegalArgumentException("transactionTimeoutMs must be at least 1, not " + transactionTimeoutMs);
        }
        return new ClientSettings(ServerDefaults.bootstrapServers(bootstrapServers),
                new ClientConfig(clientId, requestTimeoutMs, deliveryTimeoutMs, retryBackoffMs, metadataMaxAgeMs, maxRequestSize));
    }

    /** Null: nobody has said a name. @param servers null: the broker in this server */
    private ResourceManager manager(String servers) {
        ResourceManagers.check("resourceManager", resourceManager);
        String name = resourceManager == null ? ResourceManagers.nameOfThisServer(servers != null) : resourceManager;
        return name == null ? null : ResourceManagers.of(servers, name);
    }

    /** Any free one will do: they differ in nothing that an application can ask for. */
    @Override
    @SuppressWarnings("rawtypes")
    public ManagedConnection matchManagedConnections(Set candidates, Subject subject, ConnectionRequestInfo info) {
        for (Object candidate : candidates) {
            if (candidate instanceof MilenaManagedConnection connection && connection.isUsable()) {
                return connection;
            }
        }
        return null;
    }

    @Override
    @SuppressWarnings({"rawtypes", "unchecked"})
    public Set getInvalidConnections(Set connections) {
        Set<Object> invalid = new HashSet<>(connections);
        invalid.removeIf(each -> each instanceof MilenaManagedConnection connection && connection.isUsable());
        return invalid;
    }

    @Override
    public ResourceAdapter getResourceAdapter() {
        return adapter;
    }

    @Override
    public void setResourceAdapter(ResourceAdapter resourceAdapter) {
        adapter = (MilenaResourceAdapter) resourceAdapter;
    }

    @Override
    public PrintWriter getLogWriter() {
        return log;
    }

    @Override
    public void setLogWriter(PrintWriter writer) {
        log = writer;
    }

    // ---- configuration

    public String getBootstrapServers() {
        return bootstrapServers;
    }

    /** Empty: the server's default, else the broker in this server. */
    public void setBootstrapServers(String servers) {
        bootstrapServers = servers == null || servers.isBlank() ? null : servers;
    }

    public String getClientId() {
        return clientId;
    }

    public void setClientId(String id) {
        clientId = id;
    }

    public Integer getRequestTimeoutMs() {
        return requestTimeoutMs;
    }

    public void setRequestTimeoutMs(Integer millis) {
        requestTimeoutMs = millis;
    }

    public Integer getDeliveryTimeoutMs() {
        return deliveryTimeoutMs;
    }

    public void setDeliveryTimeoutMs(Integer millis) {
        deliveryTimeoutMs = millis;
    }

    public Integer getRetryBackoffMs() {
        return retryBackoffMs;
    }

    public void setRetryBackoffMs(Integer millis) {
        retryBackoffMs = millis;
    }

    public Integer getMetadataMaxAgeMs() {
        return metadataMaxAgeMs;
    }

    public void setMetadataMaxAgeMs(Integer millis) {
        metadataMaxAgeMs = millis;
    }

    public Integer getTransactionTimeoutMs() {
        return transactionTimeoutMs;
    }

    public void setTransactionTimeoutMs(Integer millis) {
        transactionTimeoutMs = millis;
    }

    public String getResourceManager() {
        return resourceManager;
    }

    /** Empty: the server's own name. */
    public void setResourceManager(String name) {
        resourceManager = name == null || name.isBlank() ? null : name;
    }

    public Integer getMaxRequestSize() {
        return maxRequestSize;
    }

    public void setMaxRequestSize(Integer bytes) {
        maxRequestSize = bytes;
    }

    /** By configuration, as the specification wants it: factories that are equal may share a pool. */
    @Override
    public boolean equals(Object other) {
        return other instanceof MilenaManagedConnectionFactory that && adapter == that.adapter
                && Objects.equals(bootstrapServers, that.bootstrapServers) && Objects.equals(clientId, that.clientId)
                && Objects.equals(requestTimeoutMs, that.requestTimeoutMs) && Objects.equals(deliveryTimeoutMs, that.deliveryTimeoutMs)
                && Objects.equals(retryBackoffMs, that.retryBackoffMs) && Objects.equals(metadataMaxAgeMs, that.metadataMaxAgeMs)
                && Objects.equals(transactionTimeoutMs, that.transactionTimeoutMs)
                && Objects.equals(resourceManager, that.resourceManager) && Objects.equals(maxRequestSize, that.maxRequestSize);
    }

    @Override
    public int hashCode() {
        return Objects.hash(bootstrapServers, clientId);
    }
}
