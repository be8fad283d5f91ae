package org.milena.broker.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file that is open only while somebody needs it: {@link #acquire} before use, {@link #release} after. The handle survives
 * renames and even deletion of the path for as long as it is held. Thread-safe.
 */
final class LogFile {

    private static final int CLOSED = -1;

    private final FilePool pool;
    private volatile Path path;
    private final AtomicInteger users = new AtomicInteger(CLOSED);
    private volatile Disk.Handle handle;
    private volatile boolean recentlyUsed;
    private volatile boolean retired;

    LogFile(FilePool pool, Path path) {
        this.pool = pool;
        this.path = path;
    }

    Path path() {
        return path;
    }

    Disk disk() {
        return pool.disk();
    }

    ScratchBuffers scratch() {
        return pool.scratch();
    }

    /** Opens for reading and writing, and creates the file when it is missing and {@link #create} asked for it. */
    Disk.Handle acquire() throws IOException {
        return acquire(Disk.Mode.WRITE);
    }

    Disk.Handle create() throws IOException {
        return acquire(Disk.Mode.CREATE);
    }

    private Disk.Handle acquire(Disk.Mode mode) throws IOException {
        if (!tryShare()) {
            open(mode);
        }
        if (!recentlyUsed) {
            recentlyUsed = true;
        }
        return handle;
    }

    private boolean tryShare() {
        for (int n = users.get(); n >= 0; n = users.get()) {
            if (users.compareAndSet(n, n + 1)) {
                return true;
            }
        }
        return false;
    }

    private void open(Disk.Mode mode) throws IOException {
        boolean opened;
        try {
            opened = openUnlessOpen(mode);
        } catch (IOException e) {
            if (!pool.madeRoomAfter(e)) {
                throw e;
            }
            opened = openUnlessOpen(mode);
        }
        if (opened) {
            pool.opened(this);
        }
    }

    private synchronized boolean openUnlessOpen(Disk.Mode mode) throws IOException {
        if (tryShare()) {
            return false;
        }
        handle = pool.disk().open(path, mode);
        users.set(1);
        return true;
    }

    void release() {
        if (users.decrementAndGet() == 0 && (retired || pool.scarce())) {
            pool.close(this);
        }
    }

    boolean takeSecondChance() {
        boolean used = recentlyUsed;
        recentlyUsed = false;
        return used;
    }

    /** Called by the pool: true when the file is closed now. */
    boolean closeIfIdle() throws IOException {
        synchronized (this) {
            if (users.get() == CLOSED) {
                return true;
            }
            if (!users.compareAndSet(0, CLOSED)) {
                return false;
            }
            Disk.Handle closing = handle;
            handle = null;
            closing.close();
            return true;
        }
    }

    void rename(Path target) throws IOException {
        synchronized (this) {
            pool.disk().rename(path, target);
            path = target;
            if (handle != null) {
                handle.moved(target);
            }
        }
    }

    /** Closes now, or when the last user is done. */
    void retire() {
        retired = true;
        pool.close(this);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
