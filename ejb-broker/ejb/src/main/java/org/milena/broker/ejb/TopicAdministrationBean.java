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
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadPoolExecutor;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.TopicAdministration;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cluster.MetadataStore;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.config.Endpoint;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.topic.AdminContext;

/** Brings metadata and log directories together, then changes topics and settings, one change after the other. */
@Startup
@Singleton(name = "TopicAdministration")
@DependsOn("GroupCoordinator")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class TopicAdministrationBean implements TopicAdministration {

    private static final System.Logger LOG = System.getLogger(TopicAdministrationBean.class.getName());

    @Inject
    Parts parts;

    private ThreadPoolExecutor serial;
    private MetadataCache cache;

    @PostConstruct
    void start() {
        StartPhase.run("topics", this::open, this::stop);
        BrokerStatus.current().addReadiness("topics", this::check);
    }

    private void open() {
        BrokerConfig config = parts.get(BrokerConfig.class);
        FileLogManager logs = parts.get(FileLogManager.class);
        cache = parts.get(MetadataCache.class);
        serial = parts.get(ManagedThreads.class).pool("admin", 1);
        var administration = parts.put(org.milena.broker.topic.TopicAdministration.class, new org.milena.broker.topic.TopicAdministration(
            new AdminContext(parts.get(CurrentBrokerConfig.class), parts.get(MetadataStore.class), cache, logs,
                new LedPartitions(parts.get(ReplicaManager.class), config.nodeId())), serial, BrokerClock.SYSTEM));
        long incarnation = administration.start(logs.clusterId().orElse(null), List.of(advertised(config)));
        logs.joinCluster(cache.image().clusterId());
        LOG.log(Level.INFO, "Cluster {0}, node {1}, start number {2}, {3} topics", cache.image().clusterId(), String.valueOf(config.nodeId()),
            String.valueOf(incarnation), String.valueOf(cache.image().topicsByName().size()));
    }

    private static BrokerImage advertised(BrokerConfig config) {
        Endpoint first = config.advertisedListeners().get(0);
        return new BrokerImage(config.nodeId(), first.host(), first.port(), config.text("broker.rack"));
    }

    /** Topics that are held don't make the broker unready; an operator must see them all the same. */
    private Check check() {
        List<String> held = topics().stream().filter(Topic::configsHeld).map(Topic::name).toList();
        return Check.up(held.isEmpty() ? Map.of() : Map.of("settings unknown, nothing is deleted", String.join(", ", held)));
    }

    @PreDestroy
    void stop() {
        BrokerStatus.current().removeChecks("topics");
        ManagedThreads.stop(serial);
    }

    @Override
    public List<Topic> topics() {
        return cache.image().topicsByName().values().stream()
            .map(t -> new Topic(t.name(), t.partitions().size(), t.internal(), t.configsHeld()))
            .sorted(java.util.Comparator.comparing(Topic::name)).toList();
    }
}
