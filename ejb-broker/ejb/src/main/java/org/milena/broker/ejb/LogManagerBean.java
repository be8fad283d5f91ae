package org.milena.broker.ejb;

import jakarta.annotation.Resource;
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
import jakarta.enterprise.concurrent.ManagedThreadFactory;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import org.milena.broker.api.BrokerStatus;
import org.milena.broker.api.BrokerStatus.Check;
import org.milena.broker.api.LogManagement;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.config.LogConfigs;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.LogManagerOptions;
import org.milena.broker.log.NioDisk;
import org.milena.broker.log.PartitionLog;
import org.milena.broker.network.EventLoops;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.FileDescriptors;
import org.milena.broker.time.BrokerClock;

/** Owns the logs, the threads of their directories and the event loops; they end here, after everybody who used them. */
@Startup
@Singleton(name = "LogManager")
@DependsOn("Metadata")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class LogManagerBean implements LogManagement {

    private static final System.Logger LOG = System.getLogger(LogManagerBean.class.getName());
    private static final long FLUSHERS_END_MS = 10_000;

    @Inject
    Parts parts;

    @Resource
    ManagedThreadFactory serverThreads;

    private EventLoops loops;
    private FileLogManager logs;
    private final List<Thread> flushers = new ArrayList<>();

    @PostConstruct
    void start() {
        StartPhase.run("logs", this::open, this::stop);
        BrokerStatus.current().addReadiness("logs", this::check);
        LOG.log(Level.INFO, "{0} partition logs in {1}", String.valueOf(logs.logs().size()), logs.directories().stream().map(LogDirectory::path).toList());
    }

    private void open() {
        BrokerConfig config = parts.get(BrokerConfig.class);
        ManagedThreads threads = parts.put(ManagedThreads.class, new ManagedThreads(serverThreads));
        DescriptorBudget descriptors = parts.put(DescriptorBudget.class, new DescriptorBudget(FileDescriptors.PROCESS));
        loops = parts.put(EventLoops.class, new EventLoops(serverThreads, config.intValue("num.network.threads")));
        ThreadPoolExecutor recovery = threads.pool("recovery", config.intValue("num.recovery.threads.per.data.dir") * config.logDirs().size());
        try {
            logs = parts.put(FileLogManager.class, FileLogManager.open(new LogManagerOptions(config.logDirs(), config.nodeId(), new NioDisk(),
                BrokerClock.SYSTEM, path -> loops.newDirectoryLoops(config.intValue("num.io.threads")), recovery, descriptors.logFiles(),
                config.intValue("producer.id.expiration.ms"), LogConfigs.of(config, Map.of(), true))));
        } finally {
            ManagedThreads.stop(recovery);
        }
        ThreadFactory flusherThreads = threads.named("flush");
        logs.flushers().forEach(flusher -> {
            Thread thread = flusherThreads.newThread(flusher);
            flushers.add(thread);
            thread.start();
        });
    }

    private Check check() {
        List<String> failures = logs.directories().stream().flatMap(d -> d.failure().stream()).toList();
        return failures.isEmpty() ? Check.up(Map.of("directories", String.valueOf(logs.directories().size()))) : Check.down(String.join("; ", failures));
    }

    @PreDestroy
    void stop() {
        BrokerStatus.current().removeChecks("logs");
        try {
            if (loops != null) {
                loops.close();
            }
        } finally {
            if (logs != null) {
                logs.close();
            }
            flushers.forEach(LogManagerBean::join);
        }
    }

    private static void join(Thread flusher) {
        try {
            flusher.join(FLUSHERS_END_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public List<Directory> directories() {
        return logs.directories().stream().map(directory -> {
            List<PartitionLog> here = logs.logs().stream().filter(log -> log.directory() == directory).toList();
            return new Directory(directory.path(), here.size(), here.stream().mapToLong(PartitionLog::size).sum(), directory.failure().orElse(null));
        }).toList();
    }
}
