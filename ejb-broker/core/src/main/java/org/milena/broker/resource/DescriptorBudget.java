package org.milena.broker.resource;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * Divides the process's file descriptors between the logs and the sockets, so that connections are refused before a log write
 * ever misses one. What the server around us had open at the start stays its own, and so does a margin for what it opens later.
 *
 * <p>Logs get two fifths of the rest as the size of their pool of open files. Sockets get what is left, and never what the logs'
 * pool has not taken yet.
 *
 * <p>The number of open descriptors is sampled by {@link #sample}, called about once a second; between two samples every admitted
 * connection takes one of those that were free, and none comes back. Near the limit that refuses a little too early, never too late.
 */
public final class DescriptorBudget implements BooleanSupplier {

    private static final Logger LOG = System.getLogger(DescriptorBudget.class.getName());
    private static final int UNLIMITED_LOG_FILES = 8192;
    private static final int LEAST_LOG_FILES = 64;

    private final FileDescriptors descriptors;
    private final long limit;
    private final long margin;
    private final int logFiles;
    private final AtomicInteger free = new AtomicInteger(Integer.MAX_VALUE);
    private volatile IntSupplier openLogFiles = () -> 0;
    private volatile long open;
    /** Since the last sample: a burst of connections may come and go between two. */
    private volatile boolean refused;
    private boolean refusing;

    public DescriptorBudget(FileDescriptors descriptors) {
        this.descriptors = descriptors;
        this.limit = descriptors.limit();
        this.open = Math.max(0, descriptors.open());
        this.margin = Math.max(64, limit / 20);
        long rest = Math.max(0, limit - open - margin);
        this.logFiles = limit <= 0 ? UNLIMITED_LOG_FILES : (int) Math.min(1 << 20, Math.max(LEAST_LOG_FILES, rest * 2 / 5));
        if (limit > 0) {
            LOG.log(rest < 512 ? Level.WARNING : Level.INFO,
                    "File descriptors: limit {0}, open {1}; up to {2} for log files, about {3} for connections{4}",
                    Long.toString(limit), Long.toString(open), Integer.toString(logFiles), Long.toString(Math.max(0, rest - logFiles)),
                    rest < 512 ? ". That is little: raise the limit (ulimit -n, LimitNOFILE)" : "");
        }
        sample();
    }

    /** Segment and index files that may be open at a time, over all log directories. */
    public int logFiles() {
        return logFiles;
    }

    /** The limit of the process, or -1 when it is not known. */
    public long limit() {
        return limit;
    }

    /** Open descriptors of the process, at the last sample. */
    public long open() {
        return open;
    }

    /** How many of {@link #logFiles} are open now; must not block. Called by {@link #sample}. */
    public void observeLogFiles(IntSupplier openNow) {
        openLogFiles = openNow;
    }

    /** Counts anew; called about once a second by housekeeping, never by an event loop. */
    public synchronized void sample() {
        if (limit <= 0) {
            return;
        }
        long now = descriptors.open();
        if (now < 0) {
            return;
        }
        open = now;
        long kept = Math.max(0, logFiles - openLogFiles.getAsInt());
        long left = limit - margin - now - kept;
        free.set((int) Math.max(0, Math.min(Integer.MAX_VALUE, left)));
        boolean none = left <= 0 || refused;
        refused = false;
        if (none != refusing) {
            refusing = none;
            LOG.log(refusing ? Level.WARNING : Level.INFO, refusing
                    ? "New connections are refused: {0} of {1} file descriptors are open, and the logs may need {2} more"
                    : "New connections are accepted again: {0} of {1} file descriptors are open, the logs may need {2} more",
                    Long.toString(now), Long.toString(limit), Long.toString(kept));
        }
    }

    /** Takes a descriptor for a new connection; false when there is none to spare. Never blocks. */
    @Override
    public boolean getAsBoolean() {
        if (limit <= 0 || free.getAndUpdate(n -> n > 0 ? n - 1 : 0) > 0) {
            return true;
        }
        refused = true;
        return false;
    }
}
