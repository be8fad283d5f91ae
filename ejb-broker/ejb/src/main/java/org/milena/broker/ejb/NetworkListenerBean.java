package org.milena.broker.ejb;

import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import jakarta.ejb.ConcurrencyManagement;
import jakarta.ejb.ConcurrencyManagementType;
import jakarta.ejb.DependsOn;
import jakarta.ejb.Singleton;
import jakarta.ejb.Startup;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.ThreadPoolExecutor;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.MetricsService;
import org.milena.broker.api.NetworkListener;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.handler.admin.AdminHandlers;
import org.milena.broker.handler.fetch.FetchHandler;
import org.milena.broker.handler.group.GroupApis;
import org.milena.broker.handler.offsets.ListOffsetsHandler;
import org.milena.broker.handler.offsets.OffsetForLeaderEpochHandler;
import org.milena.broker.handler.produce.ProduceHandler;
import org.milena.broker.handler.producer.DescribeProducersHandler;
import org.milena.broker.handler.producer.InitProducerIdHandler;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.metrics.prometheus.BrokerMetrics;
import org.milena.broker.network.BrokerServer;
import org.milena.broker.network.EventLoops;
import org.milena.broker.network.NetworkConfig;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.DiskSpaceGuard;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.topic.TopicAdministration;

/** Opens the door, when everything behind it is ready. */
@Startup
@Singleton(name = "NetworkListener")
@DependsOn("TopicAdministration")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class NetworkListenerBean implements NetworkListener, MetricsService {

    private static final System.Logger LOG = System.getLogger(NetworkListenerBean.class.getName());
    /** Requests of one connection in work at a time. */
    private static final int PIPELINED = 128;
    /** Bound on the requests in memory, all connections together, as a part of the heap. */
    private static final int HEAP_PART = 4;

    @Inject
    Parts parts;

    private BrokerServer server;
    private BrokerMetrics metrics;
    private ThreadPoolExecutor producerIds;

    @PostConstruct
    void start() {
        StartPhase.run("listener", this::open, this::stop);
        BrokerStatus.current().started();
        welcome();
    }

    private void open() {
        BrokerConfig config = parts.get(BrokerConfig.class);
        FileLogManager logs = parts.get(FileLogManager.class);
        ReplicaManager replicas = parts.get(ReplicaManager.class);
        DescriptorBudget descriptors = parts.get(DescriptorBudget.class);
        metrics = new BrokerMetrics(() -> config.intValue("milena.metrics.partitions"));
        metrics.observe(config.nodeId(), replicas, logs, parts.get(MetadataCache.class));
        metrics.observe(parts.get(DiskSpaceGuard.class));
        metrics.observe(descriptors);
        producerIds = parts.get(ManagedThreads.class).pool("producer-ids", 1);
        server = new BrokerServer(networkConfig(config), parts.get(EventLoops.class),
            logs.directories().stream().map(LogDirectory::executor).toList(), registry(config, replicas), metrics, descriptors);
        try {
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private ApiRegistry registry(BrokerConfig config, ReplicaManager replicas) {
        MetadataCache cache = parts.get(MetadataCache.class);
        TopicAdministration administration = parts.get(TopicAdministration.class);
        ProducerIds ids = new ProducerIds(parts.get(MetadataStore.class), producerIds, () -> parts.get(FileLogManager.class).maxProducerId());
        ApiRegistry registry = new ApiRegistry();
        registry.register(ApiKeys.PRODUCE, new ProduceHandler(replicas, metrics))
            .register(ApiKeys.FETCH, new FetchHandler(replicas, metrics, BrokerClock.SYSTEM,
                config.intValue("max.incremental.fetch.session.cache.slots"), config.intValue("fetch.max.bytes")))
            .register(ApiKeys.LIST_OFFSETS, new ListOffsetsHandler(replicas))
            .register(ApiKeys.OFFSET_FOR_LEADER_EPOCH, new OffsetForLeaderEpochHandler(replicas))
            .register(ApiKeys.DESCRIBE_PRODUCERS, new DescribeProducersHandler(replicas))
            .register(ApiKeys.INIT_PRODUCER_ID, new InitProducerIdHandler(ids));
        AdminHandlers.register(registry, cache, parts.get(CurrentBrokerConfig.class), administration, parts.get(EventLoops.class).timer());
        GroupApis.register(registry, parts.get(GroupCoordinator.class), cache::image,
            offsets -> administration.offsetsTopic().thenApply(topic -> null), parts.get(CurrentGroupConfig.class));
        return registry;
    }

    private static NetworkConfig networkConfig(BrokerConfig config) {
        return new NetworkConfig(config.listeners().stream().map(e -> new NetworkConfig.Endpoint(e.name(), e.host(), e.port())).toList(),
            config.intValue("socket.request.max.bytes"), Runtime.getRuntime().maxMemory() / HEAP_PART, config.intValue("max.connections"),
            config.intValue("max.connections.per.ip"), config.longValue("connections.max.idle.ms"), config.intValue("socket.send.buffer.bytes"),
            config.intValue("socket.receive.buffer.bytes"), config.intValue("socket.listen.backlog.size"), PIPELINED);
    }

    private void welcome() {
        String address = advertised().get(0);
        LOG.log(Level.INFO, """
            Milena is ready.
              Kafka clients connect to:  {0}
              Data is kept in:           {1}
              Try:  echo hello | kcat -b {0} -t greetings -P  &&  kcat -b {0} -t greetings -C -e
               or:  kafka-console-producer.sh --bootstrap-server {0} --topic greetings
                    kafka-console-consumer.sh --bootstrap-server {0} --topic greetings --from-beginning""",
            address, parts.get(Settings.class).dataDirectory());
    }

    @PreDestroy
    void stop() {
        BrokerStatus.current().stopped();
        if (server != null) {
            server.close();
        }
        ManagedThreads.stop(producerIds);
    }

    @Override
    public List<String> advertised() {
        return parts.get(MetadataCache.class).image().brokers().stream().map(b -> b.host() + ":" + b.port()).toList();
    }

    @Override
    public int connections() {
        return server.connectionCount();
    }

    @Override
    public String contentType(String acceptHeader) {
        return metrics.contentType(acceptHeader);
    }

    @Override
    public void scrape(OutputStream out, String acceptHeader) throws IOException {
        metrics.scrape(out, acceptHeader);
    }
}
