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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.ReplicaManagement;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.resource.DiskSpaceGuard;

/** The partitions, and the guard that keeps the host's disk from being filled. */
@Startup
@Singleton(name = "ReplicaManager")
@DependsOn("LogManager")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class ReplicaManagerBean implements ReplicaManagement {

    @Inject
    Parts parts;

    private ReplicaManager replicas;

    @PostConstruct
    void start() {
        Supplier<org.milena.broker.config.BrokerConfig> config = parts.get(CurrentBrokerConfig.class);
        FileLogManager logs = parts.get(FileLogManager.class);
        DiskSpaceGuard guard = parts.put(DiskSpaceGuard.class, new DiskSpaceGuard(logs.directories(),
            () -> config.get().longValue("milena.log.dir.min.free"), ReplicaManagerBean::usableBytes));
        replicas = parts.put(ReplicaManager.class, new ReplicaManager(logs, guard));
        guard.sample();
        BrokerStatus.current().addReadiness("disk space", () -> {
            List<String> refusals = guard.refusals();
            return refusals.isEmpty() ? Check.up(Map.of()) : Check.down(String.join("; ", refusals));
        });
    }

    @PreDestroy
    void stop() {
        BrokerStatus.current().removeChecks("disk space");
    }

    private static long usableBytes(LogDirectory directory) {
        try {
            return Files.getFileStore(directory.path()).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int partitions() {
        return replicas.partitions().size();
    }

    @Override
    public int offlinePartitions() {
        return (int) replicas.partitions().stream().filter(p -> !p.online()).count();
    }
}
