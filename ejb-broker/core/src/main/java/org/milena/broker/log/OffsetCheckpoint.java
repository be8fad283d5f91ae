package org.milena.broker.log;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Kafka's checkpoint files: version, count, then a line "topic partition offset" each. */
final class OffsetCheckpoint {

    private OffsetCheckpoint() {
    }

    /** Empty when the file is missing. */
    static Map<TopicPartition, Long> read(Disk disk, Path file) throws IOException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        if (!disk.exists(file)) {
            return offsets;
        }
        byte[] bytes = disk.readAll(file);
        if (bytes.length == 0) {
            // Kafka creates the file when it starts and writes it a minute later
            return offsets;
        }
        String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n");
        try {
            if (!lines[0].trim().equals("0")) {
                throw new IOException("Unknown version " + lines[0].trim() + " of " + file);
            }
            int count = Integer.parseInt(lines[1].trim());
            for (int i = 0; i < count; i++) {
                String[] fields = lines[i + 2].trim().split("\\s+");
                offsets.put(new TopicPartition(fields[0], Integer.parseInt(fields[1])), Long.parseLong(fields[2]));
            }
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IOException("Malformed " + file + ": " + e.getMessage(), e);
        }
        return offsets;
    }

    static void write(Disk disk, Path file, Map<TopicPartition, Long> offsets) throws IOException {
        StringBuilder text = new StringBuilder("0\n").append(offsets.size()).append('\n');
        offsets.forEach((tp, offset) -> text.append(tp.topic()).append(' ').append(tp.partition()).append(' ').append(offset).append('\n'));
        disk.replace(file, text.toString().getBytes(StandardCharsets.UTF_8), true);
    }
}
