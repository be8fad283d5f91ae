package org.milena.broker.log.clean;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.milena.broker.log.Disk;

/**
 * {@code cleaner-offset-checkpoint} of one log directory, in Kafka's format: up to which offset each partition is clean.
 * An old entry only costs work, so a file that can't be read counts as empty and is written anew. Not thread-safe.
 */
final class CleanerCheckpoint {
    static final String FILE = "cleaner-offset-checkpoint";
    private static final System.Logger LOG = System.getLogger(CleanerCheckpoint.class.getName());

    private final Disk disk;
    private final Path file;
    private final Map<TopicPartition, Long> offsets = new LinkedHashMap<>();

    CleanerCheckpoint(Disk disk, Path logDirectory) throws IOException {
        this.disk = disk;
        this.file = logDirectory.resolve(FILE);
        if (disk.exists(file)) {
            try {
                read(new String(disk.readAll(file), StandardCharsets.UTF_8));
            } catch (RuntimeException e) {
                offsets.clear();
                LOG.log(System.Logger.Level.WARNING, "Ignoring unreadable " + file + ": compaction of this directory starts from the log starts", e);
            }
        }
    }

    private void read(String text) {
        if (text.isEmpty()) {
            return;
        }
        String[] lines = text.split("\n");
        if (!lines[0].equals("0")) {
            throw new IllegalArgumentException("unknown version " + lines[0]);
        }
        int entries = Integer.parseInt(lines[1]);
        for (int i = 0; i < entries; i++) {
            String[] fields = lines[2 + i].split(" ");
            offsets.put(new TopicPartition(fields[0], Integer.parseInt(fields[1])), Long.parseLong(fields[2]));
        }
    }

    /** First offset that is not clean, or null when the partition never was cleaned. */
    Long get(TopicPartition partition) {
        return offsets.get(partition);
    }

    void put(TopicPartition partition, long offset) throws IOException {
        Long before = offsets.put(partition, offset);
        if (before == null || before != offset) {
            write();
        }
    }

    void remove(TopicPartition partition) throws IOException {
        if (offsets.remove(partition) != null) {
            write();
        }
    }

    private void write() throws IOException {
        StringBuilder text = new StringBuilder("0\n").append(offsets.size()).append('\n');
        offsets.forEach((partition, offset) -> text.append(partition.topic()).append(' ').append(partition.partition()).append(' ')
            .append(offset).append('\n'));
        disk.replace(file, text.toString().getBytes(StandardCharsets.UTF_8), true);
    }
}
