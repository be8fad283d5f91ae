package org.milena.broker.coordinator;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Runs tasks one at a time and in order, on the threads of another executor. */
final class SerialExecutor implements Executor {

    private static final System.Logger LOG = System.getLogger(SerialExecutor.class.getName());

    private final Executor threads;
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private boolean running;

    SerialExecutor(Executor threads) {
        this.threads = threads;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (tasks) {
            tasks.add(task);
            if (running) {
                return;
            }
            running = true;
        }
        start();
    }

    private void start() {
        try {
            threads.execute(this::drain);
        } catch (RuntimeException refused) {
            // The server takes its threads back: nothing will run any more, and nothing should pile up.
            synchronized (tasks) {
                tasks.clear();
                running = false;
            }
            throw refused;
        }
    }

    /** A bounded number of tasks, then back in the line: shards share threads. */
    private void drain() {
        for (int i = 0; i < 64; i++) {
            Runnable task;
            synchronized (tasks) {
                task = tasks.poll();
                if (task == null) {
                    running = false;
                    return;
                }
            }
            try {
                task.run();
            } catch (RuntimeException | Error e) { // else everything behind it would wait for ever
                LOG.log(System.Logger.Level.ERROR, "A coordinator's task failed", e);
            }
        }
        start();
    }
}
