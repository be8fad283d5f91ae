package org.milena.connector.client;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseBroker;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.FindCoordinatorRequest.CoordinatorType;

/** What is known of a cluster, learnt as it is needed, and the connections to its brokers. Thread-safe. */
public final class Cluster implements AutoCloseable {

    /** So long a topic may take to come into being; a name that is only misspelt need not cost a whole send's patience. */
    private static final long UNKNOWN_TOPIC_MS = 5_000;

    /** {@code socket.connection.setup.timeout.ms}, ApiVersions included. */
    private static final long SETUP_MS = 10_000;

    private static final String TRANSACTION_STATE = "__transaction_state";

    private final Dialer dialer;
    private final ClientConfig config;
    private final Map<Integer, Endpoint> nodes = new ConcurrentHashMap<>();
    private final Map<String, Topic> topics = new ConcurrentHashMap<>();
    private final Map<Coordinated, Endpoint> coordinators = new ConcurrentHashMap<>();
    private final Map<Endpoint, BrokerConnections> connections = new ConcurrentHashMap<>();
    private volatile boolean closed;

    public Cluster(Dialer dialer, ClientConfig config) {
        this.dialer = dialer;
        this.config = config;
    }

    ClientConfig config() {
        return config;
    }

    /** Asks a broker anything at all: that it is there and speaks our protocol. */
    public void check() throws ClientException {
        any(Deadline.after(config.deliveryTimeoutMs()));
    }

    /**
     * That the cluster can prepare branches of distributed transactions. Says nothing where it can't be reached, so that what waits for it may
     * begin before it does.
     *
     * @throws ClientException it is there and can't
     */
    public void checkBranches(int patienceMs) throws ClientException {
        BrokerConnection broker;
        try {
            broker = any(Deadline.after(patienceMs));
        } catch (ClientException e) {
            return;
        }
        checkBranches(broker);
    }

    /** Likewise, of one that must be there. @throws ClientException it can't, or can't be reached */
    void requireBranches(Deadline deadline) throws ClientException {
        checkBranches(any(deadline));
    }

    private static void checkBranches(BrokerConnection broker) throws ClientException {
        if (!broker.servesBranches()) {
            throw ClientException.noBranches(broker.endpoint());
        }
    }

    /** The number of partitions of a topic, which is created if the broker does so by itself. */
    public int partitions(String topic) throws ClientException {
        return topic(topic, Deadline.after(config.deliveryTimeoutMs())).partitions();
    }

    // ---- topics

    /** The topic as last described; asks when it is not known, or {@code metadata.max.age.ms} is over. */
    Topic topic(String name, Deadline deadline) throws ClientException {
        Topic known = topics.get(name);
        if (known != null && System.nanoTime() - known.loadedNanos() < TimeUnit.MILLISECONDS.toNanos(config.metadataMaxAgeMs())) {
            return known;
        }
        Deadline existence = deadline.within(UNKNOWN_TOPIC_MS);
        ClientException failure = null;
        for (int attempt = 0; ; attempt++) {
            try {
                return load(name, true, deadline);
            } catch (ClientException e) {
                failure = e.orBefore(failure);
            }
            if (!failure.retriable()) {
                throw failure;
            }
            boolean missing = failure.error() == Errors.UNKNOWN_TOPIC_OR_PARTITION;
            if ((missing ? existence : deadline).over()) {
                throw ClientException.timedOut("Topic " + name + (missing ? " does not exist and was not created" : " could not be found"),
                        missing ? existence : deadline, failure, false);
            }
            deadline.pause(config.backoff(attempt));
        }
    }

    /** What is known of the topic was wrong: to be asked again. */
    void forget(String topic) {
        topics.remove(topic);
    }

    /** The number of partitions of {@code __transaction_state}; 0 where nobody knows, as before the first transaction of all. */
    int statePartitions(Deadline deadline) {
        try {
            Topic known = topics.get(TRANSACTION_STATE);
            return (known != null ? known : load(TRANSACTION_STATE, false, deadline)).partitions();
        } catch (ClientException e) {
            return 0;
        }
    }

    private Topic load(String name, boolean create, Deadline deadline) throws ClientException {
        MetadataRequestData request = new MetadataRequestData().setAllowAutoTopicCreation(create)
                .setTopics(List.of(new MetadataRequestData.MetadataRequestTopic().setName(name)));
        MetadataResponseData answer = metadata(request, deadline);
        MetadataResponseTopic described = answer.topics().find(name);
        Errors error = described == null ? Errors.UNKNOWN_TOPIC_OR_PARTITION : Errors.forCode(described.errorCode());
        if (error != Errors.NONE) {
            throw ClientException.of("Topic " + name + ": " + error.message(), error);
        }
        Topic topic = Topic.of(described);
        topics.put(name, topic);
        return topic;
    }

    /** Asks any broker, and learns from the answer where the brokers are. */
    MetadataResponseData metadata(MetadataRequestData request, Deadline deadline) throws ClientException {
        BrokerConnection broker = any(deadline);
        MetadataResponseData answer = (MetadataResponseData) broker.send(ApiKeys.METADATA, broker.version(ApiKeys.METADATA, 12, 13), request)
                .await(deadline);
        answer.brokers().forEach(b -> nodes.put(b.nodeId(), new Endpoint(b.nodeId(), b.host(), b.port())));
        return answer;
    }

    // ---- brokers

    /** The coordinator of a transactional id, as last heard; asks when it is not known. */
    BrokerConnection transactionCoordinator(String transactionalId, Deadline deadline) throws ClientException {
        return coordinator(new Coordinated(CoordinatorType.TRANSACTION, transactionalId), deadline);
    }

    /** The coordinator of a group, as last heard; asks when it is not known. */
    BrokerConnection groupCoordinator(String groupId, Deadline deadline) throws ClientException {
        return coordinator(new Coordinated(CoordinatorType.GROUP, groupId), deadline);
    }

    /** What is known of the id's coordinator may be wrong: to be asked again. */
    void forgetTransactionalId(String transactionalId) {
        coordinators.remove(new Coordinated(CoordinatorType.TRANSACTION, transactionalId));
    }

    /** What is known of the group's coordinator may be wrong: to be asked again. */
    void forgetGroup(String groupId) {
        coordinators.remove(new Coordinated(CoordinatorType.GROUP, groupId));
    }

    private BrokerConnection coordinator(Coordinated what, Deadline deadline) throws ClientException {
        Endpoint known = coordinators.get(what);
        if (known == null) {
            known = findCoordinator(what.type, what.key, deadline);
            coordinators.put(what, known);
        }
        return connect(known, deadline);
    }

    private Endpoint findCoordinator(CoordinatorType type, String key, Deadline deadline) throws ClientException {
        BrokerConnection broker = any(deadline);
        FindCoordinatorRequestData request = new FindCoordinatorRequestData().setKeyType(type.id()).setCoordinatorKeys(List.of(key));
        FindCoordinatorResponseData answer = (FindCoordinatorResponseData) broker.send(ApiKeys.FIND_COORDINATOR,
                broker.version(ApiKeys.FIND_COORDINATOR, 4, 6), request).await(deadline);
        FindCoordinatorResponseData.Coordinator found = answer.coordinators().get(0);
        Errors error = Errors.forCode(found.errorCode());
        if (error != Errors.NONE) {
            throw ClientException.of("No coordinator for " + (type == CoordinatorType.GROUP ? "group " : "transactional id ") + key + ": "
                    + error.message(), error);
        }
        Endpoint endpoint = new Endpoint(found.nodeId(), found.host(), found.port());
        nodes.put(found.nodeId(), endpoint);
        return endpoint;
    }

    /** The brokers of the cluster, as of now. */
    Set<Integer> nodeIds(Deadline deadline) throws ClientException {
        MetadataResponseData answer = metadata(new MetadataRequestData().setAllowAutoTopicCreation(false).setTopics(List.of()), deadline);
        return answer.brokers().stream().map(MetadataResponseBroker::nodeId).collect(Collectors.toSet());
    }

    /** A connection to the broker with this id, as of the last metadata. */
    BrokerConnection node(int nodeId, Deadline deadline) throws ClientException {
        Endpoint endpoint = nodes.get(nodeId);
        if (endpoint == null) {
            throw ClientException.of("Broker " + nodeId + " is not known", Errors.LEADER_NOT_AVAILABLE);
        }
        return connect(endpoint, deadline);
    }

    /** A connection to whichever broker: one that is open, else those of the configuration in their order, then those once heard of. */
    BrokerConnection any(Deadline deadline) throws ClientException {
        for (BrokerConnections each : connections.values()) {
            BrokerConnection open = each.anyOpen();
            if (open != null) {
                return open;
            }
        }
        List<Endpoint> candidates = new ArrayList<>(dialer.bootstrap());
        candidates.addAll(nodes.values());
        ClientException last = null;
        for (Endpoint candidate : candidates) {
            try {
                return connect(candidate, deadline);
            } catch (ClientException e) {
                last = e;
                if (!e.retriable()) {
                    throw e;
                }
            }
        }
        throw last == null ? ClientException.unreachable("No bootstrapServers are given", null) : last;
    }

    private BrokerConnection connect(Endpoint endpoint, Deadline deadline) throws ClientException {
        BrokerConnection open = connections.computeIfAbsent(endpoint, e -> new BrokerConnections(e, time -> dial(e, time))).get(deadline);
        if (closed) {
            open.close();
        }
        return open;
    }

    private BrokerConnection dial(Endpoint endpoint, Deadline deadline) throws ClientException {
        if (closed) {
            throw ClientException.closed();
        }
        try {
            return BrokerConnection.open(endpoint, dialer.open(endpoint), config, deadline.within(SETUP_MS));
        } catch (IOException e) {
            throw ClientException.unreachable(e.getMessage(), e);
        }
    }

    /** Closes every connection; what is under way fails. Idempotent. */
    @Override
    public void close() {
        closed = true;
        connections.values().forEach(BrokerConnections::close);
    }

    private record Coordinated(CoordinatorType type, String key) {
    }
}
