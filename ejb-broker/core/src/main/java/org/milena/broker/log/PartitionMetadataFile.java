package org.milena.broker.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.kafka.common.Uuid;

/** Kafka's {@code partition.metadata}: the topic id of a partition directory (KIP-516). */
final class PartitionMetadataFile {

    static final String NAME = "partition.metadata";

    private PartitionMetadataFile() {
    }

    /** {@link Uuid#ZERO_UUID} when the file is missing: a directory from before topic ids. */
    static Uuid read(Disk disk, Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        if (!disk.exists(file)) {
            return Uuid.ZERO_UUID;
        }
        for (String line : new String(disk.readAll(file), StandardCharsets.UTF_8).split("\n")) {
            if (line.startsWith("topic_id:")) {
                return Uuid.fromString(line.substring("topic_id:".length()).trim());
            }
        }
        throw new IOException("No topic_id in " + file);
    }

    static void write(Disk disk, Path directory, Uuid topicId) throws IOException {
        put(disk, directory, topicId);
        disk.syncDirectory(directory);
    }

    /** The caller syncs the directory. */
    static void put(Disk disk, Path directory, Uuid topicId) throws IOException {
        String text = "version: 0\ntopic_id: " + topicId + "\n";
        disk.put(directory.resolve(NAME), text.getBytes(StandardCharsets.UTF_8), true);
    }
}
