package org.milena.broker.group.consumer;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.cache.MetadataImage.BrokerImage;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.group.ConsumerProtocol;
import org.milena.broker.group.GroupConfig;
import org.milena.broker.group.GroupCoordinatorShard;
import org.milena.broker.group.Groups;
import org.milena.broker.group.RequestInfo;
import org.milena.broker.group.ShardContext;
import org.milena.broker.group.record.GroupKey;
import org.milena.broker.group.record.GroupRecord;
import org.milena.broker.group.record.GroupRecordCodec;
import org.milena.broker.coordinator.Result;
import org.milena.broker.coordinator.ShardTimer;
import org.milena.broker.time.BrokerClock;

/**
 * One shard without the rest of the broker: time, timers, metadata and log are the test's. Every record goes through the codec, and
 * {@link #restart} builds the state anew from what the log holds.
 */
final class GroupHarness {

    static final RequestInfo V1 = new RequestInfo((short) 1, "client", "/10.0.0.1");

    final Map<String, Object> settings = new HashMap<>(Map.of("group.consumer.assignment.interval.ms", 0));
    final List<GroupRecord> log = new ArrayList<>();
    /** Sees each record of this shard's own before it is replayed. */
    Consumer<GroupRecord> watcher = record -> { };
    Executor background = Runnable::run;
    Groups groups;
    GroupCoordinatorShard shard;
    ConsumerProtocol protocol;
    MetadataImage image = new MetadataImage(1, "cluster", 1, List.of(new BrokerImage(1, "localhost", 9092, null)),
            Map.of(), Map.of(), Map.of(), Map.of());
    private long nowMs = 1_000_000;
    private int ids;
    private GroupConfig config;
    private Timers timers;

    GroupHarness() {
        start();
    }

    private void start() {
        timers = new Timers();
        groups = new Groups();
        BrokerClock clock = new BrokerClock() {
            @Override public long millis() {
                return nowMs;
            }

            @Override public long nanoTime() {
                return nowMs * 1_000_000;
            }
        };
        ShardContext context = new ShardContext(0, this::config, clock, timers, () -> image, groups, operation -> background.execute(() -> operation.apply(shard)),
                () -> java.util.concurrent.CompletableFuture.completedFuture(java.util.Set.of()));
        shard = new GroupCoordinatorShard(context, ConsumerGroups.factory(new RegexResolver(task -> background.execute(task)),
                () -> "generated-" + ++ids), () -> "unique-" + ++ids);
        protocol = shard.consumer();
    }

    private GroupConfig config() {
        if (config == null) {
            config = GroupConfig.of(settings);
        }
        return config;
    }

    void set(String key, Object value) {
        settings.put(key, value);
        config = null;
    }

    /** The broker dies; another reads the log. */
    void restart() {
        List<GroupRecord> written = List.copyOf(log);
        start();
        written.forEach(shard::replay);
        shard.loaded();
    }

    static GroupRecord throughCodec(GroupRecord record) {
        byte[] value = record.encodeValue();
        GroupKey key = GroupRecordCodec.decodeKey(ByteBuffer.wrap(record.encodeKey()));
        return new GroupRecord(key, value == null ? null : GroupRecordCodec.decodeValue(key, ByteBuffer.wrap(value)));
    }

    <T> T run(Result<T> result) {
        for (var any : result.records()) {
            GroupRecord record = throughCodec((GroupRecord) any);
            watcher.accept(record);
            log.add(record);
            shard.replay(record);
        }
        if (result.replayed() != null) {
            result.replayed().run();
        }
        if (result.committed() != null) {
            result.committed().run();
        }
        return result.response();
    }

    ConsumerGroupHeartbeatResponseData beat(ConsumerGroupHeartbeatRequestData request) {
        return run(protocol.heartbeat(V1, request));
    }

    /** Lets time pass; timers fire in order. */
    void advance(long ms) {
        long end = nowMs + ms;
        while (true) {
            String next = null;
            for (Map.Entry<String, Timed> entry : timers.byKey.entrySet()) {
                if (entry.getValue().atMs() <= end && (next == null || entry.getValue().atMs() < timers.byKey.get(next).atMs())) {
                    next = entry.getKey();
                }
            }
            if (next == null) {
                nowMs = end;
                return;
            }
            Timed due = timers.byKey.remove(next);
            nowMs = Math.max(nowMs, due.atMs());
            run(due.operation().get());
        }
    }

    long nowMs() {
        return nowMs;
    }

    ConsumerGroup group(String groupId) {
        return (ConsumerGroup) groups.get(groupId);
    }

    /** Creates a topic, or gives it that many partitions. */
    Uuid topic(String name, int partitions) {
        TopicImage old = image.topic(name);
        Uuid id = old == null ? new Uuid(name.hashCode() * 31L + 7, image.version()) : old.id();
        List<PartitionImage> list = new ArrayList<>();
        for (int i = 0; i < partitions; i++) {
            list.add(new PartitionImage(i, 1, 0, List.of(1), List.of(1)));
        }
        publish(name, new TopicImage(id, name, false, list, Map.of(), false));
        return id;
    }

    void deleteTopic(String name) {
        publish(name, null);
    }

    private void publish(String name, TopicImage topic) {
        Map<String, TopicImage> byName = new TreeMap<>(image.topicsByName());
        byName.remove(name);
        if (topic != null) {
            byName.put(name, topic);
        }
        Map<Uuid, TopicImage> byId = new HashMap<>();
        byName.values().forEach(t -> byId.put(t.id(), t));
        publish(new MetadataImage(image.version() + 1, image.clusterId(), 1, image.brokers(), byName, byId, Map.of(), image.groupConfigs()));
    }

    void groupConfigs(Map<String, Map<String, String>> configs) {
        publish(new MetadataImage(image.version() + 1, image.clusterId(), 1, image.brokers(), image.topicsByName(), image.topicsById(),
                Map.of(), configs));
    }

    private void publish(MetadataImage next) {
        MetadataImage before = image;
        image = next;
        protocol.metadataChanged(before, next);
    }

    private record Timed(long atMs, Supplier<Result<Void>> operation) {
    }

    private final class Timers implements ShardTimer {
        final Map<String, Timed> byKey = new LinkedHashMap<>();

        @Override
        public void schedule(String key, long delayMs, Supplier<Result<Void>> operation) {
            byKey.put(key, new Timed(nowMs + delayMs, operation));
        }

        @Override
        public void cancel(String key) {
            byKey.remove(key);
        }

        @Override
        public boolean isScheduled(String key) {
            return byKey.containsKey(key);
        }
    }
}
