package org.milena.connector.client;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/**
 * A member of a consumer group (KIP-848: the broker assigns the partitions), reading what is committed. One thread calls {@link #poll} all
 * the time, which keeps the membership and fills {@link PartitionFeed}s; others take the records and commit.
 */
public final class GroupConsumer {

    /** What becomes of partitions; called by the thread that polls, and not to be kept long. */
    public interface Listener {

        /** This member's now. */
        void assigned(PartitionFeed feed);

        /** To be given back: finish, commit, then {@link PartitionFeed#release}. */
        void revoked(PartitionFeed feed);

        /** Gone, without asking. */
        void lost(PartitionFeed feed);
    }

    private static final Logger LOG = System.getLogger(GroupConsumer.class.getName());

    /** So long a question may hold up the heartbeats. */
    private static final long QUESTION_MS = 5_000;

    private static final Set<Errors> EXPELLED = Set.of(Errors.UNKNOWN_MEMBER_ID, Errors.FENCED_MEMBER_EPOCH, Errors.FENCED_INSTANCE_ID,
            Errors.GROUP_ID_NOT_FOUND);

    private final Cluster cluster;
    private final ConsumerConfig config;
    private final Listener listener;
    private final GroupOffsets offsets;
    private final FormerMembers former;
    private final Membership membership;
    private final ConsumedTopics topics;
    private final Fetches fetches;
    private final Map<PartitionId, PartitionFeed> feeds = new ConcurrentHashMap<>();
    private final AtomicReference<CompletableFuture<Void>> wake = new AtomicReference<>(new CompletableFuture<>());
    private Set<PartitionId> target = Set.of();
    private int failedBeats;
    private String lastFailure;

    /**
     * @param cluster  for the group's coordinator
     * @param fetching a client of its own for fetches, since answers come in order and a fetch waits; both are closed by whoever opened them
     */
    public GroupConsumer(Cluster cluster, Cluster fetching, ConsumerConfig config, Listener listener) {
        this.cluster = cluster;
        this.config = config;
        this.listener = listener;
        GroupCoordinator coordinator = new GroupCoordinator(cluster, config.groupId());
        this.offsets = new GroupOffsets(coordinator);
        this.former = new FormerMembers(coordinator, config);
        this.membership = new Membership(coordinator, config);
        this.topics = new ConsumedTopics(fetching);
        this.fetches = new Fetches(fetching, config, topics);
    }

    /** One round of everything; waits for records, a wake-up or the next thing to do, at most so long. */
    public void poll(long maxWaitMs) {
        CompletableFuture<Void> wakeUp = wake.get();
        if (wakeUp.isDone()) {
            wake.set(new CompletableFuture<>());
            wakeUp = wake.get();
        }
        heartbeat();
        reconcile();
        locate();
        fetches.send(feeds.values());
        await(wakeUp, Math.min(TimeUnit.MILLISECONDS.toNanos(maxWaitMs), nanosUntilNext()));
        fetches.take();
    }

    /** Ends the waiting of {@link #poll}, the next one's if there is none. By any thread. */
    public void wakeup() {
        wake.get().complete(null);
    }

    /** Leaves the group. Everything is to be given back or finished before; what is not is lost. */
    public void leave(long atMostMs) {
        loseAll();
        membership.leave(Deadline.after(atMostMs));
    }

    /** Whether the group's coordinator knows this member. */
    public boolean isMember() {
        return membership.isMember();
    }

    private long nanosUntilNext() {
        long nanos = membership.nanosUntilDue();
        for (PartitionFeed feed : feeds.values()) {
            boolean waits = !feed.isLocated() || feed.wanted() >= 0 && !fetches.isUnderWay(feed);
            if (waits && feed.nanosUntilRetry() > 0) {
                nanos = Math.min(nanos, feed.nanosUntilRetry());
            }
        }
        return nanos;
    }

    /** Only the JDK's code runs on the thread that brings an answer. */
    private void await(CompletableFuture<Void> wakeUp, long nanos) {
        List<CompletableFuture<?>> events = fetches.arrivals();
        events.add(wakeUp);
        CompletableFuture<?> first = events.size() == 1 ? wakeUp : CompletableFuture.anyOf(events.toArray(CompletableFuture[]::new));
        try {
            first.get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            if (first != wakeUp) {
                first.cancel(false); // lets the others forget it
            }
        } catch (ExecutionException e) {
            // an answer that will not come: its fetch tells
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- membership

    private void heartbeat() {
        Set<PartitionId> owned = new HashSet<>(feeds.keySet());
        if (!membership.isDue(owned)) {
            return;
        }
        try {
            boolean joins = !membership.isMember();
            membership.retryIn(cluster.config().backoff(failedBeats));
            Deadline deadline = Deadline.after(QUESTION_MS);
            former.signOff(deadline);
            Set<PartitionId> assigned = membership.beat(owned, deadline);
            if (joins || lastFailure != null) {
                LOG.log(Level.INFO, "Member {0} of group {1} {2}", membership.memberId(), config.groupId(), joins ? "has joined" : "goes on");
            }
            failedBeats = 0;
            lastFailure = null;
            if (assigned != null) {
                target = assigned;
            }
        } catch (ClientException e) {
            failedBeats++;
            beatFailed(e);
        }
    }

    private void beatFailed(ClientException e) {
        if (EXPELLED.contains(e.error()) && membership.isMember()) {
            LOG.log(Level.WARNING, "Member " + membership.memberId() + " of group " + config.groupId()
                    + " was expelled, and joins again: " + e.getMessage());
            loseAll();
            membership.expelled();
        } else if (!e.getMessage().equals(lastFailure)) {
            LOG.log(Level.WARNING, "A member of group " + config.groupId() + " waits, and tries again until it can go on: " + e.getMessage());
            lastFailure = e.getMessage();
        }
    }

    private void reconcile() {
        for (PartitionFeed feed : feeds.values()) {
            if (!target.contains(feed.id()) && !feed.isRevoked()) {
                feed.revoke();
                if (feed.isLocated()) {
                    listener.revoked(feed);
                } else {
                    feed.release();
                }
            }
        }
        for (PartitionId id : target) {
            feeds.computeIfAbsent(id, p -> new PartitionFeed(this, p));
        }
    }

    private void loseAll() {
        List<PartitionFeed> all = List.copyOf(feeds.values());
        all.forEach(PartitionFeed::lose);
        feeds.clear();
        target = Set.of();
        for (PartitionFeed feed : all) {
            if (feed.isLocated()) {
                listener.lost(feed);
            }
        }
    }

    // ---- offsets to begin with

    private void locate() {
        Set<Uuid> wanted = new HashSet<>();
        feeds.keySet().forEach(id -> wanted.add(id.topic()));
        try {
            topics.refresh(wanted, Deadline.after(QUESTION_MS));
        } catch (ClientException e) {
            LOG.log(Level.DEBUG, "The topics of group " + config.groupId() + " could not be asked for", e);
        }
        for (PartitionFeed feed : feeds.values()) {
            if (!feed.isLocated() && feed.mayTry() && membership.nanosUntilDue() > 0) {
                locate(feed);
            }
        }
    }

    private void locate(PartitionFeed feed) {
        try {
            Topic topic = topics.topic(feed.id().topic());
            if (topic == null) {
                throw ClientException.of("Topic " + feed.id().topic() + ": " + topics.error(feed.id().topic()), Errors.UNKNOWN_TOPIC_ID);
            }
            Deadline deadline = Deadline.after(QUESTION_MS);
            GroupOffset committed = offsets.committed(member(), topic.name(), feed.partition(), deadline);
            GroupOffset begin = committed != null ? committed : GroupOffset.at(fetches.reset(feed, topic.name(), deadline));
            feed.located(topic.name(), begin, committed != null);
            listener.assigned(feed);
        } catch (ClientException e) {
            fetches.failed(feed, e);
        }
    }

    // ---- for feeds

    GroupMember member() {
        return new GroupMember(config.groupId(), membership.memberId(), membership.epoch(), config.groupInstanceId());
    }

    GroupOffsets offsets() {
        return offsets;
    }

    long backoff(int attempt) {
        return cluster.config().backoff(attempt);
    }

    void released(PartitionFeed feed) {
        if (feeds.remove(feed.id(), feed)) {
            wakeup();
        }
    }

    static boolean isPassing(ClientException e) {
        return e.error() != null && (e.error().exception() instanceof RetriableException || e.error() == Errors.STALE_MEMBER_EPOCH);
    }
}
