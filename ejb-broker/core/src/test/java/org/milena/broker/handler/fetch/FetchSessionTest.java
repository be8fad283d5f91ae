package org.milena.broker.handler.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.FetchRequestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.milena.broker.cluster.InMemoryMetadataStore;
import org.milena.broker.testing.EmbeddedBroker;
import org.milena.broker.time.BrokerClock;

/** Incremental fetch sessions (KIP-227): every answer as Apache Kafka gives it, and who has to go when the cache is full. */
class FetchSessionTest {

    @TempDir
    Path dir;

    /** The resources were written by {@link FetchSessionScript#main} against Apache Kafka 4.3.1. */
    @ParameterizedTest
    @ValueSource(ints = {12, 17})
    void aSessionLivesAsInApacheKafka(int version) throws Exception {
        String expected;
        try (var resource = getClass().getResourceAsStream("/fetch-session-v" + version + ".txt")) {
            expected = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(dir, new InMemoryMetadataStore(), Map.of("milena.log.dir.min.free", "0"));
             FetchSessionScript script = new FetchSessionScript(broker.port(), version)) {
            assertThat(String.join("\n", script.run())).isEqualToIgnoringNewLines(expected);
        }
    }

    private final long[] nowMs = {1_000_000};
    private final FetchSessionCache cache = new FetchSessionCache(2, new BrokerClock() {
        @Override
        public long millis() {
            return nowMs[0];
        }

        @Override
        public long nanoTime() {
            return nowMs[0] * 1_000_000;
        }
    });

    private static FetchRequestData request(int partitions) {
        FetchRequestData.FetchTopic topic = new FetchRequestData.FetchTopic().setTopic("t");
        List<FetchRequestData.FetchPartition> all = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            all.add(new FetchRequestData.FetchPartition().setPartition(i));
        }
        return new FetchRequestData().setTopics(List.of(topic.setPartitions(all)));
    }

    private FetchSession create(int partitions) {
        return cache.create(request(partitions), false).orElse(null);
    }

    @Test
    void aFullCacheKeepsItsYoungSessions() {
        assertThat(create(1)).isNotNull();
        assertThat(create(1)).isNotNull();
        nowMs[0] += 119_000;
        assertThat(create(100)).isNull();
        assertThat(cache.size()).isEqualTo(2);
    }

    @Test
    void oneThatIsNotUsedForTwoMinutesMakesPlace() {
        FetchSession used = create(1);
        FetchSession idle = create(5);
        nowMs[0] += 121_000;
        assertThat(used.advance(1, nowMs[0])).isTrue();
        FetchSession added = create(1);
        assertThat(added).isNotNull();
        assertThat(cache.get(idle.id())).isNull();
        assertThat(cache.get(used.id())).isSameAs(used);
    }

    /** As in Kafka: a client of many partitions gains more by a session, so it takes the place of the smallest that had its two minutes. */
    @Test
    void aLargeOneTakesThePlaceOfASmallOldOneEvenIfThatIsInUse() {
        FetchSession small = create(2);
        FetchSession large = create(50);
        nowMs[0] += 121_000;
        small.advance(1, nowMs[0]);
        large.advance(1, nowMs[0]);
        assertThat(create(2)).as("no larger than the smallest").isNull();
        assertThat(create(3)).isNotNull();
        assertThat(cache.get(small.id())).isNull();
        assertThat(cache.get(large.id())).isSameAs(large);
    }
}
