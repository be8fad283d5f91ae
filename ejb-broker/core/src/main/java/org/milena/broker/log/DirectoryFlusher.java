package org.milena.broker.log;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.errors.KafkaStorageException;

/**
 * Group commit of one directory. All that wait for a log when its flush begins share one fsync per dirty segment; what comes meanwhile makes
 * the next one. {@link #run} is handed {@value #THREADS} threads: so many logs are flushed at a time, which a file system commits together, and
 * nobody waits for the fsyncs of logs that are not his.
 */
final class DirectoryFlusher implements GroupCommit, Runnable {

    static final int THREADS = 4;

    private static final System.Logger LOG = System.getLogger(DirectoryFlusher.class.getName());

    private record Waiter(PartitionLog log, Runnable first, Listener listener) {
    }

    private static final Runnable NOTHING = () -> { };

    private final FileLogDirectory directory;
    /** By log, that which has waited longest first. */
    private final Map<PartitionLog, List<Waiter>> waiting = new LinkedHashMap<>();
    private final Set<PartitionLog> underWay = new HashSet<>();
    private boolean closed;

    DirectoryFlusher(FileLogDirectory directory) {
        this.directory = directory;
    }

    @Override
    public void await(PartitionLog log, long offset, Listener listener) {
        await(log, NOTHING, listener);
    }

    @Override
    public void await(PartitionLog log, Runnable first, Listener listener) {
        Waiter waiter = new Waiter(log, first, listener);
        boolean late;
        synchronized (this) {
            late = closed;
            if (!late) {
                waiting.computeIfAbsent(log, l -> new ArrayList<>()).add(waiter);
                if (!underWay.contains(log)) {
                    notify();
                }
            }
        }
        if (late) {
            tell(waiter, new KafkaStorageException("Log directory " + directory.path() + " is closed"));
        }
    }

    /** Serves until {@link #close}. An interrupt ends nothing: everybody who waits for a flush would wait in vain. */
    @Override
    public void run() {
        boolean interrupted = false;
        boolean open = true;
        while (open) {
            try {
                List<Waiter> next = next();
                open = next != null;
                if (open) {
                    serve(next);
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One flush, of the log that has waited longest; false when none does. Instead of {@link #run}, for who has no thread to give. */
    boolean serveWaiting() {
        List<Waiter> next = take();
        if (next == null) {
            return false;
        }
        serve(next);
        return true;
    }

    /** Null once it is closed and nobody waits. */
    private synchronized List<Waiter> next() throws InterruptedException {
        while (true) {
            List<Waiter> next = take();
            if (next != null || closed && waiting.isEmpty()) {
                return next;
            }
            wait();
        }
    }

    /** All that wait for one log, of which no flush is under way; that is {@link #done} once they are served. */
    private synchronized List<Waiter> take() {
        for (Map.Entry<PartitionLog, List<Waiter>> entry : waiting.entrySet()) {
            if (underWay.add(entry.getKey())) {
                return waiting.remove(entry.getKey());
            }
        }
        return null;
    }

    private void serve(List<Waiter> all) {
        PartitionLog log = all.get(0).log;
        try {
            List<Waiter> ready = all.stream().filter(DirectoryFlusher::isReady).toList();
            Throwable error = ready.isEmpty() ? null : flush(log);
            for (Waiter waiter : ready) {
                tell(waiter, error);
            }
        } finally {
            done(log); // now, so that those of a log are told in their order
        }
    }

    /** Or it has been told why not. */
    private static boolean isReady(Waiter waiter) {
        try {
            waiter.first.run();
            return true;
        } catch (RuntimeException | Error e) {
            tell(waiter, e);
            return false;
        }
    }

    /** Who waits for it since may be served: by this thread, which takes one log next, or by another. */
    private synchronized void done(PartitionLog log) {
        underWay.remove(log);
        if (closed) {
            notifyAll();
        } else if (waiting.size() > 1) {
            notify();
        }
    }

    private Throwable flush(PartitionLog log) {
        try {
            log.flush();
            return null;
        } catch (RuntimeException e) {
            return e;
        } catch (Error e) {
            // Nobody knows what is on disk now; and were this thread to end, all would wait for ever.
            return directory.fail("a flush of " + log.topicPartition(), e);
        }
    }

    private static void tell(Waiter waiter, Throwable error) {
        try {
            waiter.listener.flushed(error);
        } catch (RejectedExecutionException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> "Nobody waits any more for the flush of " + waiter.log.topicPartition() + ": the broker stops");
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "A listener for the flush of " + waiter.log.topicPartition() + " failed", e);
        }
    }

    /** Ends {@link #run}, on each thread, after what waits has been served. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
