package org.milena.broker.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.kafka.common.TopicPartition;

/**
 * Closes the directories side by side, and in each as many logs at a time as it has threads: every one waits for its fsyncs. A
 * directory whose disk hangs is given up: it gets no clean-shutdown mark, and whoever hangs in it closes its files and releases its
 * lock once the disk lets go.
 */
final class LogClosing {

    private static final TopicPartition ANY = new TopicPartition("closing", 0);

    private final class Closing {
        private final FileLogDirectory directory;
        private final List<SegmentedLog> logs;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private final AtomicLong progress = new AtomicLong();
        private long seen;

        Closing(FileLogDirectory directory) {
            this.directory = directory;
            this.logs = logsOf.apply(directory);
        }

        void start() {
            directory.groupCommit().close();
            CompletableFuture<?>[] flushing = logs.stream().map(log -> run(log.topicPartition(), () -> close(log)))
                    .toArray(CompletableFuture[]::new);
            CompletableFuture.allOf(flushing).thenRun(() -> run(ANY, this::finish));
        }

        private CompletableFuture<Void> run(TopicPartition partition, Runnable step) {
            try {
                return CompletableFuture.runAsync(step, directory.executor().forPartition(partition));
            } catch (RejectedExecutionException e) {
                step.run(); // its threads are gone, and with them whoever might hang
                return CompletableFuture.completedFuture(null);
            }
        }

        private void close(SegmentedLog log) {
            try {
                if (directory.online()) {
                    log.close();
                    progress.incrementAndGet();
                }
            } catch (IOException | RuntimeException | Error e) {
                directory.fail("its closing", e);
            }
        }

        private void finish() {
            try {
                if (directory.online()) {
                    mark();
                }
            } catch (IOException | RuntimeException e) {
                directory.fail("its closing", e);
            } finally {
                logs.forEach(SegmentedLog::closeFiles);
                directory.unlock();
                done.complete(null);
            }
        }

        private void mark() throws IOException {
            directory.checkpoints().write();
            directory.ensureOnline(); // not given up meanwhile
            if (!directory.holdsDamage()) {
                directory.disk().replace(directory.path().resolve(LogNames.CLEAN_SHUTDOWN),
                        "{\"version\":0,\"brokerEpoch\":-1}".getBytes(StandardCharsets.UTF_8), true);
            }
        }

        boolean stuck() {
            long before = seen;
            seen = progress.get() + 1;
            return !done.isDone() && seen == before;
        }

        void giveUp(long patienceMs) {
            directory.giveUp("Log directory " + directory.path() + " is given up: its disk hung for " + patienceMs + " ms while the broker "
                    + "stopped. It is not marked as cleanly shut down; its logs are checked at the next start");
        }
    }

    private final Function<LogDirectory, List<SegmentedLog>> logsOf;
    private final List<Closing> open = new ArrayList<>();

    LogClosing(List<FileLogDirectory> directories, Function<LogDirectory, List<SegmentedLog>> logsOf) {
        this.logsOf = logsOf;
        directories.forEach(directory -> open.add(new Closing(directory)));
    }

    void close(long patienceMs) {
        open.forEach(Closing::start);
        open.forEach(Closing::stuck);
        while (!open.isEmpty()) {
            try {
                CompletableFuture.allOf(open.stream().map(c -> c.done).toArray(CompletableFuture[]::new)).get(patienceMs, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                List<Closing> stuck = open.stream().filter(Closing::stuck).toList();
                stuck.forEach(closing -> closing.giveUp(patienceMs));
                open.removeAll(stuck);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (ExecutionException e) {
                throw new CompletionException(e.getCause());
            }
        }
    }
}
