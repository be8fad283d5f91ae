package org.milena.broker.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Renamed files and directories that are deleted after {@code file.delete.delay.ms}, so that slow readers can finish. */
final class Trash {

    private static final System.Logger LOG = System.getLogger(Trash.class.getName());

    private record Item(Path path, long dueMs) {
    }

    private final Disk disk;
    private final List<Item> items = new ArrayList<>();

    Trash(Disk disk) {
        this.disk = disk;
    }

    synchronized void add(Path path, long dueMs) {
        items.add(new Item(path, dueMs));
    }

    void empty(long nowMs) {
        for (Item item : takeDue(nowMs)) {
            try {
                disk.deleteRecursively(item.path);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "Deleting " + item.path + " failed; it is tried again at the next start", e);
            }
        }
    }

    private synchronized List<Item> takeDue(long nowMs) {
        List<Item> due = new ArrayList<>();
        for (Iterator<Item> it = items.iterator(); it.hasNext(); ) {
            Item item = it.next();
            if (item.dueMs <= nowMs) {
                due.add(item);
                it.remove();
            }
        }
        return due;
    }
}
