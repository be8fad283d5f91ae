package org.milena.broker.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.apache.kafka.common.network.TransferableChannel;
import org.apache.kafka.common.record.internal.RecordsSend;

/** A {@link LogRead} over a part of one segment file. The file is acquired at construction, so it can't vanish before it is sent. */
final class SegmentRead implements LogRead {

    private final LogFile file;
    private final Disk.Handle handle;
    private final int from;
    private final int length;
    private final long startOffset;
    /** Bytes of the segment that were there to be read: a batch begins behind the range if there are more. */
    private final int available;
    /** Where the range ends when it holds all of these. */
    private final long availableTo;
    private boolean released;

    /** An empty range. */
    SegmentRead(long offset) {
        this.file = null;
        this.handle = null;
        this.from = 0;
        this.length = 0;
        this.startOffset = offset;
        this.available = 0;
        this.availableTo = offset;
        this.released = true;
    }

    /**
     * @param available   position behind the last batch of the segment below the read's bound
     * @param availableTo offset of that: the bound, or the next segment's first
     */
    SegmentRead(LogFile file, int from, int length, long startOffset, int available, long availableTo) throws IOException {
        this.file = file;
        this.handle = file.acquire();
        this.from = from;
        this.length = length;
        this.startOffset = startOffset;
        this.available = available;
        this.availableTo = availableTo;
    }

    @Override
    public long startOffset() {
        return startOffset;
    }

    @Override
    public long endOffset(long bound) throws IOException {
        if (length == 0 || from + length >= available) {
            return Math.min(bound, availableTo);
        }
        ensureHeld();
        ByteBuffer next = ByteBuffer.allocate(BatchHeader.SIZE);
        handle.read(next, (long) from + length);
        // The base offset of a batch of magic 2; of an older one, which has no transactions, its last.
        return Math.min(bound, BatchHeader.baseOffset(next, 0));
    }

    @Override
    public int sizeInBytes() {
        return length;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        int wanted = (int) Math.min(into.remaining(), length - position);
        if (wanted <= 0) {
            return 0;
        }
        ensureHeld();
        int limit = into.limit();
        into.limit(into.position() + wanted);
        try {
            return handle.read(into, from + position);
        } finally {
            into.limit(limit);
        }
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        long wanted = Math.min(count, length - position);
        if (wanted <= 0) {
            return 0;
        }
        ensureHeld();
        long sent = handle.transferTo(from + position, wanted, target);
        if (sent == 0 && handle.size() < from + (long) length) {
            // Else whoever sends would take it for a target that is full, and try for ever.
            throw new IOException("Segment " + file + " ends before position " + (from + (long) length) + ", though a batch was there");
        }
        return sent;
    }

    private void ensureHeld() {
        if (released) {
            throw new IllegalStateException("This read has been released");
        }
    }

    @Override
    public void release() {
        if (!released) {
            released = true;
            file.release();
        }
    }

    @Override
    public RecordsSend<SegmentRead> toSend() {
        return new RecordsSend<>(this, length) {
            @Override
            protected int writeTo(TransferableChannel channel, int previouslyWritten, int remaining) throws IOException {
                return (int) records().transferTo(previouslyWritten, remaining, channel);
            }
        };
    }
}
