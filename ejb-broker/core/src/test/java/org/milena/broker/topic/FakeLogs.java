package org.milena.broker.topic;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.milena.broker.cache.MetadataImage.PartitionImage;
import org.milena.broker.cache.MetadataImage.TopicImage;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.GroupCommit;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.LogManager;
import org.milena.broker.log.PartitionLog;

/** Log manager and replica manager in one, without a disk; what lies in it survives a simulated restart. Work runs on the caller's thread. */
public final class FakeLogs implements LogManager, PartitionLifecycle {

    /** A directory; give it the temporary directory of a test where free space is asked for. */
    public static final class Dir implements LogDirectory, DirectoryExecutor {
        final Path path;
        String failure;

        public Dir(Path path) {
            this.path = path;
        }

        @Override public Path path() {
            return path;
        }

        @Override public Uuid id() {
            return Uuid.METADATA_TOPIC_ID;
        }

        @Override public boolean online() {
            return failure == null;
        }

        @Override public Optional<String> failure() {
            return Optional.ofNullable(failure);
        }

        @Override public long usableSpace() {
            return Long.MAX_VALUE;
        }

        @Override public boolean filesScarce() {
            return false;
        }

        @Override public int openFiles() {
            return 0;
        }

        @Override public DirectoryExecutor executor() {
            return this;
        }

        @Override public GroupCommit groupCommit() {
            throw new UnsupportedOperationException();
        }

        @Override public boolean inContext() {
            return true;
        }

        @Override public Executor forPartition(TopicPartition partition) {
            return Runnable::run;
        }
    }

    public final List<Dir> directories = new ArrayList<>();
    public final Map<TopicPartition, FakeLog> logs = new LinkedHashMap<>();
    public final Map<Uuid, Map<String, String>> savedConfigs = new HashMap<>();
    /** Partitions that take writes, with the epoch they are led under. */
    public final Map<TopicPartition, Integer> led = new LinkedHashMap<>();
    /** Where new logs go; else into the first directory. */
    public final Map<TopicPartition, Dir> places = new HashMap<>();
    /** Opening this partition fails. */
    public TopicPartition unopenable;

    public FakeLogs(Path directory) {
        directories.add(new Dir(directory));
    }

    /** As after a restart of the broker: the logs are there, nobody leads. */
    public void restart() {
        led.clear();
    }

    @Override
    public void create(TopicImage topic, List<PartitionImage> partitions, LogConfig config) {
        for (PartitionImage partition : partitions) {
            TopicPartition tp = new TopicPartition(topic.name(), partition.index());
            if (tp.equals(unopenable)) {
                throw new KafkaStorageException("No space left for " + tp);
            }
            getOrCreate(tp, topic.id(), config).updateConfig(config);
            led.put(tp, partition.leaderEpoch());
        }
    }

    @Override
    public void stop(TopicImage topic, List<PartitionImage> partitions) {
        partitions.forEach(partition -> led.remove(new TopicPartition(topic.name(), partition.index())));
    }

    @Override
    public void remove(TopicImage topic, List<PartitionImage> partitions) {
        for (PartitionImage partition : partitions) {
            TopicPartition tp = new TopicPartition(topic.name(), partition.index());
            delete(tp);
        }
    }

    @Override
    public void reconfigure(TopicImage topic, LogConfig config) {
        logs.values().stream().filter(log -> log.id.equals(topic.id())).forEach(log -> log.updateConfig(config));
    }

    @Override
    public OptionalLong highWatermark(TopicPartition partition) {
        return led.containsKey(partition) && logs.get(partition).directory.online()
                ? OptionalLong.of(logs.get(partition).end) : OptionalLong.empty();
    }

    @Override
    public List<LogDirectory> directories() {
        return List.copyOf(directories);
    }

    @Override
    public Optional<PartitionLog> log(TopicPartition partition) {
        return Optional.ofNullable(logs.get(partition));
    }

    @Override
    public Collection<PartitionLog> logs() {
        return List.copyOf(logs.values());
    }

    @Override
    public Optional<KafkaStorageException> failure(TopicPartition partition) {
        return Optional.empty();
    }

    @Override
    public PartitionLog getOrCreate(TopicPartition partition, Uuid topicId, LogConfig config, boolean isNew) {
        return logs.computeIfAbsent(partition, tp -> new FakeLog(tp, topicId, places.getOrDefault(tp, directories.get(0)), config));
    }

    @Override
    public void delete(TopicPartition partition) {
        logs.remove(partition);
    }

    @Override
    public void deleteLeftovers(Set<Uuid> deletedTopics) {
        logs.values().removeIf(log -> log.directory.online() && deletedTopics.contains(log.id));
    }

    @Override
    public List<FoundTopic> found() {
        Map<String, List<FakeLog>> byName = new TreeMap<>();
        logs.values().stream().filter(log -> log.directory.online())
                .forEach(log -> byName.computeIfAbsent(log.tp.topic(), n -> new ArrayList<>()).add(log));
        return byName.entrySet().stream().map(e -> new FoundTopic(e.getKey(), e.getValue().get(0).id,
                e.getValue().stream().map(log -> log.tp.partition()).sorted().toList(),
                Optional.ofNullable(savedConfigs.get(e.getValue().get(0).id)))).toList();
    }

    @Override
    public LogDirectory place(TopicPartition partition, boolean isNew) {
        return directory(partition).orElse(places.getOrDefault(partition, directories.get(0)));
    }

    @Override
    public Optional<LogDirectory> directory(TopicPartition partition) {
        return log(partition).map(PartitionLog::directory);
    }

    @Override
    public void saveTopicConfigs(LogDirectory directory, Uuid topicId, Map<String, String> configs) {
        savedConfigs.put(topicId, Map.copyOf(configs));
    }

    @Override
    public long maxProducerId() {
        return -1;
    }

    @Override
    public void enforceRetention(LogDirectory directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void flushDirty(LogDirectory directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void checkpoint(LogDirectory directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean cleanOnce(LogDirectory directory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
    }
}
