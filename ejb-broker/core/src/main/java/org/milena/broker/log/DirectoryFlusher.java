package org.milena.broker.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.errors.KafkaStorageException;

/**
 * Group commit of one directory. {@link #run} is handed a thread and works in rounds: what waits when a round begins shares
 * one fsync per dirty segment; what comes meanwhile makes the next round.
 */
final class DirectoryFlusher implements GroupCommit, Runnable {

    private static final System.Logger LOG = System.getLogger(DirectoryFlusher.class.getName());

    private record Waiter(PartitionLog log, long offset, Listener listener) {
    }

    private final FileLogDirectory directory;
    private List<Waiter> waiting = new ArrayList<>();
    private List<Waiter> spare = new ArrayList<>();
    private boolean closed;

    DirectoryFlusher(FileLogDirectory directory) {
        this.directory = directory;
    }

    @Override
    public void await(PartitionLog log, long offset, Listener listener) {
        Waiter waiter = new Waiter(log, offset, listener);
        boolean late;
        synchronized (this) {
            late = closed;
            if (!late) {
                waiting.add(waiter);
                notify();
            }
        }
        if (late) {
            tell(waiter, new KafkaStorageException("Log directory " + directory.path() + " is closed"));
        }
    }

    /** Serves rounds until {@link #close}. An interrupt ends nothing: everybody who waits for a flush would wait in vain. */
    @Override
    public void run() {
        boolean interrupted = false;
        List<Waiter> round = List.of();
        while (round != null) {
            try {
                round = nextRound();
                if (round != null) {
                    serve(round);
                    round.clear();
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One round for those who wait now; false when nobody does. Instead of {@link #run}, for who has no thread to give. */
    boolean serveWaiting() {
        List<Waiter> round = takeAll();
        if (round == null) {
            return false;
        }
        serve(round);
        round.clear();
        return true;
    }

    private synchronized List<Waiter> nextRound() throws InterruptedException {
        while (waiting.isEmpty() && !closed) {
            wait();
        }
        return takeAll();
    }

    private synchronized List<Waiter> takeAll() {
        if (waiting.isEmpty()) {
            return null;
        }
        List<Waiter> round = waiting;
        waiting = spare;
        spare = round;
        return round;
    }

    private void serve(List<Waiter> round) {
        Map<PartitionLog, Throwable> outcome = new HashMap<>();
        for (Waiter waiter : round) {
            if (!outcome.containsKey(waiter.log)) {
                outcome.put(waiter.log, flush(waiter));
            }
            tell(waiter, outcome.get(waiter.log));
        }
    }

    private Throwable flush(Waiter waiter) {
        try {
            waiter.log.flush();
            return null;
        } catch (RuntimeException e) {
            return e;
        } catch (Error e) {
            // Nobody knows what is on disk now; and were this thread to end, all would wait for ever.
            return directory.fail("a flush of " + waiter.log.topicPartition(), e);
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

    /** Ends {@link #run} after what waits has been served. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
