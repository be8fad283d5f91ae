package org.milena.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys of compaction as a whole; what a topic says about its own is in {@link LogEffects}. */
class CleanerKeysTest {

    private static final long HOUR = 3_600_000;
    private static final Map<String, String> COMPACTED = Map.of("cleanup.policy", "compact", "segment.ms", String.valueOf(HOUR));

    @TempDir
    Path dir;

    private LiveBroker broker(String name, String... settings) {
        return LiveBroker.start(dir.resolve(name), settings);
    }

    /** A topic that is due: two values of one key in a closed segment. */
    private static String dirty(LiveBroker broker) throws Exception {
        String topic = broker.topic(COMPACTED);
        broker.produced(topic, new SimpleRecord(broker.now(), "k".getBytes(), "old".getBytes()));
        broker.produced(topic, new SimpleRecord(broker.now(), "k".getBytes(), "new".getBytes()));
        broker.advance(2 * HOUR);
        broker.housekeep();
        return topic;
    }

    @Test
    @Proves("log.cleaner.backoff.ms")
    void theCleanerLooksForWorkAsOftenAsSaid() throws Exception {
        try (LiveBroker seldom = broker("seldom"); LiveBroker often = broker("often", "log.cleaner.backoff.ms", "20")) {
            String untouched = dirty(seldom);
            String compacted = dirty(often);
            LiveBroker.await("compaction", () -> often.values(compacted).equals(List.of("new")));
            assertThat(seldom.values(untouched)).containsExactly("old", "new");
        }
    }

    @Test
    @Proves("log.cleaner.io.max.bytes.per.second")
    void theCleanerKeepsBelowItsRate() throws Exception {
        try (LiveBroker slow = broker("slow", "log.cleaner.backoff.ms", "20", "log.cleaner.io.max.bytes.per.second", "1");
                LiveBroker quick = broker("quick", "log.cleaner.backoff.ms", "20")) {
            String waiting = dirty(slow);
            LiveBroker.await("the cleaner waits", () -> cleaners(slow, "Throttle") == 1);
            String compacted = dirty(quick);
            LiveBroker.await("compaction", () -> quick.values(compacted).equals(List.of("new")));
            assertThat(slow.values(waiting)).containsExactly("old", "new");
        }
    }

    /** Cleaner threads that are inside of this class now. */
    private static long cleaners(LiveBroker broker, String className) {
        return broker.threads("milena-cleaner").stream().filter(thread -> Arrays.stream(thread.getStackTrace())
                .anyMatch(frame -> frame.getClassName().endsWith(className))).count();
    }

    /** A broker whose compactions never end: each byte takes a second. */
    private LiveBroker busy(String threads) throws Exception {
        LiveBroker broker = broker("busy" + threads, "log.dirs", dir.resolve(threads + "a") + "," + dir.resolve(threads + "b"),
                "log.cleaner.threads", threads, "log.cleaner.backoff.ms", "20", "log.cleaner.io.max.bytes.per.second", "1");
        String first = dirty(broker);
        String second = dirty(broker);
        assertThat(broker.log(first).directory()).isNotSameAs(broker.log(second).directory());
        return broker;
    }

    @Test
    @Proves("log.cleaner.threads")
    void soManyCompactionsRunAtATime() throws Exception {
        try (LiveBroker two = busy("2")) {
            LiveBroker.await("both compact", () -> cleaners(two, "Throttle") == 2);
        }
        try (LiveBroker one = busy("1")) {
            LiveBroker.await("one compacts, one waits", () -> cleaners(one, "Throttle") == 1 && cleaners(one, "Semaphore") == 1);
        }
        try (LiveBroker none = broker("none", "log.cleaner.threads", "0")) {
            String topic = dirty(none);
            none.compact();
            assertThat(none.values(topic)).containsExactly("old", "new");
            assertThat(none.threads("milena-cleaner")).isEmpty();
        }
    }

    @Test
    @Proves("log.cleaner.dedupe.buffer.size")
    void oneRoundTakesAsManyKeysAsThereIsMemoryFor() throws Exception {
        assertThat(cleanAfterOneRound(broker("default"))).isEqualTo(60_000);
        assertThat(cleanAfterOneRound(broker("small", "log.cleaner.dedupe.buffer.size", "1048576"))).isBetween(20_000L, 50_000L);
    }

    private static long cleanAfterOneRound(LiveBroker started) throws Exception {
        try (LiveBroker broker = started) {
            String topic = broker.topic(COMPACTED);
            for (int batch = 0; batch < 60; batch++) {
                SimpleRecord[] records = new SimpleRecord[1000];
                for (int i = 0; i < records.length; i++) {
                    records[i] = new SimpleRecord(broker.now(), ("k" + batch + "-" + i).getBytes(), new byte[1]);
                }
                broker.produced(topic, records);
            }
            broker.advance(2 * HOUR);
            broker.housekeep();
            broker.embedded().broker().logs().cleanOnce(broker.directories().iterator().next());
            return Files.readAllLines(broker.dir().resolve("logs/cleaner-offset-checkpoint")).stream().filter(line -> line.startsWith(topic + " "))
                    .mapToLong(line -> Long.parseLong(line.split(" ")[2])).findFirst().orElse(0);
        }
    }
}
