package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * One sparse index of a segment: ascending keys, each with a value, in Kafka's file format. The offset index maps relative offset
 * (4 bytes) to position, the time index timestamp (8 bytes) to relative offset.
 *
 * <p>An open-ended table lives in memory (one writer, readers without locks) until {@link #persist} has it on disk; then it is
 * searched in the file. {@link #NONE} is the answer "before the first entry".
 */
final class IndexTable {

    static final int NONE = -1;
    private static final int BLOCK = 512;

    private static final class Entries {
        final long[] keys;
        final int[] values;
        volatile int count;

        Entries(int capacity) {
            keys = new long[capacity];
            values = new int[capacity];
        }
    }

    private final LogFile file;
    private final int keyBytes;
    /** Null while the table is searched in the file. */
    private volatile Entries entries;
    /** How many entries the file is known to hold durably, all of them and no others; {@link #NONE} when that is not known. */
    private int durable = NONE;

    private IndexTable(LogFile file, int keyBytes, Entries entries) {
        this.file = file;
        this.keyBytes = keyBytes;
        this.entries = entries;
    }

    static IndexTable offsets(LogFile file, boolean inMemory) {
        return new IndexTable(file, 4, inMemory ? new Entries(8) : null);
    }

    static IndexTable times(LogFile file, boolean inMemory) {
        return new IndexTable(file, 8, inMemory ? new Entries(8) : null);
    }

    LogFile file() {
        return file;
    }

    int entryBytes() {
        return keyBytes + 4;
    }

    boolean inMemory() {
        return entries != null;
    }

    /** Under the log's lock. Keys must not descend; an equal key is ignored (the first entry of a timestamp counts). */
    void append(long key, int value) {
        Entries e = entries;
        int n = e.count;
        if (n > 0 && key <= e.keys[n - 1]) {
            return;
        }
        if (n == e.keys.length) {
            Entries larger = new Entries(n * 2);
            System.arraycopy(e.keys, 0, larger.keys, 0, n);
            System.arraycopy(e.values, 0, larger.values, 0, n);
            larger.count = n;
            entries = e = larger;
        }
        e.keys[n] = key;
        e.values[n] = value;
        e.count = n + 1;
    }

    /** Number of entries in memory. */
    int count() {
        Entries e = entries;
        return e == null ? NONE : e.count;
    }

    /** Forgets the entries whose value is {@code limit} or more (a truncation of positions or relative offsets). In memory only. */
    void truncateValues(int limit) {
        Entries e = entries;
        int n = e.count;
        while (n > 0 && e.values[n - 1] >= limit) {
            n--;
        }
        Entries shorter = new Entries(Math.max(8, n));
        System.arraycopy(e.keys, 0, shorter.keys, 0, n);
        System.arraycopy(e.values, 0, shorter.values, 0, n);
        shorter.count = n;
        entries = shorter;
        durable = NONE;
    }

    void clear() {
        entries = new Entries(8);
        durable = NONE;
    }

    /** Also empties the file, if there is one: what it says of bytes that are yet to come would be wrong. */
    void reset() throws IOException {
        clear();
        if (file.disk().exists(file.path())) {
            persist(false, false);
        }
    }

    /** The value of the largest key &lt;= {@code key}, or {@link #NONE}. */
    int valueAtFloor(long key) throws IOException {
        Entries e = entries;
        if (e == null) {
            return (int) search(key, false);
        }
        int i = floor(e, key);
        return i < 0 ? NONE : e.values[i];
    }

    /** The largest value &lt;= {@code value}, or {@link #NONE}: values ascend as keys do. */
    int floorValue(int value) throws IOException {
        Entries e = entries;
        if (e == null) {
            return (int) search(value, true);
        }
        int i = Arrays.binarySearch(e.values, 0, e.count, value);
        if (i < 0) {
            i = -i - 2;
        }
        return i < 0 ? NONE : e.values[i];
    }

    private static int floor(Entries e, long key) {
        int i = Arrays.binarySearch(e.keys, 0, e.count, key);
        return i >= 0 ? i : -i - 2;
    }

    private long search(long target, boolean byValue) throws IOException {
        Disk.Handle handle = file.acquire();
        ByteBuffer buffer = file.scratch().borrow();
        try {
            int low = 0;
            int high = (int) (handle.size() / entryBytes());
            while (high - low > BLOCK) {
                int middle = (low + high) >>> 1;
                buffer.clear().limit(entryBytes());
                handle.read(buffer, (long) middle * entryBytes());
                if (field(buffer, 0, byValue) <= target) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            buffer.clear().limit((high - low) * entryBytes());
            handle.read(buffer, (long) low * entryBytes());
            int found = NONE;
            for (int i = 0; i < high - low && field(buffer, i, byValue) <= target; i++) {
                found = (int) field(buffer, i, true);
            }
            return found;
        } finally {
            file.scratch().giveBack(buffer);
            file.release();
        }
    }

    private long field(ByteBuffer b, int entry, boolean value) {
        int at = entry * entryBytes();
        if (value) {
            return b.getInt(at + keyBytes);
        }
        return keyBytes == 4 ? b.getInt(at) : b.getLong(at);
    }

    /** The last entry as {key, value}, or null for an empty table. */
    long[] last() throws IOException {
        Entries e = entries;
        if (e != null) {
            int n = e.count;
            return n == 0 ? null : new long[] {e.keys[n - 1], e.values[n - 1]};
        }
        Disk.Handle handle = file.acquire();
        try {
            long n = handle.size() / entryBytes();
            if (n == 0) {
                return null;
            }
            ByteBuffer buffer = ByteBuffer.allocate(entryBytes());
            handle.read(buffer, (n - 1) * entryBytes());
            return new long[] {field(buffer, 0, false), field(buffer, 0, true)};
        } finally {
            file.release();
        }
    }

    /**
     * Loads the file's entries, to be continued in memory.
     *
     * @param onDisk the file was synced since it was written
     */
    void load(boolean onDisk) throws IOException {
        byte[] bytes = file.disk().readAll(file.path());
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        int n = bytes.length / entryBytes();
        Entries e = new Entries(Math.max(8, n));
        for (int i = 0; i < n; i++) {
            e.keys[i] = field(buffer, i, false);
            e.values[i] = (int) field(buffer, i, true);
        }
        e.count = n;
        entries = e;
        durable = onDisk && bytes.length == n * entryBytes() ? n : NONE;
    }

    /** True when keys and values ascend, and none reaches its limit: what {@link #load} brought can be trusted. */
    boolean ascendsBelow(long keyLimit, int valueLimit) {
        Entries e = entries;
        for (int i = 0; i < e.count; i++) {
            boolean ordered = i == 0 ? e.keys[i] >= 0 && e.values[i] >= 0
                    : e.keys[i] > e.keys[i - 1] && e.values[i] >= e.values[i - 1];
            if (!ordered || e.keys[i] >= keyLimit || e.values[i] >= valueLimit) {
                return false;
            }
        }
        return true;
    }

    /** Writes the entries to the file unless it holds them, and with {@code forget} searches them there from now on. */
    void persist(boolean sync, boolean forget) throws IOException {
        Entries e = entries;
        if (e == null) {
            return;
        }
        if (durable != e.count) {
            write(e, sync);
        }
        if (forget) {
            entries = null;
        }
    }

    private void write(Entries e, boolean sync) throws IOException {
        int n = e.count;
        ByteBuffer buffer = ByteBuffer.allocate(n * entryBytes());
        for (int i = 0; i < n; i++) {
            if (keyBytes == 4) {
                buffer.putInt((int) e.keys[i]);
            } else {
                buffer.putLong(e.keys[i]);
            }
            buffer.putInt(e.values[i]);
        }
        Disk.Handle handle = file.create();
        try {
            durable = NONE;
            handle.truncate(0);
            handle.write(buffer.flip(), 0);
            if (sync) {
                handle.force();
                durable = n;
            }
        } finally {
            file.release();
        }
    }
}
