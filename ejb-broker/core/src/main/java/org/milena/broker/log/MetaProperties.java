package org.milena.broker.log;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.common.Uuid;

/**
 * Kafka's {@code meta.properties} (version 1): whose directory this is. A missing file is a new directory.
 *
 * @param nodeId empty in files of version 0 and in new directories
 */
record MetaProperties(Optional<String> clusterId, Optional<Integer> nodeId, Uuid directoryId) {

    static final String NAME = "meta.properties";

    static MetaProperties read(Disk disk, Path directory) throws IOException {
        Path file = directory.resolve(NAME);
        if (!disk.exists(file)) {
            return new MetaProperties(Optional.empty(), Optional.empty(), Uuid.ZERO_UUID);
        }
        Properties p = new Properties();
        p.load(new ByteArrayInputStream(disk.readAll(file)));
        try {
            String node = p.getProperty("node.id", p.getProperty("broker.id"));
            String id = p.getProperty("directory.id");
            return new MetaProperties(Optional.ofNullable(p.getProperty("cluster.id")), Optional.ofNullable(node).map(n -> Integer.valueOf(n.trim())),
                    id == null ? Uuid.ZERO_UUID : Uuid.fromString(id.trim()));
        } catch (IllegalArgumentException e) {
            throw new IOException("Malformed " + file + ": " + e.getMessage(), e);
        }
    }

    void write(Disk disk, Path directory) throws IOException {
        StringBuilder text = new StringBuilder("version=1\n");
        clusterId.ifPresent(id -> text.append("cluster.id=").append(id).append('\n'));
        nodeId.ifPresent(id -> text.append("node.id=").append(id).append('\n'));
        text.append("directory.id=").append(directoryId).append('\n');
        disk.replace(directory.resolve(NAME), text.toString().getBytes(StandardCharsets.UTF_8), true);
    }
}
