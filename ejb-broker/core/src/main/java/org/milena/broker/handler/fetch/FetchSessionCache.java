package org.milena.broker.handler.fetch;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.common.message.FetchRequestData;
import org.milena.broker.time.BrokerClock;

/**
 * The fetch sessions of this broker, at most {@code max.incremental.fetch.session.cache.slots}. A new session takes the place of
 * one that was not used for two minutes, or of the smallest that has existed for as long if that has fewer partitions; where there is
 * none, the client is served without a session.
 */
final class FetchSessionCache {

    private static final long EVICTION_MS = 120_000;

    private final Map<Integer, FetchSession> sessions = new HashMap<>();
    private final int slots;
    private final BrokerClock clock;

    FetchSessionCache(int slots, BrokerClock clock) {
        this.slots = slots;
        this.clock = clock;
    }

    synchronized FetchSession get(int id) {
        return sessions.get(id);
    }

    synchronized void close(int id) {
        sessions.remove(id);
    }

    synchronized int size() {
        return sessions.size();
    }

    /** @return empty when the cache is full of sessions in use */
    synchronized Optional<FetchSession> create(FetchRequestData request, boolean usesTopicIds) {
        Map<FetchPartition.Key, FetchPartition> partitions = FetchSession.partitionsOf(request);
        if (slots <= 0 || sessions.size() >= slots && !evict(partitions.size())) {
            return Optional.empty();
        }
        int id;
        do {
            id = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
        } while (sessions.containsKey(id));
        FetchSession session = new FetchSession(id, usesTopicIds, partitions, clock.millis());
        sessions.put(id, session);
        return Optional.of(session);
    }

    private boolean evict(int partitions) {
        long then = clock.millis() - EVICTION_MS;
        FetchSession oldest = sessions.values().stream().min(Comparator.comparingLong(FetchSession::lastUsedMs)).orElseThrow();
        Optional<FetchSession> goes = oldest.lastUsedMs() < then ? Optional.of(oldest)
                : sessions.values().stream().filter(s -> s.createdMs() < then).min(Comparator.comparingInt(FetchSession::size))
                        .filter(smallest -> smallest.size() < partitions);
        goes.ifPresent(session -> sessions.remove(session.id()));
        return goes.isPresent();
    }
}
