package org.milena.connector.ra;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.milena.connector.RecordDeserializer;
import org.milena.connector.client.ClientException;
import org.milena.connector.client.ConsumedRecord;
import org.milena.connector.client.GroupOffset;
import org.milena.connector.client.PartitionFeed;

/**
 * The records of one partition on their way to a bean, in order: which one is next, how often that was tried, and what is done when it
 * fails (decision 10). Used by one thread at a time.
 */
final class PartitionDelivery {

    private static final Logger LOG = System.getLogger(PartitionDelivery.class.getName());

    /** Records in hand where they are delivered one by one. */
    private static final int IN_HAND = 64;

    /** Before a record is condemned without having failed by itself, it is tried once more. */
    private static final int LEAST_SUSPICION = 2;

    /** What the partitions of an activation have in common. */
    record Shared(InboundConfig config, DeadLetters deadLetters, RecordDeserializer<?> keys, RecordDeserializer<?> values) {
    }

    private final PartitionFeed feed;
    private final Shared shared;
    private final InboundConfig config;
    private final Deque<ConsumedRecord> inHand = new ArrayDeque<>();

    /** The group's offset; the record in question is the first from here on. */
    private long position;
    /** Of that record: deliveries begun. */
    private int attempts;
    /** Up to here each record has one attempt behind it, in a batch that failed. */
    private long singlyUntil;
    /** Whether the group knows all that. */
    private boolean noted;
    /** Whether the group is to be told where it is, though there may be nothing to deliver. */
    private boolean owing;
    /** Whether the group is to be asked first for its offset, which it tells once no transaction is open on it. */
    private boolean unresolved;
    /** Of the delivery that is unresolved: whether it is among the attempts already. */
    private boolean counted;
    private boolean condemned;
    private Throwable cause;
    private int prevented;
    private volatile long waitUntil = System.nanoTime();

    PartitionDelivery(PartitionFeed feed, Shared shared) {
        this.feed = feed;
        this.shared = shared;
        this.config = shared.config();
        // as another member has left it, or a former life of this one
        GroupOffset start = feed.start();
        DeliveryNote note = DeliveryNote.parse(start.metadata());
        position = start.offset();
        attempts = note.attempts() + (note.held() ? 1 : 0);
        singlyUntil = note.held() && config.isBatch() ? Math.max(note.until(), position + config.batch()) : note.until();
        owing = !feed.hadOffset(); // what comes from now on is not to be missed, whatever auto.offset.reset says the next time
    }

    PartitionFeed feed() {
        return feed;
    }

    /** So long it waits before it tries again; 0: not at all. */
    long nanosToWait() {
        return Math.max(0, waitUntil - System.nanoTime());
    }

    boolean hasWork() {
        return nanosToWait() == 0 && (owing || !inHand.isEmpty() || feed.hasRecords());
    }

    /**
     * One delivery, or one step towards it.
     *
     * @return whether the next one may follow at once
     */
    boolean step(Delivering delivering) {
        try {
            if (unresolved) {
                resolve();
            }
            if (inHand.isEmpty()) {
                inHand.addAll(feed.take(config.isBatch() ? config.batch() : IN_HAND));
            }
            boolean begins = !inHand.isEmpty();
            if (owing || !noted && begins) {
                feed.commit(here(begins), config.clientConfig().deliveryTimeoutMs());
                noted = begins;
                owing = false;
            }
            if (inHand.isEmpty()) {
                return false;
            }
            if (condemned || config.deliveryCountLimit() > 0 && attempts >= Math.max(config.deliveryCountLimit(), LEAST_SUSPICION)) {
                bury(inHand.peekFirst());
            } else {
                deliver(delivering);
            }
        } catch (IOException e) {
            inHand.clear();
            feed.rewind(position);
            prevented(e);
        } catch (ClientException e) {
            prevented(e);
        }
        return nanosToWait() == 0 && !feed.isLost();
    }

    private GroupOffset here(boolean held) {
        return new GroupOffset(position, -1, new DeliveryNote(attempts, singlyUntil > position ? singlyUntil : 0, held).text());
    }

    private GroupOffset after(ConsumedRecord last) {
        long next = last.offset() + 1;
        boolean tried = next < singlyUntil;
        return new GroupOffset(next, -1, new DeliveryNote(tried ? 1 : 0, tried ? singlyUntil : 0, true).text());
    }

    private void deliver(Delivering delivering) {
        List<DeliveredRecord> records = new ArrayList<>();
        boolean singly = !config.isBatch() || inHand.peekFirst().offset() < singlyUntil || attempts > 0;
        for (ConsumedRecord record : inHand) {
            if (!records.isEmpty() && (singly || records.size() == config.batch())) {
                break;
            }
            try {
                records.add(new DeliveredRecord(record, shared.keys().deserialize(record.topic(), record.key()),
                        shared.values().deserialize(record.topic(), record.value()), records.isEmpty() ? attempts + 1 : 1));
            } catch (RuntimeException | LinkageError e) {
                if (records.isEmpty()) {
                    condemn(e);
                    return;
                }
                break; // its turn comes
            }
        }
        ConsumedRecord last = records.get(records.size() - 1).record();
        Outcome outcome = delivering.deliver(feed, records, after(last));
        switch (outcome.kind()) {
            case DONE -> done(last, true);
            case NOT_COMMITTED -> {
                done(last, false);
                prevented(outcome.cause());
            }
            case FAILED -> failed(records, outcome.cause());
            case PREVENTED -> {
                askFirst(true);
                prevented(outcome.cause());
            }
            case UNKNOWN -> {
                cause = outcome.cause();
                askFirst(false);
            }
            default -> throw new IllegalStateException(outcome.toString());
        }
    }

    private void done(ConsumedRecord last, boolean committed) {
        while (!inHand.isEmpty() && inHand.peekFirst().offset() <= last.offset()) {
            inHand.removeFirst();
        }
        position = last.offset() + 1;
        attempts = position < singlyUntil ? 1 : 0;
        noted = committed;
        owing = !committed;
        condemned = false;
        cause = null;
        prevented = 0;
    }

    /** A rollback may not have arrived: another transaction over the same offset, or a count beside it, would be refused. */
    private void askFirst(boolean alreadyCounted) {
        unresolved = true;
        counted = alreadyCounted;
    }

    private void failed(List<DeliveredRecord> records, Throwable why) {
        askFirst(true);
        attempts++;
        noted = false;
        cause = why;
        DeliveredRecord first = records.get(0);
        if (records.size() > 1) {
            DeliveredRecord last = records.get(records.size() - 1);
            singlyUntil = last.offset() + 1;
            LOG.log(Level.WARNING, "The delivery of " + records.size() + " records, " + first + " to " + last + ", to group " + config.consumer().groupId()
                    + " failed; they are delivered one by one now", why);
        } else if (config.deliveryCountLimit() > 0 && attempts >= config.deliveryCountLimit()) {
            condemned = true;
        } else {
            long delay = config.redeliveryDelayMs(attempts);
            LOG.log(Level.WARNING, "Delivery " + attempts + " of " + first + " to group " + config.consumer().groupId() + " failed; the next is in "
                    + delay + " ms", why);
            waitFor(delay);
        }
    }

    private void condemn(Throwable why) {
        condemned = true;
        cause = why;
    }

    /** To the dead-letter topic. */
    private void bury(ConsumedRecord record) throws ClientException {
        try {
            shared.deadLetters().write(record, attempts, cause, feed.member(), after(record));
        } catch (ClientException e) {
            askFirst(true);
            throw e;
        }
        LOG.log(Level.ERROR, record + " could not be delivered to group " + config.consumer().groupId() + " in " + attempts
                + " deliveries, and is in " + shared.deadLetters().topic(record) + " now"
                + (cause == null ? "; the server died with it, or nobody knows why" : ""), cause);
        done(record, true);
    }

    /** Asks the group where it is: beyond what was delivered, or still before it. */
    private void resolve() throws ClientException {
        GroupOffset committed = feed.committed(config.clientConfig().deliveryTimeoutMs());
        unresolved = false;
        if (committed != null && committed.offset() > position) {
            inHand.removeIf(record -> record.offset() < committed.offset());
            DeliveryNote note = DeliveryNote.parse(committed.metadata());
            position = committed.offset();
            attempts = note.attempts();
            singlyUntil = note.until();
            noted = true;
            condemned = false;
            cause = null;
            LOG.log(Level.INFO, "{0} goes on at offset {1}: the transaction was committed", feed, position);
        } else if (!counted) {
            attempts++;
            noted = false;
            waitFor(config.redeliveryDelayMs(attempts));
        }
    }

    private void prevented(Throwable why) {
        prevented++;
        if (!feed.isLost() && prevented == 1) {
            LOG.log(Level.WARNING, feed + " waits, group " + config.consumer().groupId() + " can't go on at offset " + position + ": " + why.getMessage(), why);
        }
        waitFor(Math.min(10_000, (long) config.clientConfig().retryBackoffMs() << Math.min(prevented - 1, 10)));
    }

    void waitFor(long millis) {
        waitUntil = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /**
     * Nobody delivers any more, and the group is told so: the next member need not suspect the record at the offset.
     *
     * @return false: it could not be told
     */
    boolean end(long atMostMs) {
        if (feed.isLost() || unresolved && !counted || !owing && !noted && attempts == 0) {
            return true; // nothing was begun since the group was told the last time, or nobody knows
        }
        try {
            feed.commit(here(false), atMostMs);
            return true;
        } catch (ClientException e) {
            LOG.log(Level.DEBUG, "The end of the delivery of " + feed + " was not noted", e);
            return false;
        }
    }
}
