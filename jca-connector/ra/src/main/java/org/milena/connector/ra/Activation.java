package org.milena.connector.ra;

import jakarta.resource.spi.work.Work;
import jakarta.resource.spi.work.WorkException;
import jakarta.resource.spi.work.WorkManager;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.milena.connector.client.Cluster;
import org.milena.connector.client.GroupConsumer;
import org.milena.connector.client.PartitionFeed;

/**
 * A message-driven bean that is fed. One thread of the server keeps the membership and fetches, all the time; others deliver, one
 * for each partition that has something, at most {@code maxConcurrency}.
 */
final class Activation implements Work, GroupConsumer.Listener {

    private static final Logger LOG = System.getLogger(Activation.class.getName());

    /** Deliveries of a partition in a row while others may be waiting for the thread. */
    private static final int IN_A_ROW = 200;

    private static final long LONGEST_WAIT_MS = 1_000;
    /** What is said to the group at the end may take so long. */
    private static final long FAREWELL_MS = 2_000;

    private final InboundConfig config;
    private final WorkManager workManager;
    private final ClassLoader application;
    private final Supplier<Delivering> deliverings;
    private final PartitionDelivery.Shared shared;
    private final GroupConsumer consumer;
    private final CountDownLatch ended = new CountDownLatch(1);
    /** Those whose turn was long ago first. */
    private final Map<PartitionFeed, Slot> slots = new LinkedHashMap<>();
    private volatile boolean stopping;
    private volatile boolean paused;
    private volatile int partitions;
    private int working;

    /** A partition and whether a thread is at it. */
    private static final class Slot {
        private final PartitionDelivery delivery;
        private boolean busy;
        /** The same partition's from before it was lost, while that is still busy: two at a time would break the order. */
        private Slot before;

        private Slot(PartitionDelivery delivery) {
            this.delivery = delivery;
        }
    }

    /**
     * @param cluster     for the group; not closed here
     * @param fetching    for fetches; not closed here
     * @param application of the bean, in whose context records are deserialised and delivered
     * @param deliverings makes what a thread delivers with
     */
    Activation(InboundConfig config, Cluster cluster, Cluster fetching, WorkManager workManager, ClassLoader application,
               Supplier<Delivering> deliverings, PartitionDelivery.Shared shared) {
        this.config = config;
        this.workManager = workManager;
        this.application = application;
        this.deliverings = deliverings;
        this.shared = shared;
        this.consumer = new GroupConsumer(cluster, fetching, config.consumer(), this);
    }

    // ---- management, by any thread

    /** Nothing more is delivered; the partitions stay this member's. */
    void pause() {
        paused = true;
        LOG.log(Level.INFO, "Deliveries to group {0} are paused", config.consumer().groupId());
    }

    void resume() {
        paused = false;
        LOG.log(Level.INFO, "Deliveries to group {0} go on", config.consumer().groupId());
        consumer.wakeup();
    }

    boolean isPaused() {
        return paused;
    }

    boolean isMember() {
        return consumer.isMember();
    }

    /** How many are this member's. */
    int partitions() {
        return partitions;
    }

    String groupId() {
        return config.consumer().groupId();
    }

    /** Ends with what is being delivered now, then leaves the group. Waits for that, but not for ever: what takes longer is fenced. */
    void stop(long atMostMs) {
        stopping = true;
        consumer.wakeup();
        try {
            if (!ended.await(atMostMs, TimeUnit.MILLISECONDS)) {
                LOG.log(Level.WARNING, "Deliveries to group {0} did not end within {1} ms", config.consumer().groupId(), atMostMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the thread that keeps the membership

    @Override
    public void run() {
        try {
            while (!stopping) {
                round();
            }
            while (isWorking()) { // the membership is kept until they are done
                consumer.poll(LONGEST_WAIT_MS);
            }
            List<Slot> left;
            synchronized (this) {
                left = List.copyOf(slots.values());
            }
            boolean heard = true;
            for (int i = 0; i < left.size() && heard; i++) {
                heard = left.get(i).delivery.end(FAREWELL_MS);
            }
            consumer.leave(FAREWELL_MS);
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "Deliveries to group " + config.consumer().groupId() + " ended with an error", e);
        } finally {
            ended.countDown();
        }
    }

    private void round() {
        try {
            consumer.poll(untilNextRetry());
            giveBackWhatIsRevoked();
            dispatch();
        } catch (RuntimeException | Error e) { // such as memory that is short for a while: nobody else would go on
            LOG.log(Level.ERROR, "Group " + config.consumer().groupId() + " stumbled, and goes on", e);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LONGEST_WAIT_MS));
        }
        if (Thread.interrupted()) {
            LOG.log(Level.DEBUG, "Somebody interrupted the thread of group {0}; undeploying ends it", config.consumer().groupId());
        }
    }

    private synchronized long untilNextRetry() {
        long nanos = TimeUnit.MILLISECONDS.toNanos(LONGEST_WAIT_MS);
        for (Slot slot : slots.values()) {
            long wait = slot.delivery.nanosToWait();
            if (wait > 0) {
                nanos = Math.min(nanos, wait);
            }
        }
        return TimeUnit.NANOSECONDS.toMillis(nanos) + 1;
    }

    private synchronized boolean isWorking() {
        return working > 0;
    }

    @Override
    public void assigned(PartitionFeed feed) {
        Slot slot = new Slot(new PartitionDelivery(feed, shared));
        synchronized (this) {
            for (Slot other : slots.values()) {
                if (other.busy && other.delivery.feed().toString().equals(feed.toString())) {
                    slot.before = other;
                }
            }
            slots.put(feed, slot);
            partitions++;
        }
    }

    /** Given back when nobody is at it. */
    @Override
    public void revoked(PartitionFeed feed) {
        LOG.log(Level.DEBUG, "{0} is given back", feed);
    }

    @Override
    public synchronized void lost(PartitionFeed feed) {
        Slot slot = slots.get(feed);
        if (slot != null && !slot.busy) {
            remove(feed);
        }
    }

    private synchronized void remove(PartitionFeed feed) {
        if (slots.remove(feed) != null) {
            partitions--;
        }
    }

    private void giveBackWhatIsRevoked() {
        List<Slot> idle = new ArrayList<>();
        synchronized (this) {
            slots.forEach((feed, slot) -> {
                if (feed.isRevoked() && !slot.busy) {
                    idle.add(slot);
                }
            });
        }
        for (Slot slot : idle) {
            slot.delivery.end(FAREWELL_MS);
            remove(slot.delivery.feed());
            slot.delivery.feed().release();
        }
    }

    private void dispatch() {
        List<Slot> ready = new ArrayList<>();
        synchronized (this) {
            for (Slot slot : slots.values()) {
                PartitionFeed feed = slot.delivery.feed();
                boolean free = !slot.busy && (slot.before == null || !slot.before.busy);
                if (free && !paused && !feed.isRevoked() && !feed.isLost() && working < config.maxConcurrency() && slot.delivery.hasWork()) {
                    slot.before = null;
                    slot.busy = true;
                    working++;
                    ready.add(slot);
                }
            }
        }
        ready.forEach(this::begin);
    }

    private void begin(Slot slot) {
        try {
            workManager.scheduleWork(new Work() {
                @Override
                public void run() {
                    deliver(slot);
                }

                /** WildFly says so of each work that has ended. */
                @Override
                public void release() {
                }
            });
        } catch (WorkException | RuntimeException e) {
            LOG.log(Level.WARNING, "The server has no thread for " + slot.delivery.feed() + " now: " + e.getMessage());
            slot.delivery.waitFor(LONGEST_WAIT_MS);
            finished(slot);
        }
    }

    // ---- threads that deliver

    private void deliver(Slot slot) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(application);
        try (Delivering delivering = deliverings.get()) {
            PartitionFeed feed = slot.delivery.feed();
            int delivered = 0;
            while (delivered < IN_A_ROW && !stopping && !paused && !feed.isRevoked() && slot.delivery.step(delivering)) {
                delivered++;
            }
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "The delivery of " + slot.delivery.feed() + " to group " + config.consumer().groupId() + " stumbled, and goes on", e);
            slot.delivery.waitFor(LONGEST_WAIT_MS);
        } finally {
            thread.setContextClassLoader(before);
            finished(slot);
        }
    }

    private void finished(Slot slot) {
        synchronized (this) {
            slot.busy = false;
            working--;
            PartitionFeed feed = slot.delivery.feed();
            if (feed.isLost()) {
                remove(feed);
            } else if (slots.remove(feed, slot)) {
                slots.put(feed, slot);
            }
        }
        consumer.wakeup();
    }

    /** The server ends its works: like {@link #stop}, without waiting. */
    @Override
    public void release() {
        stopping = true;
        consumer.wakeup();
    }
}
