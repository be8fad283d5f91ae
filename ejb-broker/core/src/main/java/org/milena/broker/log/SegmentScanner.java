package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Walks all batches of a segment file in large reads and stops at the first that is not whole. */
final class SegmentScanner {

    private static final int CHUNK = 1 << 20;
    private static final int SECTOR = 512;
    static final long NOT = Long.MAX_VALUE;

    /** Sees one whole batch; the buffer is the scanner's and changes afterwards. */
    @FunctionalInterface
    interface Visitor {
        void batch(ByteBuffer buffer, int at, int position, int size) throws IOException;
    }

    private final Disk.Handle handle;
    private final long verifyFrom;
    private final boolean dense;
    private final CRC32C crc = new CRC32C();
    private ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    private int chunkStart;
    private long expected;
    /** Why the walk stopped, or null when it came to the end. */
    private String damage;
    private boolean cutShort;

    /**
     * @param verifyFrom checks the CRC of the batches that reach this offset, and of the first; {@link #NOT} for none
     * @param expected   offsets below this are a damage
     * @param dense      so is any gap between offsets
     */
    SegmentScanner(Disk.Handle handle, long verifyFrom, long expected, boolean dense) {
        this.handle = handle;
        this.verifyFrom = verifyFrom;
        this.dense = dense;
        this.expected = expected;
    }

    String damage() {
        return damage;
    }

    /** The walk stopped at a batch of which the file holds only the beginning. */
    boolean cutShort() {
        return cutShort;
    }

    /** The offset after the last batch seen. */
    long nextOffset() {
        return expected;
    }

    /** Returns the position after the last whole batch. */
    int scan(int from, int limit, Visitor visitor) throws IOException {
        chunkStart = from;
        chunk.clear().limit(0);
        int position = from;
        while (position < limit) {
            if (!fill(position, Math.min(BatchHeader.SIZE, limit - position), limit)) {
                damage = "the file is shorter than its size";
                return position;
            }
            int size = plausible(position, limit);
            if (size == 0 || !fill(position, size, limit)) {
                return position;
            }
            int at = position - chunkStart;
            boolean verify = verifyFrom != NOT && (position == from || BatchHeader.lastOffset(chunk, at) >= verifyFrom);
            if (verify && !intact(at, size)) {
                return position;
            }
            expected = BatchHeader.lastOffset(chunk, at) + 1;
            visitor.batch(chunk, at, position, size);
            position += size;
        }
        return position;
    }

    /** The batch's size when its header makes sense here, else 0. */
    private int plausible(int position, int limit) {
        int size = wholeSize(position, limit);
        if (size == 0) {
            return 0;
        }
        int at = position - chunkStart;
        long last = BatchHeader.lastOffset(chunk, at);
        long base = BatchHeader.baseOffset(chunk, at);
        boolean gap = dense && BatchHeader.magic(chunk, at) == 2 && base != expected;
        if (base < expected || last < base || gap) {
            damage = "a batch with offsets " + base + " to " + last + " where " + expected + (dense ? "" : " or later") + " is expected";
            return 0;
        }
        return size;
    }

    /** The size that the header claims, if the file can hold that; else 0. */
    private int wholeSize(int position, int limit) {
        int at = position - chunkStart;
        int left = limit - position;
        cutShort = left < BatchHeader.WALK_BYTES;
        if (cutShort) {
            damage = "only " + left + " bytes of a batch header";
            return 0;
        }
        int size = BatchHeader.size(chunk, at);
        byte magic = BatchHeader.magic(chunk, at);
        if (magic < 0 || magic > 2 || size < (magic == 2 ? BatchHeader.SIZE : BatchHeader.WALK_BYTES - 1)) {
            damage = "no batch header (magic " + magic + ", size " + size + ")";
            return 0;
        }
        cutShort = size > left;
        if (cutShort) {
            damage = "a batch of " + size + " bytes, of which the file holds " + left;
            return 0;
        }
        return size;
    }

    private boolean intact(int at, int size) {
        if (!BatchHeader.crcMatches(chunk, at, size, crc)) {
            damage = "a batch of " + size + " bytes whose CRC does not match";
            return false;
        }
        return true;
    }

    /** Makes {@code bytes} from {@code position} on available in the chunk. */
    private boolean fill(int position, int bytes, int limit) throws IOException {
        if (position - chunkStart + bytes <= chunk.limit()) {
            return true;
        }
        if (bytes > chunk.capacity()) {
            chunk = ByteBuffer.allocate(bytes);
        }
        chunk.clear().limit(Math.min(chunk.capacity(), limit - position));
        chunkStart = position;
        handle.read(chunk, position);
        chunk.flip();
        return chunk.limit() >= bytes;
    }

    /**
     * Whether the batch that the walk stopped at shows what a power cut leaves: its header, or a whole sector of it, is zeros,
     * which is what a file system shows for blocks that it allotted and never wrote.
     */
    boolean unwritten(int position, int limit) throws IOException {
        int header = Math.min(BatchHeader.WALK_BYTES, limit - position);
        if (!fill(position, header, limit)) {
            return false;
        }
        if (zeros(position, header)) {
            return true;
        }
        long claimed = header < BatchHeader.WALK_BYTES ? 0 : BatchHeader.size(chunk, position - chunkStart);
        long end = position + Math.max(1, claimed);
        for (long sector = (position + SECTOR - 1L) / SECTOR * SECTOR; sector < end && sector + SECTOR <= limit; sector += SECTOR) {
            if (fill((int) sector, SECTOR, limit) && zeros((int) sector, SECTOR)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the batch that the walk stopped at is whole but for its size, which lies outside of its CRC: the rest of the file is
     * exactly what the CRC was made of. Then nothing was cut short, whatever the size says.
     */
    boolean wholeButForItsSize(int position, int limit) throws IOException {
        int left = limit - position;
        return left > BatchHeader.SIZE && fill(position, left, limit) && BatchHeader.magic(chunk, position - chunkStart) == 2
                && BatchHeader.crcMatches(chunk, position - chunkStart, left, crc);
    }

    private boolean zeros(int position, int bytes) {
        for (int i = position - chunkStart; i < position - chunkStart + bytes; i++) {
            if (chunk.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether a batch with a matching CRC lies anywhere in [from, limit): then what stopped the scan is no torn tail. */
    boolean validBatchBehind(int from, int limit) throws IOException {
        String found = damage;
        boolean foundShort = cutShort;
        chunkStart = from;
        chunk.clear().limit(0);
        boolean valid = false;
        for (int position = from; !valid && position + BatchHeader.SIZE <= limit; position++) {
            if (!fill(position, BatchHeader.SIZE, limit)) {
                break;
            }
            if (BatchHeader.magic(chunk, position - chunkStart) == 2) {
                int size = wholeSize(position, limit);
                valid = size > 0 && fill(position, size, limit) && intact(position - chunkStart, size);
            }
        }
        damage = found;
        cutShort = foundShort;
        return valid;
    }
}
