package org.milena.broker.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;

/**
 * The offset checkpoints of one directory. Entries of partitions that did not open are carried on unchanged: once repaired, they
 * must find their recovery point again. A line that a deleted partition left must never be taken for one of its successor's, since
 * the file knows no topic ids: {@link #forget} rewrites the files before a partition is created whose name they hold.
 */
final class DirectoryCheckpoints {

    private interface Reader {
        /** The offset to be kept for a log, or null for none. */
        Long read(SegmentedLog log) throws IOException;
    }

    /** One file, and what it is going to hold. Guarded by {@code writing}. */
    private final class Checkpoint {
        private final String name;
        private final Reader reader;
        private final Map<TopicPartition, Long> offsets = new HashMap<>();
        private final Set<TopicPartition> written = new HashSet<>();

        Checkpoint(String name, Reader reader) {
            this.name = name;
            this.reader = reader;
        }

        void load() throws IOException {
            offsets.putAll(OffsetCheckpoint.read(directory.disk(), file()));
            written.addAll(offsets.keySet());
        }

        void collect() throws IOException {
            for (SegmentedLog log : logs.values()) {
                Long offset = reader.read(log);
                if (offset == null) {
                    offsets.remove(log.topicPartition());
                } else {
                    offsets.put(log.topicPartition(), offset);
                }
            }
        }

        void write() throws IOException {
            OffsetCheckpoint.write(directory.disk(), file(), offsets);
            written.clear();
            written.addAll(offsets.keySet());
        }

        private Path file() {
            return directory.path().resolve(name);
        }
    }

    private final FileLogDirectory directory;
    private final Map<TopicPartition, SegmentedLog> logs = new ConcurrentHashMap<>();
    private final Object writing = new Object();
    private final Checkpoint recoveryPoints = new Checkpoint(LogNames.RECOVERY_POINTS, DirectoryCheckpoints::recoveryPoint);
    private final Checkpoint logStarts = new Checkpoint(LogNames.LOG_STARTS, DirectoryCheckpoints::logStart);
    private final Checkpoint highWatermarks = new Checkpoint(LogNames.HIGH_WATERMARKS, SegmentedLog::highWatermark);
    private final List<Checkpoint> all = List.of(recoveryPoints, logStarts, highWatermarks);

    DirectoryCheckpoints(FileLogDirectory directory) {
        this.directory = directory;
    }

    /** What a recovery point vouches for is made durable before it: the epoch history lies in no batch that will be scanned. */
    private static Long recoveryPoint(SegmentedLog log) throws IOException {
        long point = log.recoveryPoint();
        log.epochs().write(true);
        return point;
    }

    /** As Kafka does, only where the first segment does not say the same. */
    private static Long logStart(SegmentedLog log) {
        long start = log.logStartOffset();
        return start > log.segments().iterator().next().baseOffset() ? start : null;
    }

    /** @param found the partitions that have a directory: what the files say of any other is over */
    void load(Set<TopicPartition> found) throws IOException {
        synchronized (writing) {
            for (Checkpoint checkpoint : all) {
                checkpoint.load();
                checkpoint.offsets.keySet().retainAll(found);
            }
        }
    }

    /** 0 when there is none. */
    long recoveryPoint(TopicPartition partition) {
        return offset(recoveryPoints, partition);
    }

    /** 0 when there is none. */
    long logStart(TopicPartition partition) {
        return offset(logStarts, partition);
    }

    private long offset(Checkpoint checkpoint, TopicPartition partition) {
        synchronized (writing) {
            return checkpoint.offsets.getOrDefault(partition, 0L);
        }
    }

    int logs() {
        return logs.size();
    }

    void add(SegmentedLog log) {
        logs.put(log.topicPartition(), log);
    }

    /** The partition is not served any more, but there: its lines are carried on. */
    void stepAside(TopicPartition partition) {
        logs.remove(partition);
    }

    /** The partition is deleted. Its lines stay in the files until these are written again. */
    void remove(TopicPartition partition) {
        synchronized (writing) {
            logs.remove(partition);
            all.forEach(checkpoint -> checkpoint.offsets.remove(partition));
        }
    }

    /** Makes sure that no file holds a line of an earlier partition of this name. Blocks on the disk only when one does. */
    void forget(TopicPartition partition) throws IOException {
        synchronized (writing) {
            for (Checkpoint checkpoint : all) {
                checkpoint.offsets.remove(partition);
                if (checkpoint.written.contains(partition)) {
                    checkpoint.write();
                }
            }
        }
    }

    void recoveryPoints() {
        write(recoveryPoints);
    }

    void logStarts() {
        write(logStarts);
    }

    void write() {
        logs.values().forEach(log -> log.flushes().mark()); // not below: a mark waits for what may wait for us
        all.forEach(this::write);
    }

    private void write(Checkpoint checkpoint) {
        directory.ensureOnline();
        synchronized (writing) {
            try {
                checkpoint.collect();
                checkpoint.write();
            } catch (IOException e) {
                throw directory.fail("writing " + checkpoint.name, e);
            }
        }
    }
}
