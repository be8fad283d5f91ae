package org.milena.broker.log;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * {@code milena-topic.properties} in each partition directory: the topic's configs beside its records, so that whoever finds the
 * directory without its metadata knows what to keep. There, because a directory moves and is deleted as a whole, and because Kafka
 * ignores files in a partition directory whose suffix it does not know (in a log directory it would refuse unknown directories).
 */
final class TopicConfigsFile {

    static final String NAME = "milena-topic.properties";

    private TopicConfigsFile() {
    }

    static Optional<Map<String, String>> read(Disk disk, Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        if (!disk.exists(file)) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        properties.load(new ByteArrayInputStream(disk.readAll(file)));
        Map<String, String> configs = new TreeMap<>();
        properties.forEach((key, value) -> configs.put((String) key, (String) value));
        return Optional.of(configs);
    }

    static void write(Disk disk, Path directory, Map<String, String> configs) throws IOException {
        put(disk, directory, configs);
        disk.syncDirectory(directory);
    }

    /** The caller syncs the directory. */
    static void put(Disk disk, Path directory, Map<String, String> configs) throws IOException {
        Properties properties = new Properties();
        properties.putAll(configs);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        properties.store(bytes, "Configs of this topic, kept beside its records");
        disk.put(directory.resolve(NAME), bytes.toByteArray(), true);
    }
}
