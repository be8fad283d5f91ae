package org.milena.broker.log;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.milena.broker.log.clean.LogCleaner;
import org.milena.broker.time.BrokerClock;

/** What the logs of a directory need now and then: retention, flushes, compaction. Run by whoever drives {@link LogManager}. */
final class LogUpkeep {

    private static final System.Logger LOG = System.getLogger(LogUpkeep.class.getName());

    private final Function<LogDirectory, List<SegmentedLog>> logsOf;
    private final BrokerClock clock;

    LogUpkeep(Function<LogDirectory, List<SegmentedLog>> logsOf, BrokerClock clock) {
        this.logsOf = logsOf;
        this.clock = clock;
    }

    void enforceRetention(FileLogDirectory directory) {
        long nowMs = clock.millis();
        forEachOnline(directory, "Retention", log -> {
            log.rollIfDue(nowMs);
            log.enforceRetention(nowMs, log.firstUnstableOffset());
            log.expireProducers(nowMs);
        });
        directory.trash().empty(nowMs);
    }

    void flushDirty(FileLogDirectory directory) {
        long nowMs = clock.millis();
        forEachOnline(directory, "A flush", log -> {
            if (log.flushes().due(nowMs)) {
                log.flush();
            }
        });
    }

    /** See {@link LogManager#cleanOnce}. */
    boolean cleanOnce(FileLogDirectory directory) throws InterruptedException {
        LogCleaner cleaner = directory.cleaner();
        if (cleaner == null) {
            return false;
        }
        try {
            return cleaner.cleanOnce(online(directory).stream().map(LogCompaction::new).toList());
        } catch (IOException e) {
            LOG.log(System.Logger.Level.ERROR, "Compaction in " + directory.path() + " failed; it is tried again", e);
            return false;
        }
    }

    /** One that fails, or is being deleted, must not keep the others from what they need. */
    private void forEachOnline(FileLogDirectory directory, String what, Consumer<SegmentedLog> task) {
        for (SegmentedLog log : online(directory)) {
            try {
                task.accept(log);
            } catch (RuntimeException e) {
                if (log.isOpen()) {
                    LOG.log(System.Logger.Level.ERROR, what + " of " + log.topicPartition() + " failed", e);
                } else if (!directory.online()) {
                    return; // which has been said
                }
            }
        }
    }

    private List<SegmentedLog> online(FileLogDirectory directory) {
        return directory.online() ? logsOf.apply(directory) : List.of();
    }
}
