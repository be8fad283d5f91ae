package org.milena.broker.config;

import static org.milena.broker.config.LogEffect.of;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Topic keys about records: their size, time, compression, and how many replicas must have them. */
final class MessageEffects {

    private static final long HOUR = 3_600_000;
    private static final byte[] TEXT = text();

    private MessageEffects() {
    }

    static List<LogEffect> all() {
        List<LogEffect> all = new ArrayList<>();
        all.add(of("max.message.bytes", "1000").shows("NONE", "MESSAGE_TOO_LARGE",
                (broker, topic) -> broker.produce(topic, broker.record("k", "x".repeat(2000))).name()));
        all.add(of("min.insync.replicas", "2").shows("NONE", "NOT_ENOUGH_REPLICAS",
                (broker, topic) -> broker.produce(topic, broker.record("k", "v")).name()));
        all.addAll(time());
        all.addAll(compression());
        return all;
    }

    private static List<LogEffect> time() {
        return List.of(
                of("message.timestamp.type", "LogAppendTime").shows("1000", "the broker's", (broker, topic) -> {
                    broker.produced(topic, new SimpleRecord(1000, "v".getBytes()));
                    long time = broker.batches(topic).get(0).iterator().next().timestamp();
                    return Math.abs(time - broker.now()) < HOUR ? "the broker's" : String.valueOf(time);
                }),
                of("message.timestamp.before.max.ms", "60000").shows("NONE", "INVALID_TIMESTAMP",
                        (broker, topic) -> broker.produce(topic, new SimpleRecord(broker.now() - HOUR, "v".getBytes())).name()),
                of("message.timestamp.after.max.ms", "60000").shows("NONE", "INVALID_TIMESTAMP",
                        (broker, topic) -> broker.produce(topic, new SimpleRecord(broker.now() + HOUR / 2, "v".getBytes())).name()),
                of("message.timestamp.after.max.ms", String.valueOf(10 * HOUR)).shows("INVALID_TIMESTAMP", "NONE",
                        (broker, topic) -> broker.produce(topic, new SimpleRecord(broker.now() + 2 * HOUR, "v".getBytes())).name()));
    }

    private static List<LogEffect> compression() {
        List<LogEffect> effects = new ArrayList<>();
        for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) {
            effects.add(of("compression.type", codec).shows("none", codec, (broker, topic) -> codec(broker, topic, Compression.NONE)));
        }
        effects.add(of("compression.type", "uncompressed").shows("gzip", "none", (broker, topic) -> codec(broker, topic, Compression.gzip().build())));
        effects.add(of("compression.gzip.level", "1", "compression.type", "gzip").shows("default level", "level set",
                (broker, topic) -> level(broker, topic, Compression.gzip().build(), Compression.gzip().level(1).build())));
        effects.add(of("compression.lz4.level", "1", "compression.type", "lz4").shows("default level", "level set",
                (broker, topic) -> level(broker, topic, Compression.lz4().build(), Compression.lz4().level(1).build())));
        effects.add(of("compression.zstd.level", "19", "compression.type", "zstd").shows("default level", "level set",
                (broker, topic) -> level(broker, topic, Compression.zstd().build(), Compression.zstd().level(19).build())));
        return effects;
    }

    private static String codec(LiveBroker broker, String topic, Compression producers) throws Exception {
        MemoryRecords batch = MemoryRecords.withRecords(producers, new SimpleRecord(broker.now(), "k".getBytes(), TEXT));
        if (broker.produce(topic, 0, batch) != Errors.NONE) {
            throw new AssertionError("refused");
        }
        RecordBatch stored = broker.batches(topic).get(0);
        if (!ByteBuffer.wrap(TEXT).equals(stored.iterator().next().value())) {
            throw new AssertionError("another value came back");
        }
        return stored.compressionType().name;
    }

    /** Which of two levels the bytes in the segment file have: the one whose size is nearer. */
    private static String level(LiveBroker broker, String topic, Compression byDefault, Compression set) throws Exception {
        codec(broker, topic, Compression.NONE);
        long onDisk = broker.files(topic).get("00000000000000000000.log");
        long expectedByDefault = size(broker, byDefault);
        long expectedWhenSet = size(broker, set);
        if (expectedByDefault == expectedWhenSet) {
            throw new AssertionError("The text does not tell the levels apart");
        }
        return Math.abs(onDisk - expectedByDefault) < Math.abs(onDisk - expectedWhenSet) ? "default level" : "level set";
    }

    private static long size(LiveBroker broker, Compression compression) {
        return MemoryRecords.withRecords(compression, new SimpleRecord(broker.now(), "k".getBytes(), TEXT)).sizeInBytes();
    }

    private static byte[] text() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; text.length() < 60_000; i++) {
            text.append("order ").append(i * 7919L % 10_007).append(" of customer ").append(i * 104_729L % 997).append(" has been shipped; ");
        }
        return text.toString().getBytes();
    }
}
