package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

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
        if (file.disk().exists(file.path())) {
            ByteBuffer bytes = ByteBuffer.wrap(file.disk().readAll(file.path()));
            while (bytes.remaining() >= ENTRY_BYTES) {
                bytes.getShort();
                read.add(new Entry(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong()));
            }
        }
        return entries = new CopyOnWriteArrayList<>(read);
    }

    /** Under the log's lock. */
    void append(Entry entry) throws IOException {
        List<Entry> all = entries();
        ByteBuffer bytes = ByteBuffer.allocate(ENTRY_BYTES).putShort(VERSION).putLong(entry.producerId())
                .putLong(entry.firstOffset()).putLong(entry.lastOffset()).putLong(entry.lastStableOffset()).flip();
        Disk.Handle handle = file.create();
        try {
            handle.write(bytes, (long) all.size() * ENTRY_BYTES);
        } finally {
            file.release();
        }
        all.add(entry);
        dirty = true;
    }

    /** Keeps the entries whose marker lies below {@code offset}. */
    void truncate(long offset) throws IOException {
        List<Entry> kept = new ArrayList<>(entries());
        if (kept.removeIf(e -> e.lastOffset() >= offset)) {
            Disk.Handle handle = file.create();
            try {
                handle.truncate((long) kept.size() * ENTRY_BYTES);
            } finally {
                file.release();
            }
            dirty = true;
        }
        entries = new CopyOnWriteArrayList<>(kept);
    }

    void flush() throws IOException {
        if (dirty) {
            dirty = false;
            Disk.Handle handle = file.acquire();
            try {
                handle.force();
            } finally {
                file.release();
            }
        }
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
