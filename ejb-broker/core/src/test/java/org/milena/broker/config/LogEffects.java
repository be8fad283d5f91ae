package org.milena.broker.config;

import static org.milena.broker.config.LogEffect.of;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Topic keys about segments, flushes, retention and compaction: {@link MessageEffects} has those about records. */
final class LogEffects {

    private static final long HOUR = 3_600_000;
    private static final String HOUR_MS = String.valueOf(HOUR);
    private static final String WEEK_MS = String.valueOf(7 * 24 * HOUR);

    private LogEffects() {
    }

    static List<LogEffect> all() {
        List<LogEffect> all = new ArrayList<>();
        all.addAll(segments());
        all.addAll(flushes());
        all.addAll(retention());
        all.addAll(compaction());
        return all;
    }

    private static List<LogEffect> segments() {
        return List.of(
                of("segment.bytes", "1048576").shows("1 segment", "3 segments", (broker, topic) -> {
                    append(broker, topic, 3, 600_000);
                    return broker.segments(topic) + " segment" + (broker.segments(topic) > 1 ? "s" : "");
                }),
                of("segment.ms", HOUR_MS).shows("not rolled", "rolled", (broker, topic) -> {
                    append(broker, topic, 1, 10);
                    broker.advance(HOUR + 1000);
                    return rolled(broker, topic);
                }),
                of("segment.jitter.ms", WEEK_MS).shows("together", "apart", LogEffects::jitter),
                of("segment.index.bytes", "96").shows("not rolled", "rolled", (broker, topic) -> {
                    append(broker, topic, 20, 5000);
                    return broker.segments(topic) > 1 ? "rolled" : "not rolled";
                }),
                of("index.interval.bytes", "20000", "segment.ms", HOUR_MS).shows("19 entries", "4 entries", (broker, topic) -> {
                    append(broker, topic, 20, 5000);
                    broker.advance(HOUR + 1000);
                    broker.housekeep();
                    LiveBroker.await("the index is on disk", () -> broker.files(topic).getOrDefault("00000000000000000000.index", 0L) > 0);
                    return broker.files(topic).get("00000000000000000000.index") / 8 + " entries";
                }),
                of("file.delete.delay.ms", "0", "retention.ms", "1000").shows("renamed", "gone", (broker, topic) -> {
                    append(broker, topic, 1, 10);
                    broker.advance(2000);
                    broker.housekeep();
                    boolean renamed = broker.files(topic).keySet().stream().anyMatch(name -> name.endsWith(".log.deleted"));
                    return renamed ? "renamed" : broker.files(topic).containsKey("00000000000000000000.log") ? "kept" : "gone";
                }));
    }

    private static String rolled(LiveBroker broker, String topic) throws Exception {
        broker.housekeep();
        return broker.segments(topic) > 1 ? "rolled" : "not rolled";
    }

    /** A log's first segment rolls before its time; how long before differs from topic to topic. */
    private static String jitter(LiveBroker broker, String topic) throws Exception {
        List<String> topics = new ArrayList<>(List.of(topic));
        Map<String, String> own = broker.embedded().broker().metadata().image().topic(topic).configs();
        for (int i = 0; i < 7; i++) {
            topics.add(broker.topic(own));
        }
        for (String each : topics) {
            append(broker, each, 1, 10);
        }
        broker.advance(7 * 24 * HOUR - HOUR);
        broker.housekeep();
        for (String each : topics) {
            if (broker.segments(each) > 1) {
                return "apart";
            }
        }
        return "together";
    }

    private static List<LogEffect> flushes() {
        return List.of(
                of("flush.messages", "2").shows("0 0", "0 2", (broker, topic) -> {
                    append(broker, topic, 1, 10);
                    long first = broker.log(topic).recoveryPoint();
                    append(broker, topic, 1, 10);
                    return first + " " + broker.log(topic).recoveryPoint();
                }),
                of("flush.ms", HOUR_MS).shows("not on disk", "on disk", (broker, topic) -> {
                    append(broker, topic, 1, 10);
                    broker.advance(HOUR + 1000);
                    broker.flushDirty();
                    return broker.log(topic).recoveryPoint() == 1 ? "on disk" : "not on disk";
                }));
    }

    private static List<LogEffect> retention() {
        return List.of(
                of("retention.ms", HOUR_MS).shows("kept", "deleted", (broker, topic) -> {
                    append(broker, topic, 1, 10);
                    broker.advance(HOUR / 2);
                    broker.housekeep();
                    if (broker.log(topic).logStartOffset() > 0) {
                        return "deleted too early";
                    }
                    broker.advance(HOUR);
                    return start(broker, topic);
                }),
                of("retention.bytes", "1000000", "segment.bytes", "1048576").shows("kept", "deleted", (broker, topic) -> {
                    append(broker, topic, 3, 600_000);
                    return start(broker, topic);
                }),
                of("cleanup.policy", "compact", KEYED).shows("deleted", "compacted", LogEffects::policy),
                of("cleanup.policy", "compact,delete", KEYED).shows("deleted", "compacted and deleted", LogEffects::policy),
                of("cleanup.policy", "", KEYED).shows("deleted", "kept", LogEffects::policy));
    }

    private static final String[] KEYED = {"segment.ms", HOUR_MS, "retention.ms", String.valueOf(10 * HOUR)};

    private static String start(LiveBroker broker, String topic) {
        broker.housekeep();
        return broker.log(topic).logStartOffset() > 0 ? "deleted" : "kept";
    }

    private static String policy(LiveBroker broker, String topic) throws Exception {
        twice(broker, topic);
        broker.compact();
        boolean compacted = broker.values(topic).equals(List.of("new"));
        broker.advance(20 * HOUR);
        boolean deleted = start(broker, topic).equals("deleted");
        return compacted && deleted ? "compacted and deleted" : compacted ? "compacted" : deleted ? "deleted" : "kept";
    }

    private static List<LogEffect> compaction() {
        String[] compacted = {"cleanup.policy", "compact", "segment.ms", HOUR_MS};
        return List.of(
                of("min.cleanable.dirty.ratio", "1.0", compacted).shows("new", "old new", LogEffects::compacted),
                of("min.compaction.lag.ms", WEEK_MS, compacted).shows("new", "old new", LogEffects::compacted),
                of("max.compaction.lag.ms", HOUR_MS, "cleanup.policy", "compact", "min.cleanable.dirty.ratio", "1.0")
                        .shows("old new", "new", LogEffects::compacted),
                of("delete.retention.ms", HOUR_MS, "cleanup.policy", "compact", "segment.ms", HOUR_MS, "min.cleanable.dirty.ratio", "0")
                        .shows("- x", "x", LogEffects::tombstone));
    }

    /** Two values of a key, in a segment that is closed by age where age closes it. */
    private static void twice(LiveBroker broker, String topic) throws Exception {
        broker.produced(topic, broker.record("k", "old"));
        broker.produced(topic, broker.record("k", "new"));
        broker.advance(2 * HOUR);
        broker.housekeep();
    }

    private static String compacted(LiveBroker broker, String topic) throws Exception {
        twice(broker, topic);
        broker.compact();
        return String.join(" ", broker.values(topic));
    }

    private static String tombstone(LiveBroker broker, String topic) throws Exception {
        broker.produced(topic, broker.record("k", "v"));
        broker.produced(topic, broker.record("k", null));
        broker.advance(2 * HOUR);
        broker.housekeep();
        broker.compact();
        broker.produced(topic, broker.record("other", "x"));
        broker.advance(2 * HOUR);
        broker.housekeep();
        broker.compact();
        return String.join(" ", broker.values(topic));
    }

    /** Batches of one record each, that no codec makes smaller. */
    private static void append(LiveBroker broker, String topic, int batches, int size) throws Exception {
        byte[] value = new byte[size];
        new Random(7).nextBytes(value);
        for (int i = 0; i < batches; i++) {
            broker.produced(topic, new SimpleRecord(broker.now(), "k".getBytes(), value));
        }
    }
}
