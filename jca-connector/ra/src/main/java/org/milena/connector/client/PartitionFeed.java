package org.milena.connector.client;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.protocol.Errors;

/**
 * A partition as long as the group gives it to this member: what was fetched, in order, and its offset in the group. The consumer's
 * thread fills it, one other thread at a time empties it; every method may be called by any thread.
 */
public final class PartitionFeed {

    /** One that is read, one to follow. */
    private static final int MOST_FETCHES = 2;

    /** Failures in a row of what passes by itself, mostly. */
    private static final int TELL_AFTER = 10;

    private static final Set<Errors> EXPELLED = Set.of(Errors.UNKNOWN_MEMBER_ID, Errors.FENCED_MEMBER_EPOCH, Errors.FENCED_INSTANCE_ID,
            Errors.ILLEGAL_GENERATION, Errors.GROUP_ID_NOT_FOUND);

    private final GroupConsumer consumer;
    private final PartitionId id;
    private final Deque<FetchedBatches> fetched = new ArrayDeque<>();
    private long fetchFrom = -1;
    private volatile boolean lost;
    private volatile boolean revoked;
    private volatile String topic;
    private volatile GroupOffset start;
    private boolean hadOffset;

    private int failures;
    private String lastFailure;
    private long retryAt = System.nanoTime();

    PartitionFeed(GroupConsumer consumer, PartitionId id) {
        this.consumer = consumer;
        this.id = id;
    }

    public String topic() {
        return topic;
    }

    public int partition() {
        return id.partition();
    }

    /** Where the group went on when this member got the partition; its metadata is empty where the group had no offset. */
    public GroupOffset start() {
        return start;
    }

    /** False: the group had no offset, the start is where {@code auto.offset.reset} says; and may be elsewhere the next time. */
    public boolean hadOffset() {
        return hadOffset;
    }

    /** The group has it back, perhaps has given it to another member, and accepts no offset from this one. */
    public boolean isLost() {
        return lost;
    }

    /** The group wants it back: to be given back soon with {@link #release}; offsets are accepted until then. */
    public boolean isRevoked() {
        return revoked;
    }

    // ---- records

    /** Whether {@link #take} may find some. */
    public synchronized boolean hasRecords() {
        return !fetched.isEmpty();
    }

    /**
     * The next records, as many as are here, at most so many. Empty does not mean that there are no more.
     *
     * @throws IOException what was fetched can't be read; {@link #rewind} has it fetched again
     */
    public List<ConsumedRecord> take(int max) throws IOException {
        List<ConsumedRecord> taken = new ArrayList<>();
        while (taken.size() < max) {
            FetchedBatches first;
            synchronized (this) {
                first = fetched.peekFirst();
            }
            ConsumedRecord record;
            try {
                record = first == null ? null : first.next();
            } catch (IOException e) {
                if (taken.isEmpty()) {
                    throw e;
                }
                return taken; // those before it; the next call tells
            }
            if (record != null) {
                taken.add(record);
            } else if (first == null) {
                break;
            } else {
                synchronized (this) {
                    if (fetched.peekFirst() == first) {
                        fetched.removeFirst();
                    }
                }
                consumer.wakeup();
            }
        }
        return taken;
    }

    /** Throws away what is here, and fetches from this offset on. */
    public void rewind(long offset) {
        synchronized (this) {
            fetched.clear();
            fetchFrom = offset;
        }
        consumer.wakeup();
    }

    // ---- the group's offset

    /**
     * Under which name offsets are committed, also as a part of a transaction.
     *
     * @throws ClientException the partition is lost
     */
    public GroupMember member() throws ClientException {
        GroupMember member = consumer.member(); // first: one that joined after the loss would be let through
        if (lost) {
            throw ClientException.of(this + " was taken away from this member of group " + member.groupId(), Errors.FENCED_MEMBER_EPOCH);
        }
        return member;
    }

    /**
     * Commits an offset, outside of any transaction. Tries again where that helps.
     *
     * @throws ClientException it was not committed, or nobody knows
     */
    public void commit(GroupOffset offset, long atMostMs) throws ClientException {
        asking(Deadline.after(atMostMs), deadline -> {
            consumer.offsets().commit(member(), topic, partition(), offset, deadline);
            return null;
        });
    }

    /**
     * Asks for the group's offset, and waits while a transaction with another one is undecided.
     *
     * @return null where the group has none
     */
    public GroupOffset committed(long atMostMs) throws ClientException {
        return asking(Deadline.after(atMostMs), deadline -> consumer.offsets().committed(member(), topic, partition(), deadline));
    }

    private interface Question<T> {
        T ask(Deadline deadline) throws ClientException;
    }

    private <T> T asking(Deadline deadline, Question<T> question) throws ClientException {
        for (int attempt = 0; ; attempt++) {
            try {
                return question.ask(deadline);
            } catch (ClientException e) {
                boolean again = e.retriable() || e.error() == Errors.STALE_MEMBER_EPOCH; // a heartbeat is about to bring the new one
                if (!again || deadline.over() || lost || EXPELLED.contains(e.error())) {
                    throw e;
                }
                deadline.pause(consumer.backoff(attempt));
            }
        }
    }

    /** Gives a revoked partition back. */
    public void release() {
        consumer.released(this);
    }

    // ---- for the consumer's thread

    PartitionId id() {
        return id;
    }

    boolean isLocated() {
        return start != null;
    }

    void located(String name, GroupOffset offset, boolean isCommitted) {
        topic = name;
        hadOffset = isCommitted;
        synchronized (this) {
            fetchFrom = offset.offset();
        }
        start = offset;
        succeeded();
    }

    void lose() {
        lost = true;
    }

    void revoke() {
        revoked = true;
    }

    /** The offset to fetch from, or -1 while enough is here. */
    synchronized long wanted() {
        return revoked || fetched.size() >= MOST_FETCHES ? -1 : fetchFrom;
    }

    /** What a fetch from this offset brought; not wanted any more after a {@link #rewind}. */
    synchronized void append(long from, FetchedBatches batches) {
        if (from == fetchFrom && batches.nextOffset() > from) {
            fetched.addLast(batches);
            fetchFrom = batches.nextOffset();
        }
    }

    /** There is nothing at this offset any more. */
    synchronized void jump(long from, long to) {
        if (from == fetchFrom) {
            fetchFrom = to;
        }
    }

    boolean mayTry() {
        return retryAt - System.nanoTime() <= 0;
    }

    long nanosUntilRetry() {
        return Math.max(0, retryAt - System.nanoTime());
    }

    void succeeded() {
        failures = 0;
        lastFailure = null;
    }

    /** @return whether this is worth telling: it is another failure than before, or one that does not pass by itself */
    boolean failed(String why, boolean passing, long backoffMs) {
        retryAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(backoffMs);
        failures++;
        if (passing && failures != TELL_AFTER || why.equals(lastFailure)) {
            return false;
        }
        lastFailure = why;
        return true;
    }

    int failures() {
        return failures;
    }

    @Override
    public String toString() {
        return (topic == null ? id.topic().toString() : topic) + "-" + id.partition();
    }
}
