package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.milena.broker.log.Disk;

/**
 * Log compaction ({@code cleanup.policy=compact}, KIP-58, KIP-354, KIP-534) for the logs of one log directory. After it
 * each key has at least its newest record; offsets never change.
 *
 * <p>Plain and passive: somebody calls {@link #cleanOnce} from time to time, one call at a time, on a thread that may
 * block on this directory's disk for as long as a log takes to copy. {@link #truncated} and {@link #deleted} may come
 * from other threads.
 */
public final class LogCleaner {
    private static final System.Logger LOG = System.getLogger(LogCleaner.class.getName());

    private final Disk disk;
    private final Path logDirectory;
    private final CleanerSettings settings;
    private final LongSupplier clockMs;
    private final Throttle throttle;
    /** Damaged ones and those too large for the map: left alone until the broker starts anew, said once. */
    private final Set<TopicPartition> uncleanable = ConcurrentHashMap.newKeySet();
    private CleanerCheckpoint checkpoint;

    /** @param sleeper waits for the throttle; throws InterruptedException to give up at shutdown */
    public LogCleaner(Disk disk, Path logDirectory, CleanerSettings settings, LongSupplier clockMs, Sleeper sleeper) {
        this.disk = disk;
        this.logDirectory = logDirectory;
        this.settings = settings;
        this.clockMs = clockMs;
        this.throttle = new Throttle(settings.ioMaxBytesPerSecond(), clockMs, sleeper);
    }

    /** How to let time pass; handed in, because the log has no clock of its own. */
    @FunctionalInterface
    public interface Sleeper {
        void sleep(long milliseconds) throws InterruptedException;
    }

    /**
     * Compacts the dirtiest of the logs that is due.
     *
     * @param logs those of this directory, whatever their policy; held ones are passed over
     * @return true if one was compacted: there may be more
     * @throws IOException the disk failed; what it failed at is left as it was
     */
    public boolean cleanOnce(Collection<? extends CleanableLog> logs) throws IOException, InterruptedException {
        CleaningPlan dirtiest = null;
        for (CleanableLog log : logs) {
            if (log.isOpen() && log.config().cleanupCompact() && !log.config().held() && !uncleanable.contains(log.topicPartition())) {
                CleaningPlan plan = CleaningPlan.of(log, cleanUpTo(log.topicPartition()), clockMs.getAsLong());
                if (plan.due() && (dirtiest == null || plan.dirtyRatio() > dirtiest.dirtyRatio())) {
                    dirtiest = plan;
                }
            }
        }
        return dirtiest != null && clean(dirtiest);
    }

    private boolean clean(CleaningPlan plan) throws IOException, InterruptedException {
        TopicPartition partition = plan.log().topicPartition();
        OffsetMap offsets = new OffsetMap(settings.dedupeBufferSize(), settings.loadFactor());
        try {
            long cleanUpTo = new Cleaning(disk, plan, offsets, settings, throttle).run(clockMs.getAsLong());
            if (cleanUpTo <= plan.firstDirty()) {
                uncleanable.add(partition);
                LOG.log(System.Logger.Level.ERROR, "Cannot compact " + partition + ": the batch at offset " + plan.firstDirty()
                    + " holds more keys than log.cleaner.dedupe.buffer.size=" + settings.dedupeBufferSize() + " has room for");
                return false;
            }
            remember(plan.log(), cleanUpTo);
            LOG.log(System.Logger.Level.DEBUG, () -> "Compacted " + partition + " up to offset " + cleanUpTo + " (" + offsets.size() + " keys)");
            return true;
        } catch (Cleaning.Abandoned e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "Compaction of " + partition + " was given up: " + e.getMessage());
            return false;
        } catch (CorruptRecordException e) {
            uncleanable.add(partition);
            LOG.log(System.Logger.Level.ERROR, "Cannot compact " + partition + ": " + e.getMessage());
            return false;
        }
    }

    /** Partitions that are not compacted because a segment is damaged, or a batch has more keys than the map. */
    public Set<TopicPartition> uncleanable() {
        return Set.copyOf(uncleanable);
    }

    /** The log lost its end: offsets from here on will be written anew and are dirty again. */
    public synchronized void truncated(TopicPartition partition, long offset) throws IOException {
        Long clean = checkpoint().get(partition);
        if (clean != null && clean > offset) {
            checkpoint().put(partition, offset);
        }
    }

    /** The log is gone from this directory. */
    public synchronized void deleted(TopicPartition partition) throws IOException {
        uncleanable.remove(partition);
        checkpoint().remove(partition);
    }

    private synchronized Long cleanUpTo(TopicPartition partition) throws IOException {
        return checkpoint().get(partition);
    }

    /** Not of a log that has been deleted meanwhile: its name may be another's by now. */
    private synchronized void remember(CleanableLog log, long offset) throws IOException {
        if (log.isOpen()) {
            checkpoint().put(log.topicPartition(), offset);
        }
    }

    private CleanerCheckpoint checkpoint() throws IOException {
        if (checkpoint == null) {
            checkpoint = new CleanerCheckpoint(disk, logDirectory);
        }
        return checkpoint;
    }
}
