package org.milena.broker.metrics;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.TimestampType;
import org.milena.broker.log.DirectoryExecutor;
import org.milena.broker.log.GroupCommit;
import org.milena.broker.log.LogConfig;
import org.milena.broker.log.LogDirectory;
import org.milena.broker.log.LogManager;
import org.milena.broker.log.PartitionLog;

/** Logs that only say what metrics ask for. Anything else that is called fails the test. */
public final class Fakes {

    private Fakes() {
    }

    /** A directory whose work runs when the test says so. */
    public static final class Directory implements LogDirectory {
        public final List<Runnable> work = new ArrayList<>();
        public volatile String failure;
        public volatile long usable = Long.MAX_VALUE;
        private final Path path;

        public Directory(String path) {
            this.path = Path.of(path);
        }

        public void runAll() {
            List.copyOf(work).forEach(Runnable::run);
            work.clear();
        }

        @Override
        public Path path() {
            return path;
        }

        @Override
        public Uuid id() {
            return Uuid.ZERO_UUID;
        }

        @Override
        public boolean online() {
            return failure == null;
        }

        @Override
        public Optional<String> failure() {
            return Optional.ofNullable(failure);
        }

        @Override
        public long usableSpace() {
            return usable;
        }

        @Override public boolean filesScarce() {
            return false;
        }

        @Override
        public int openFiles() {
            return 0;
        }

        @Override
        public DirectoryExecutor executor() {
            return new DirectoryExecutor() {
                @Override
                public boolean inContext() {
                    return true;
                }

                @Override
                public Executor forPartition(TopicPartition partition) {
                    return work::add;
                }
            };
        }

        @Override
        public GroupCommit groupCommit() {
            throw new UnsupportedOperationException();
        }
    }

    /** One log manager over one directory; logs report the offsets 5 to 105 and a size of 1000. */
    public static LogManager logs(LogDirectory directory) {
        Map<TopicPartition, PartitionLog> logs = new HashMap<>();
        return (LogManager) Proxy.newProxyInstance(Fakes.class.getClassLoader(), new Class<?>[] {LogManager.class}, (p, method, args) -> switch (method.getName()) {
            case "directories" -> List.of(directory);
            case "getOrCreate" -> logs.computeIfAbsent((TopicPartition) args[0], tp -> log(tp, (Uuid) args[1], directory));
            case "delete" -> logs.remove(args[0]) == null ? null : null;
            default -> throw new UnsupportedOperationException(method.getName());
        });
    }

    private static PartitionLog log(TopicPartition tp, Uuid id, LogDirectory directory) {
        LogConfig config = config();
        return (PartitionLog) Proxy.newProxyInstance(Fakes.class.getClassLoader(), new Class<?>[] {PartitionLog.class}, (p, method, args) -> switch (method.getName()) {
            case "topicPartition" -> tp;
            case "topicId" -> id;
            case "directory" -> directory;
            case "config" -> config;
            case "updateConfig", "boundBy" -> null;
            case "logStartOffset" -> 5L;
            case "logEndOffset" -> 105L;
            case "size" -> 1000L;
            default -> throw new UnsupportedOperationException(method.getName());
        });
    }

    /** Every number 1 where any will do; {@code min.insync.replicas} is 1. */
    public static LogConfig config() {
        return new LogConfig(1, 1, 0, 1, 1, Long.MAX_VALUE, 1, 1, 1, 1, true, false, 1, 1, 1, 0.5, 1, 1, "producer", 1, 1, 1,
                TimestampType.CREATE_TIME, 1, 1, false);
    }
}
