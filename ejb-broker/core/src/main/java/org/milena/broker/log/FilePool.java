package org.milena.broker.log;

import java.io.IOException;
import java.util.ArrayDeque;

/**
 * Keeps the number of open segment and index files near a budget: files open when they are needed, and the least recently used
 * idle ones close (second chance). Files in use are never closed, so many readers may exceed the budget; then {@link #scarce} asks
 * them to hold none for longer than a copy takes, and whatever becomes idle closes at once.
 */
final class FilePool {

    private static final System.Logger LOG = System.getLogger(FilePool.class.getName());

    /** While all are in use nobody shall pay for looking at all of them. */
    private static final int MOST_CHANCES = 64;

    private final Disk disk;
    private final int budget;
    private final ArrayDeque<LogFile> open = new ArrayDeque<>();
    private volatile boolean scarce;
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

    boolean scarce() {
        return scarce;
    }

    /** True when the process had no descriptor left and now has: that must not pass for a disk that fails. */
    boolean madeRoomAfter(IOException e) {
        return String.valueOf(e.getMessage()).contains("Too many open files") && closeAllIdle() > 0;
    }

    private synchronized int closeAllIdle() {
        int before = open.size();
        open.removeIf(FilePool::closeIdle);
        scarce = open.size() > budget;
        return before - open.size();
    }

    synchronized void opened(LogFile file) {
        open.addLast(file);
        int chances = Math.min(2 * open.size(), MOST_CHANCES);
        while (open.size() > budget && chances-- > 0) {
            LogFile candidate = open.pollFirst();
            if (candidate == file || candidate.takeSecondChance() || !closeIdle(candidate)) {
                open.addLast(candidate);
            }
        }
        scarce = open.size() > budget;
    }

    /** Closes the file unless it is in use. */
    synchronized void close(LogFile file) {
        if (closeIdle(file)) {
            open.remove(file);
            scarce = open.size() > budget;
        }
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
