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
import java.util.concurrent.ThreadPoolExecutor;
import org.milena.broker.api.GroupCoordination;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.group.consumer.ConsumerGroups;
import org.milena.broker.group.consumer.RegexResolver;
import org.milena.broker.network.EventLoops;
import org.milena.broker.replication.CoordinatorPartitions;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.time.BrokerClock;

/** The group coordinator, on the control loops: no disk can block it there. */
@Startup
@Singleton(name = "GroupCoordinator")
@DependsOn("ReplicaManager")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class GroupCoordinatorBean implements GroupCoordination {

    @Inject
    Parts parts;

    private GroupCoordinator coordinator;
    private ThreadPoolExecutor regexes;

    @PostConstruct
    void start() {
        EventLoops loops = parts.get(EventLoops.class);
        MetadataCache cache = parts.get(MetadataCache.class);
        CurrentGroupConfig config = parts.put(CurrentGroupConfig.class, new CurrentGroupConfig(parts.get(CurrentBrokerConfig.class)));
        regexes = parts.get(ManagedThreads.class).pool("regex", 1);
        coordinator = parts.put(GroupCoordinator.class, new GroupCoordinator(config, cache::image,
            new CoordinatorPartitions(parts.get(ReplicaManager.class), OffsetsTopic.NAME), task -> loops.controlExecutor().execute(task),
            loops.timer(), BrokerClock.SYSTEM, ConsumerGroups.factory(new RegexResolver(regexes))));
        cache.addListener(new OffsetsPartitions(coordinator, parts.get(BrokerConfig.class).nodeId()));
    }

    @PreDestroy
    void stop() {
        coordinator.shutdown();
        ManagedThreads.stop(regexes);
    }

    @Override
    public int partitionFor(String groupId) {
        return coordinator.partitionFor(groupId);
    }
}
