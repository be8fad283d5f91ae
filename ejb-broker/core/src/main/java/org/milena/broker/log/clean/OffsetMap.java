package org.milena.broker.log.clean;

import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Key to newest offset, for millions of keys: holds 128 bits of each key's digest instead of the key (as Kafka does; two
 * keys with one digest are less likely than a broken disk), three longs an entry, open addressing. Starts small and
 * doubles up to its bound, so that a small log costs little. Not thread-safe.
 */
final class OffsetMap {
    static final int BYTES_PER_ENTRY = 24;
    private static final int INITIAL_SLOTS = 1024;
    /** Below its bound the map doubles at this fill; only at the bound does it get as full as the load factor says. */
    private static final double GROW_AT = 0.7;

    private final int maxSlots;
    private final double loadFactor;
    private final MessageDigest digest;
    private final byte[] hash = new byte[16];
    private final ByteBuffer hashWords = ByteBuffer.wrap(hash);
    /** high word, low word, offset + 1 (0: the slot is free). */
    private long[] table;
    private int slots;
    private int size;
    private long latestOffset = -1;

    /**
     * @param maxBytes   {@code log.cleaner.dedupe.buffer.size}
     * @param loadFactor {@code log.cleaner.io.buffer.load.factor}
     */
    OffsetMap(long maxBytes, double loadFactor) {
        this.maxSlots = (int) Math.min(maxBytes / BYTES_PER_ENTRY, (Integer.MAX_VALUE - 8) / 3);
        this.loadFactor = loadFactor;
        if (maxSlots * loadFactor < 1 || loadFactor >= 1) {
            throw new IllegalArgumentException("log.cleaner.dedupe.buffer.size=" + maxBytes
                + " with log.cleaner.io.buffer.load.factor=" + loadFactor + " has no room for a single key");
        }
        try {
            digest = MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Compaction needs MD5, which every Java platform has", e);
        }
        clear();
    }

    /** Forgets everything and gives memory beyond the initial back. */
    void clear() {
        slots = Math.min(INITIAL_SLOTS, maxSlots);
        table = new long[slots * 3];
        size = 0;
        latestOffset = -1;
    }

    int size() {
        return size;
    }

    boolean isFull() {
        return size >= (int) (maxSlots * loadFactor);
    }

    /** Offsets up to here are in the map; records behind are none of its business. -1 when empty. */
    long latestOffset() {
        return latestOffset;
    }

    void updateLatestOffset(long offset) {
        latestOffset = Math.max(latestOffset, offset);
    }

    /** Remembers the offset for the key; offsets come in ascending order. Not when {@link #isFull()}. */
    void put(ByteBuffer key, long offset) {
        if (slots < maxSlots && size >= slots * GROW_AT) {
            grow();
        }
        digest(key);
        long high = hashWords.getLong(0);
        long low = hashWords.getLong(8);
        int at = find(high, low);
        if (table[at + 2] == 0) {
            table[at] = high;
            table[at + 1] = low;
            size++;
        }
        table[at + 2] = offset + 1;
    }

    /** The newest offset of the key, or -1. */
    long get(ByteBuffer key) {
        digest(key);
        return table[find(hashWords.getLong(0), hashWords.getLong(8)) + 2] - 1;
    }

    private void digest(ByteBuffer key) {
        digest.update(key.duplicate());
        try {
            digest.digest(hash, 0, hash.length);
        } catch (DigestException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Index of the key's slot, or of the free slot where it belongs. There is always a free one. */
    private int find(long high, long low) {
        int slot = (int) Long.remainderUnsigned(low, slots);
        while (true) {
            int at = slot * 3;
            if (table[at + 2] == 0 || table[at] == high && table[at + 1] == low) {
                return at;
            }
            slot = slot + 1 == slots ? 0 : slot + 1;
        }
    }

    private void grow() {
        long[] old = table;
        slots = (int) Math.min(maxSlots, slots * 2L);
        table = new long[slots * 3];
        for (int at = 0; at < old.length; at += 3) {
            if (old[at + 2] != 0) {
                System.arraycopy(old, at, table, find(old[at], old[at + 1]), 3);
            }
        }
    }
}
