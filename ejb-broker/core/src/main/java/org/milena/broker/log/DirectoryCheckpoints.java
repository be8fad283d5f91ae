package org.milena.broker.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The offset checkpoints of one directory. Entries of partitions that did not open are carried on unchanged: once repaired, they
 * must find their recovery point again.
 */
final class DirectoryCheckpoints {

    private final FileLogDirectory directory;
    private final Map<TopicPartition, SegmentedLog> logs = new ConcurrentHashMap<>();
    private final Map<TopicPartition, Long> recoveryPoints = new ConcurrentHashMap<>();
    private final Map<TopicPartition, Long> logStarts = new ConcurrentHashMap<>();
    /** Partitions that are gone, while a file may still name them. */
    private final Map<String, Set<TopicPartition>> gone = Map.of(LogNames.RECOVERY_POINTS, new HashSet<>(), LogNames.LOG_STARTS, new HashSet<>());
    private final Object writing = new Object();

    DirectoryCheckpoints(FileLogDirectory directory) {
        this.directory = directory;
    }

    void load() throws IOException {
        recoveryPoints.putAll(OffsetCheckpoint.read(directory.disk(), file(LogNames.RECOVERY_POINTS)));
        logStarts.putAll(OffsetCheckpoint.read(directory.disk(), file(LogNames.LOG_STARTS)));
    }

    long recoveryPoint(TopicPartition partition) {
        return recoveryPoints.getOrDefault(partition, 0L);
    }

    long logStart(TopicPartition partition) {
        return logStarts.getOrDefault(partition, 0L);
    }

    void add(SegmentedLog log) {
        logs.put(log.topicPartition(), log);
    }

    /** When this returns no checkpoint touches the partition's log any more. */
    void remove(TopicPartition partition) {
        synchronized (writing) {
            logs.remove(partition);
            if (recoveryPoints.remove(partition) != null) {
                gone.get(LogNames.RECOVERY_POINTS).add(partition);
            }
            if (logStarts.remove(partition) != null) {
                gone.get(LogNames.LOG_STARTS).add(partition);
            }
        }
    }

    /** Before a log is made anew: what the files still say of one of the same name would hide or condemn its records after a crash. */
    void forget(TopicPartition partition) {
        boolean points;
        boolean starts;
        synchronized (writing) {
            points = recoveryPoints.remove(partition) != null || gone.get(LogNames.RECOVERY_POINTS).contains(partition);
            starts = logStarts.remove(partition) != null || gone.get(LogNames.LOG_STARTS).contains(partition);
        }
        if (points) {
            recoveryPoints();
        }
        if (starts) {
            logStarts();
        }
    }

    /** What a recovery point vouches for is made durable before it: the epoch history lies in no batch that will be scanned. */
    void recoveryPoints() {
        write(LogNames.RECOVERY_POINTS, () -> {
            for (SegmentedLog log : logs.values()) {
                long point = log.recoveryPoint();
                log.epochs().write(true);
                recoveryPoints.put(log.topicPartition(), point);
            }
            return recoveryPoints;
        });
    }

    void logStarts() {
        write(LogNames.LOG_STARTS, () -> {
            for (SegmentedLog log : logs.values()) {
                long start = log.logStartOffset();
                if (start > log.segments().iterator().next().baseOffset()) {
                    logStarts.put(log.topicPartition(), start);
                } else {
                    logStarts.remove(log.topicPartition());
                }
            }
            return logStarts;
        });
    }

    private interface Collector {
        Map<TopicPartition, Long> collect() throws IOException;
    }

    private void write(String name, Collector collector) {
        directory.ensureOnline();
        synchronized (writing) {
            try {
                OffsetCheckpoint.write(directory.disk(), file(name), collector.collect());
                gone.get(name).clear();
            } catch (IOException e) {
                throw directory.fail("writing " + name, e);
            }
        }
    }

    private Path file(String name) {
        return directory.path().resolve(name);
    }
}
