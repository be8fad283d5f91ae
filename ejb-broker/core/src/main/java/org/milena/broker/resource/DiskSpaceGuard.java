package org.milena.broker.resource;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.milena.broker.log.AppendOrigin;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.replication.AppendGate;

/**
 * Keeps the broker from filling the disk of its host. Below {@code milena.log.dir.min.free} clients may no longer produce to a log
 * directory; the broker's own records (offsets, group and transaction state) may go on down to a quarter of that, which is kept for the
 * markers that end transactions: they are never refused. Nor are reading, deleting and retention held up, and once there is an eighth more than the minimum, clients may write again.
 *
 * <p>Why the error is NOT_ENOUGH_REPLICAS: docs/decisions/0003-disk-full-error.md.
 *
 * <p>Threading: {@link #check} reads one volatile field. {@link #sample} is called by housekeeping about once a second; the
 * question to the file system runs on the directory's own threads, so that a disk that hangs holds up nobody else.
 */
public final class DiskSpaceGuard implements AppendGate {

    private static final Logger LOG = System.getLogger(DiskSpaceGuard.class.getName());
    private static final TopicPartition PROBE = new TopicPartition("milena-disk-space", 0);

    private enum Writers { ALL, BROKER_ONLY, NOBODY }

    /** What is known of one directory. */
    private static final class Watched {
        private final LogDirectory directory;
        private final AtomicBoolean asking = new AtomicBoolean();
        private volatile Writers allowed = Writers.ALL;
        private volatile long usable = -1;

        Watched(LogDirectory directory) {
            this.directory = directory;
        }
    }

    /** @param usableBytes at the last sample, -1 before the first */
    public record State(Path path, long usableBytes, boolean clientsMayWrite) {
    }

    private final LongSupplier minFree;
    private final ToLongFunction<LogDirectory> usableSpace;
    private final Map<LogDirectory, Watched> directories = new LinkedHashMap<>();

    /**
     * @param minFree     {@code milena.log.dir.min.free}, bytes; 0 switches the guard off. Asked at every sample
     * @param usableSpace asks the file system; may block, and throw when the directory fails
     */
    public DiskSpaceGuard(Collection<? extends LogDirectory> directories, LongSupplier minFree, ToLongFunction<LogDirectory> usableSpace) {
        this.minFree = minFree;
        this.usableSpace = usableSpace;
        directories.forEach(d -> this.directories.put(d, new Watched(d)));
    }

    @Override
    public void check(LogDirectory directory, AppendOrigin origin) {
        Watched watched = directories.get(directory);
        if (watched == null || watched.allowed == Writers.ALL || origin == AppendOrigin.TRANSACTION_MARKER || origin == AppendOrigin.TRANSACTION_STATE) {
            return;
        }
        if (origin == AppendOrigin.CLIENT || watched.allowed == Writers.NOBODY) {
            throw new NotEnoughReplicasException(reason(watched));
        }
    }

    private String reason(Watched watched) {
        return "Log directory " + watched.directory.path() + " is almost full: " + watched.usable + " bytes are free, milena.log.dir.min.free is "
                + minFree.getAsLong() + "; nothing was appended, retry when there is space again";
    }

    /** Asks every directory that has answered the last question. Never blocks. */
    public void sample() {
        for (Watched watched : directories.values()) {
            if (watched.directory.online() && watched.asking.compareAndSet(false, true)) {
                watched.directory.executor().forPartition(PROBE).execute(() -> ask(watched));
            }
        }
    }

    private void ask(Watched watched) {
        try {
            judge(watched, usableSpace.applyAsLong(watched.directory));
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "The free space of log directory " + watched.directory.path() + " is not known", e);
        } finally {
            watched.asking.set(false);
        }
    }

    private void judge(Watched watched, long usable) {
        long min = minFree.getAsLong();
        Writers before = watched.allowed;
        Writers next = before;
        if (usable < min / 4) {
            next = Writers.NOBODY;
        } else if (usable < min) {
            // out of NOBODY only with some distance, as out of BROKER_ONLY below
            next = before == Writers.NOBODY && usable < min / 4 + min / 32 ? before : Writers.BROKER_ONLY;
        } else if (before == Writers.ALL || usable >= min + min / 8) {
            next = Writers.ALL;
        } else {
            next = Writers.BROKER_ONLY;
        }
        watched.usable = usable;
        if (next != before) {
            watched.allowed = next;
            LOG.log(next == Writers.ALL ? Level.INFO : Level.WARNING, next == Writers.ALL
                    ? "Clients may produce to log directory {0} again: {1} bytes are free, milena.log.dir.min.free is {2}"
                    : next == Writers.BROKER_ONLY
                    ? "Produce to log directory {0} is refused: {1} bytes are free, milena.log.dir.min.free is {2}"
                    : "Every append to log directory {0} is refused: {1} bytes are free, less than a quarter of milena.log.dir.min.free = {2}",
                    watched.directory.path(), Long.toString(usable), Long.toString(min));
        }
    }

    public List<State> states() {
        return directories.values().stream().map(w -> new State(w.directory.path(), w.usable, w.allowed == Writers.ALL)).toList();
    }

    /** For readiness: why produce is refused, one line a directory; empty when it is not. */
    public List<String> refusals() {
        return directories.values().stream().filter(w -> w.allowed != Writers.ALL).map(this::reason).toList();
    }
}
