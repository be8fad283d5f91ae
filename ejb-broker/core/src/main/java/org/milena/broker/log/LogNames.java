package org.milena.broker.log;

import java.nio.file.Path;
import java.util.Optional;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

/** Kafka's names of directories and files in a log directory. */
final class LogNames {

    static final String DELETED = ".deleted";
    static final String CLEANED = ".cleaned";
    static final String SWAP = ".swap";
    static final String DELETE_DIRECTORY = "-delete";
    static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    static final String LOG_STARTS = "log-start-offset-checkpoint";
    static final String HIGH_WATERMARKS = "replication-offset-checkpoint";
    static final String CLEAN_SHUTDOWN = ".kafka_cleanshutdown";
    static final String LOCK = ".lock";
    private static final int LONGEST_NAME = 255;

    private LogNames() {
    }

    static Path directory(Path logDirectory, TopicPartition partition) {
        return logDirectory.resolve(partition.topic() + "-" + partition.partition());
    }

    /** Empty for what is no partition of ours: other directories, and those on their way to be deleted or moved. */
    static Optional<TopicPartition> partition(Path directory) {
        String name = directory.getFileName().toString();
        int dash = name.lastIndexOf('-');
        if (dash <= 0 || name.startsWith("__cluster_metadata-") || !name.substring(dash + 1).matches("\\d{1,9}")) {
            return Optional.empty();
        }
        return Optional.of(new TopicPartition(name.substring(0, dash), Integer.parseInt(name.substring(dash + 1))));
    }

    static Path deleteDirectory(Path logDirectory, TopicPartition partition, Uuid unique) {
        String suffix = "-" + partition.partition() + "." + unique.toString().replace("-", "_") + DELETE_DIRECTORY;
        String topic = partition.topic();
        return logDirectory.resolve(topic.substring(0, Math.min(topic.length(), LONGEST_NAME - suffix.length())) + suffix);
    }
}
