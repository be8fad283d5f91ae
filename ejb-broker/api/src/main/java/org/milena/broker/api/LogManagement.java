package org.milena.broker.api;

import java.nio.file.Path;
import java.util.List;

/** The broker's log directories. */
public interface LogManagement {

    List<Directory> directories();

    /**
     * @param partitions how many partitions have their log there
     * @param bytes      their size
     * @param failure    why it is offline; null when it is not
     */
    record Directory(Path path, int partitions, long bytes, String failure) {
    }
}
