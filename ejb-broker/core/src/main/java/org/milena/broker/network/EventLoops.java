package org.milena.broker.network;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.time.Timer;

/**
 * The broker's event loops, in two kinds. <em>Control</em> loops accept connections and serve everything that never
 * touches a disk: heartbeats, metadata, the coordinators' requests. Each log directory has <em>data</em> loops of its
 * own; where there is only one directory, a connection that produces or fetches moves there with its first such request, and
 * is then served without a queue or a second thread. With several, connections stay on control loops and the directories'
 * loops do the disk work. A disk that stalls takes the data loops of its directory hostage and nothing else.
 */
public final class EventLoops implements AutoCloseable {

    private final List<Thread> made = Collections.synchronizedList(new ArrayList<>());
    private final ThreadFactory threads;
    private final EventLoopGroup control;
    private final List<DataLoops> data = new ArrayList<>();

    public EventLoops(ThreadFactory threads, int controlThreads) {
        NettyTraces.prevent();
        this.threads = threads;
        this.control = new MultiThreadIoEventLoopGroup(controlThreads, named("milena-control"), NioIoHandler.newFactory());
        NettyTraces.removeFromThisThread();
    }

    /**
     * Creates the data loops of one log directory.
     *
     * @param readers of them only read, so that fetches go on while writes stall; 0 where connections live on all of them
     */
    public synchronized DirectoryExecutor newDirectoryLoops(int threadsPerDirectory, int readers) {
        DataLoops loops = new DataLoops(new MultiThreadIoEventLoopGroup(threadsPerDirectory,
                named("milena-data-" + data.size()), NioIoHandler.newFactory()), readers);
        data.add(loops);
        NettyTraces.removeFromThisThread();
        return loops;
    }

    EventLoopGroup control() {
        return control;
    }

    /** Each of them on its own, by a name for humans. */
    public Map<String, Executor> controlLoops() {
        Map<String, Executor> loops = new LinkedHashMap<>();
        control.forEach(loop -> loops.put("control loop " + loops.size(), loop));
        return loops;
    }

    /** An executor that never blocks on a disk. */
    public Executor controlExecutor() {
        return control.next();
    }

    /** Runs actions on a control loop: they must not block. */
    public Timer timer() {
        return (delayMs, action) -> {
            var scheduled = control.next().schedule(action, delayMs, TimeUnit.MILLISECONDS);
            return () -> scheduled.cancel(false);
        };
    }

    private ThreadFactory named(String prefix) {
        return new ThreadFactory() {
            private int next;

            @Override
            public synchronized Thread newThread(Runnable task) {
                Thread thread = threads.newThread(task);
                thread.setName(prefix + "-" + next++);
                made.add(thread);
                return thread;
            }
        };
    }

    /** Stops every loop and waits until its thread is gone. */
    @Override
    public synchronized void close() {
        List<Future<?>> stopping = new ArrayList<>();
        stopping.add(control.shutdownGracefully(0, 5, TimeUnit.SECONDS));
        data.forEach(d -> stopping.add(d.group.shutdownGracefully(0, 5, TimeUnit.SECONDS)));
        stopping.forEach(f -> f.awaitUninterruptibly(15, TimeUnit.SECONDS));
        made.forEach(EventLoops::join);
        NettyTraces.removeFromThisThread();
    }

    /** Netty tells that a loop has ended from the loop's own thread, which goes on for a moment. */
    private static void join(Thread thread) {
        if (thread == Thread.currentThread()) {
            return;
        }
        try {
            thread.join(TimeUnit.SECONDS.toMillis(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The data loops of one directory. */
    static final class DataLoops implements DirectoryExecutor {

        private final EventLoopGroup group;
        private final EventLoop[] loops;
        private final int writers;

        private DataLoops(MultiThreadIoEventLoopGroup group, int readers) {
            this.group = group;
            List<EventLoop> all = new ArrayList<>();
            group.forEach(e -> all.add((EventLoop) e));
            this.loops = all.toArray(EventLoop[]::new);
            this.writers = loops.length - readers;
        }

        EventLoop next() {
            return group.next();
        }

        boolean contains(EventLoop loop) {
            for (EventLoop mine : loops) {
                if (mine == loop) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public boolean inContext() {
            for (EventLoop loop : loops) {
                if (loop.inEventLoop()) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public Executor forPartition(TopicPartition partition) {
            return loops[(partition.hashCode() & 0x7fffffff) % writers];
        }

        @Override
        public Executor forReads(TopicPartition partition) {
            int readers = loops.length - writers;
            return readers == 0 ? forPartition(partition) : loops[writers + (partition.hashCode() & 0x7fffffff) % readers];
        }
    }
}
