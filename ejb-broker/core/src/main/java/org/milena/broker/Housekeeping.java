package org.milena.broker;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.config.CurrentBrokerConfig;
import org.milena.broker.log.FileLogManager;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.clean.CleanerSettings;
import org.milena.broker.replication.Partition;
import org.milena.broker.replication.ReplicaManager;
import org.milena.broker.resource.DescriptorBudget;
import org.milena.broker.resource.DiskSpaceGuard;
import org.milena.broker.topic.TopicAdministration;

/**
 * What runs in the background. Every log directory has a thread of its own for retention, time-based flushes and checkpoints,
 * so that a stalled disk holds up no other; one more thread watches over all and never touches a disk.
 */
final class Housekeeping implements AutoCloseable {

    private static final Logger LOG = System.getLogger(Housekeeping.class.getName());
    private static final long WATCH_MS = 1000;
    private static final long FLUSH_CHECK_MS = 1000;

    private final BrokerEnvironment environment;
    private final CurrentBrokerConfig config;
    private final FileLogManager logs;
    private final ReplicaManager replicas;
    private final TopicAdministration topics;
    private final DiskSpaceGuard diskSpace;
    private final DescriptorBudget descriptors;
    private final Pulse pulse;
    private ScheduledThreadPoolExecutor watch;
    private final List<ScheduledThreadPoolExecutor> threads = new ArrayList<>();
    private final Set<LogDirectory> reportedOffline = new HashSet<>();

    Housekeeping(BrokerEnvironment environment, CurrentBrokerConfig config, FileLogManager logs, ReplicaManager replicas,
                 TopicAdministration topics, DiskSpaceGuard diskSpace, DescriptorBudget descriptors, Pulse pulse) {
        this.environment = environment;
        this.config = config;
        this.logs = logs;
        this.replicas = replicas;
        this.topics = topics;
        this.diskSpace = diskSpace;
        this.descriptors = descriptors;
        this.pulse = pulse;
    }

    void start() {
        watch = thread("watch");
        everySecond("watch", this::watch);
        int number = 0;
        compaction();
        for (LogDirectory directory : logs.directories()) {
            ScheduledThreadPoolExecutor thread = thread("housekeeping-" + number++);
            every(thread, "retention", () -> config.get().longValue("log.retention.check.interval.ms"), online(directory, () -> logs.enforceRetention(directory)));
            every(thread, "flush", () -> FLUSH_CHECK_MS, online(directory, () -> logs.flushDirty(directory)));
            every(thread, "checkpoint", () -> config.get().longValue("log.flush.offset.checkpoint.interval.ms"), online(directory, () -> logs.checkpoint(directory)));
        }
    }

    /** @param task must not wait for a disk; called after {@link #start} */
    void everySecond(String what, Runnable task) {
        every(watch, what, () -> WATCH_MS, task);
    }

    private void compaction() {
        int atATime = Math.min(config.get().intValue("log.cleaner.threads"), logs.directories().size());
        if (atATime == 0) {
            return;
        }
        Semaphore permits = new Semaphore(atATime, true);
        var settings = new CleanerSettings(config.get().longValue("log.cleaner.dedupe.buffer.size") / atATime, CleanerSettings.DEFAULT.loadFactor(),
                CleanerSettings.DEFAULT.ioBufferSize(), config.get().doubleValue("log.cleaner.io.max.bytes.per.second"));
        logs.compactWith(settings, TimeUnit.MILLISECONDS::sleep);
        int number = 0;
        for (LogDirectory directory : logs.directories()) {
            every(thread("cleaner-" + number++), "compaction", () -> config.get().longValue("log.cleaner.backoff.ms"), online(directory, () -> clean(directory, permits)));
        }
    }

    /** @param permits one for each compaction that may run at a time, and hold its share of the memory */
    private void clean(LogDirectory directory, Semaphore permits) {
        try {
            boolean more = true;
            while (more && directory.online()) {
                permits.acquire();
                try {
                    more = logs.cleanOnce(directory);
                } finally {
                    permits.release();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the broker stops
        }
    }

    private static Runnable online(LogDirectory directory, Runnable task) {
        return () -> {
            if (directory.online()) {
                task.run();
            }
        };
    }

    private ScheduledThreadPoolExecutor thread(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, environment.threads(name));
        executor.setRemoveOnCancelPolicy(true);
        threads.add(executor);
        return executor;
    }

    /** Runs a task again and again; the period is asked for each time, so that it may change. */
    private static void every(ScheduledThreadPoolExecutor thread, String name, LongSupplier periodMs, Runnable task) {
        thread.schedule(() -> {
            try {
                task.run();
            } catch (RuntimeException | Error e) { // once missed, a disk would fill
                LOG.log(Level.ERROR, "Housekeeping: " + name + " failed", e);
            }
            if (!thread.isShutdown()) {
                every(thread, name, periodMs, task);
            }
        }, Math.max(1, periodMs.getAsLong()), TimeUnit.MILLISECONDS);
    }

    private void watch() {
        diskSpace.sample();
        descriptors.sample();
        pulse.check(); // so that an answer is there when health asks
        for (LogDirectory directory : logs.directories()) {
            if (!directory.online() && reportedOffline.add(directory)) {
                takeOffline(directory);
            }
        }
    }

    private void takeOffline(LogDirectory directory) {
        List<TopicPartition> gone = new ArrayList<>();
        for (Partition partition : replicas.partitions()) {
            if (partition.log().directory() == directory) {
                gone.add(partition.topicPartition());
                partition.changed();
            }
        }
        LOG.log(Level.ERROR, "Log directory {0} is offline ({1}): {2} partitions have no leader until the broker is started again",
                directory.path(), directory.failure().orElse(""), String.valueOf(gone.size()));
        topics.offline(gone);
    }

    @Override
    public void close() throws InterruptedException {
        threads.forEach(ScheduledThreadPoolExecutor::shutdownNow);
        for (ScheduledThreadPoolExecutor thread : threads) {
            if (!thread.awaitTermination(15, TimeUnit.SECONDS)) {
                LOG.log(Level.WARNING, "A housekeeping thread is still held up by its disk");
            }
        }
    }
}
