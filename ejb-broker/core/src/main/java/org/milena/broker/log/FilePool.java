package org.milena.broker.log;

import java.io.IOException;
import java.util.ArrayDeque;

/**
 * Keeps the number of open segment and index files near a budget: files open when they are needed, and the least recently used
 * idle ones close (second chance). Files in use are never closed, so a burst of readers may exceed the budget for a moment.
 */
final class FilePool {

    private static final System.Logger LOG = System.getLogger(FilePool.class.getName());

    private final Disk disk;
    private final int budget;
    private final ArrayDeque<LogFile> open = new ArrayDeque<>();
    private final ScratchBuffers scratch = new ScratchBuffers();

    FilePool(Disk disk, int budget) {
        this.disk = disk;
        this.budget = Math.max(1, budget);
    }

    Disk disk() {
        return disk;
    }

    ScratchBuffers scratch() {
        return scratch;
    }

    int budget() {
        return budget;
    }

    synchronized int openFiles() {
        return open.size();
    }

    synchronized void opened(LogFile file) {
        open.addLast(file);
        int chances = 2 * open.size();
        while (open.size() > budget && chances-- > 0) {
            LogFile candidate = open.pollFirst();
            if (candidate == file || candidate.takeSecondChance() || !closeIdle(candidate)) {
                open.addLast(candidate);
            }
        }
    }

    synchronized void closed(LogFile file) {
        open.remove(file);
    }

    private static boolean closeIdle(LogFile file) {
        try {
            return file.closeIfIdle();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "Closing " + file.path() + " failed", e);
            return true;
        }
    }
}
