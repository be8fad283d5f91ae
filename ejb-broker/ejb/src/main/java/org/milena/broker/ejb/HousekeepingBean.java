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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.milena.broker.api.Housekeeping;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.clean.CleanerSettings;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.DiskSpaceGuard;

/** What is done regularly. Each log directory has threads of its own for it: one that stalls holds up no other. */
@Startup
@Singleton(name = "Housekeeping")
@DependsOn("NetworkListener")
@ConcurrencyManagement(ConcurrencyManagementType.BEAN)
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class HousekeepingBean implements Housekeeping {

    private static final System.Logger LOG = System.getLogger(HousekeepingBean.class.getName());
    private static final long FLUSH_CHECK_MS = 1_000;

    @Inject
    Parts parts;

    private final List<ScheduledThreadPoolExecutor> schedulers = new ArrayList<>();
    private final List<Runnable> retention = new ArrayList<>();

    @PostConstruct
    void start() {
        StartPhase.run("housekeeping", this::open, this::stop);
    }

    private void open() {
        BrokerConfig config = parts.get(BrokerConfig.class);
        ManagedThreads threads = parts.get(ManagedThreads.class);
        FileLogManager logs = parts.get(FileLogManager.class);
        DiskSpaceGuard guard = parts.get(DiskSpaceGuard.class);
        DescriptorBudget descriptors = parts.get(DescriptorBudget.class);
        ScheduledThreadPoolExecutor watch = scheduler(threads, "watch");
        every(watch, 1_000, "sampling resources", () -> {
            guard.sample();
            descriptors.sample();
        });
        logs.compactWith(new CleanerSettings(config.longValue("log.cleaner.dedupe.buffer.size"), CleanerSettings.DEFAULT.loadFactor(),
            CleanerSettings.DEFAULT.ioBufferSize(), config.doubleValue("log.cleaner.io.max.bytes.per.second")), Thread::sleep);
        for (LogDirectory directory : logs.directories()) {
            ScheduledThreadPoolExecutor upkeep = scheduler(threads, "upkeep");
            Runnable enforce = guarded("retention in " + directory.path(), () -> logs.enforceRetention(directory));
            retention.add(() -> upkeep.execute(enforce));
            every(upkeep, config.longValue("log.retention.check.interval.ms"), "retention in " + directory.path(), () -> logs.enforceRetention(directory));
            every(upkeep, config.longValue("log.flush.offset.checkpoint.interval.ms"), "checkpoints in " + directory.path(), () -> logs.checkpoint(directory));
            every(upkeep, FLUSH_CHECK_MS, "flushing " + directory.path(), () -> logs.flushDirty(directory));
            if (config.intValue("log.cleaner.threads") > 0) {
                every(scheduler(threads, "cleaner"), config.longValue("log.cleaner.backoff.ms"), "compaction in " + directory.path(), () -> clean(logs, directory));
            }
        }
    }

    private static void clean(FileLogManager logs, LogDirectory directory) {
        try {
            while (logs.cleanOnce(directory)) {
                if (Thread.interrupted()) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private ScheduledThreadPoolExecutor scheduler(ManagedThreads threads, String name) {
        ScheduledThreadPoolExecutor scheduler = threads.scheduler(name + "-" + schedulers.size());
        schedulers.add(scheduler);
        return scheduler;
    }

    private static void every(ScheduledThreadPoolExecutor scheduler, long ms, String what, Runnable task) {
        scheduler.scheduleWithFixedDelay(guarded(what, task), ms, ms, TimeUnit.MILLISECONDS);
    }

    /** A round that fails must not be the last. */
    private static Runnable guarded(String what, Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "Housekeeping, " + what + ", failed and will be tried again", e);
            }
        };
    }

    @PreDestroy
    void stop() {
        schedulers.forEach(ScheduledThreadPoolExecutor::shutdownNow);
        schedulers.forEach(ManagedThreads::stop);
    }

    @Override
    public void enforceRetention() {
        retention.forEach(Runnable::run);
    }
}
