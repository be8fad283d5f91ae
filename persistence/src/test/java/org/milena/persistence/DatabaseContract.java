package org.milena.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every database must do; each test works on topics of its own. */
abstract class DatabaseContract {

    abstract DatabaseSettings settings() throws Exception;

    private static <T> List<T> found(Database database, java.util.function.Function<EntityManager, List<T>> query) {
        return database.call(query);
    }

    @Test
    void keepsTopicsPartitionsAndConfigsAcrossRestarts() throws Exception {
        UUID id = UUID.randomUUID();
        String name = "orders-" + id;
        String longValue = "x".repeat(100_000);
        try (Database database = Database.open(settings())) {
            database.call(entities -> {
                TopicRepository topics = new TopicRepository(entities);
                topics.add(new Topic(id, name, false, true));
                entities.flush();
                topics.add(new Partition(id, 0, 1, 7, List.of(1, 2), List.of(1)));
                topics.add(new Partition(id, 1, -1, 0, List.of(2), List.of()));
                new ConfigRepository(entities).alter("topic", name, Map.of("retention.ms", "-1", "long", longValue));
                return null;
            });
        }
        try (Database database = Database.open(settings())) {
            assertThat(found(database, e -> new TopicRepository(e).topics())).filteredOn(t -> t.getId().equals(id)).singleElement()
                .satisfies(t -> assertThat(t.isConfigsHeld()).isTrue());
            List<Partition> partitions = found(database, e -> new TopicRepository(e).partitions()).stream().filter(p -> p.getTopicId().equals(id)).toList();
            assertThat(partitions).extracting(Partition::getLeader).containsExactly(1, -1);
            assertThat(partitions).extracting(Partition::getIsr).containsExactly(List.of(1), List.of());
            assertThat(partitions.get(0).getReplicas()).containsExactly(1, 2);
            assertThat(found(database, e -> new ConfigRepository(e).configs())).filteredOn(c -> c.getId().name().equals(name))
                .extracting(Config::getValue).containsExactlyInAnyOrder("-1", longValue);
        }
    }

    @Test
    void aFailedTransactionLeavesNothing() throws Exception {
        String name = "half-" + UUID.randomUUID();
        try (Database database = Database.open(settings())) {
            assertThatThrownBy(() -> database.call(entities -> {
                new TopicRepository(entities).add(new Topic(UUID.randomUUID(), name, false, false));
                entities.flush();
                throw new IllegalStateException("on purpose");
            })).hasMessage("on purpose");
            assertThat(found(database, e -> new TopicRepository(e).topics())).noneMatch(t -> t.getName().equals(name));
        }
    }

    @Test
    void aNameIsTakenOnce() throws Exception {
        String name = "once-" + UUID.randomUUID();
        try (Database database = Database.open(settings())) {
            database.call(e -> add(e, name));
            assertThatThrownBy(() -> database.call(e -> add(e, name))).isInstanceOf(PersistenceException.class);
        }
    }

    private static Object add(EntityManager entities, String name) {
        new TopicRepository(entities).add(new Topic(UUID.randomUUID(), name, false, false));
        return null;
    }

    @Test
    void theClusterIdStaysTheFirst() throws Exception {
        try (Database database = Database.open(settings())) {
            String first = database.callDurably(e -> new ClusterRepository(e).clusterId(() -> "first"));
            assertThat(database.<String>callDurably(e -> new ClusterRepository(e).clusterId(() -> "second"))).isEqualTo(first);
        }
    }

    /** Two brokers that want producer ids at the same time: whoever loses the race is told, and nobody gets the other's. */
    @Test
    void noNumberIsHandedOutTwice() throws Exception {
        Set<Long> firsts = new ConcurrentSkipListSet<>();
        int threads = 4;
        int rounds = 10;
        try (Database database = Database.open(settings())) {
            long before = database.callDurably(e -> new ClusterRepository(e).takeProducerIds(1_000, 10));
            assertThat(before).isGreaterThan(1_000);
            ExecutorService executor = Executors.newFixedThreadPool(threads);
            for (int i = 0; i < threads; i++) {
                executor.execute(() -> {
                    for (int got = 0; got < rounds;) {
                        try {
                            firsts.add(database.callDurably(e -> new ClusterRepository(e).takeProducerIds(0, 10)));
                            got++;
                        } catch (PersistenceException lostTheRace) {
                            continue;
                        }
                    }
                });
            }
            executor.shutdown();
            assertThat(executor.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
            assertThat(firsts).hasSize(threads * rounds).allMatch(first -> first >= before + 10 && (first - before) % 10 == 0);
        }
    }

    @Test
    void everyStartHasALargerNumber() throws Exception {
        try (Database database = Database.open(settings())) {
            long first = database.callDurably(e -> new ClusterRepository(e).newIncarnation(1));
            assertThat(database.<Long>callDurably(e -> new ClusterRepository(e).newIncarnation(2))).isGreaterThan(first);
        }
        try (Database database = Database.open(settings())) {
            long second = database.callDurably(e -> new ClusterRepository(e).newIncarnation(1));
            assertThat(database.<Long>callDurably(e -> new ClusterRepository(e).newIncarnation(1))).isEqualTo(second + 1);
        }
    }

    @Test
    void closingReleasesTheDrivers() throws Exception {
        Database.open(settings()).close();
        assertThat(java.util.Collections.list(java.sql.DriverManager.getDrivers())).extracting(d -> d.getClass().getName())
            .noneMatch(name -> name.startsWith("org.h2.") || name.startsWith("org.postgresql."));
    }
}
