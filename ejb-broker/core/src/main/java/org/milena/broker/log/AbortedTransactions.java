package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.errors.CorruptRecordException;

/** The {@code .txnindex} of a segment: transactions whose abort marker lies in it. Rare, so read once and kept in memory then. */
final class AbortedTransactions {

    static final int ENTRY_BYTES = 34;
    private static final short VERSION = 0;

    /** @param lastStableOffset the last stable offset after this abort: no later entry can concern reads below it */
    record Entry(long producerId, long firstOffset, long lastOffset, long lastStableOffset) {
    }

    private final LogFile file;
    private volatile List<Entry> entries;
    private volatile boolean dirty;
    /** The file is new: its entry in the directory may not be on disk. */
    private volatile boolean created;

    AbortedTransactions(LogFile file) {
        this.file = file;
    }

    LogFile file() {
        return file;
    }

    List<Entry> entries() throws IOException {
        List<Entry> loaded = entries;
        return loaded != null ? loaded : load();
    }

    private synchronized List<Entry> load() throws IOException {
        if (entries != null) {
            return entries;
        }
        List<Entry> read = new ArrayList<>();
        int whole = read(read);
        if (whole >= 0) {
            throw new CorruptRecordException(Damage.describe(file.path(), whole, "no entry of an aborted transaction"));
        }
        return entries = new CopyOnWriteArrayList<>(read);
    }

    /** Adds the entries of the file, as far as they can be true; returns where one can't, or -1. */
    private int read(List<Entry> into) throws IOException {
        if (!file.disk().exists(file.path())) {
            return -1;
        }
        ByteBuffer bytes = ByteBuffer.wrap(file.disk().readAll(file.path()));
        long last = -1;
        while (bytes.hasRemaining()) {
            int at = bytes.position();
            if (bytes.remaining() < ENTRY_BYTES || bytes.getShort() != VERSION) {
                return at;
            }
            Entry entry = new Entry(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
            if (entry.firstOffset() > entry.lastOffset() || entry.lastOffset() <= last) {
                return at;
            }
            last = entry.lastOffset();
            into.add(entry);
        }
        return -1;
    }

    /** Under the log's lock. */
    void append(Entry entry) throws IOException {
        List<Entry> all = entries();
        ByteBuffer bytes = ByteBuffer.allocate(ENTRY_BYTES).putShort(VERSION).putLong(entry.producerId())
                .putLong(entry.firstOffset()).putLong(entry.lastOffset()).putLong(entry.lastStableOffset()).flip();
        created |= all.isEmpty();
        Disk.Handle handle = file.create();
        try {
            handle.write(bytes, (long) all.size() * ENTRY_BYTES);
        } finally {
            file.release();
        }
        all.add(entry);
        dirty = true;
    }

    /** Keeps the entries whose marker lies below {@code offset}; what a crash tore goes, too. */
    void truncate(long offset) throws IOException {
        List<Entry> kept = new ArrayList<>();
        boolean torn = read(kept) >= 0;
        if (kept.removeIf(e -> e.lastOffset() >= offset) | torn) {
            Disk.Handle handle = file.create();
            try {
                handle.truncate((long) kept.size() * ENTRY_BYTES);
                // At once: the next start would not know of it, and after a power cut the old end would stand again.
                handle.force();
            } finally {
                file.release();
            }
            dirty = true;
        }
        entries = new CopyOnWriteArrayList<>(kept);
    }

    /** @return true when the directory must be synced, too, or a power cut could take the whole file */
    boolean flush() throws IOException {
        boolean isNew = created;
        if (dirty) {
            dirty = false;
            created = false;
            Disk.Handle handle = file.acquire();
            try {
                handle.force();
            } finally {
                file.release();
            }
        }
        return isNew;
    }

    /** Adds what overlaps [from, to); true when later segments can hold nothing more of interest. */
    boolean collect(long from, long to, List<Entry> into) throws IOException {
        for (Entry entry : entries()) {
            if (entry.lastOffset() >= from && entry.firstOffset() < to) {
                into.add(entry);
            }
            if (entry.lastStableOffset() >= to) {
                return true;
            }
        }
        return false;
    }
}
