package org.milena.broker.log;

/**
 * A range of one segment, ready to be sent. Holds a reference on the segment's file until {@link #release()}:
 * retention and roll can't close it meanwhile. Not thread-safe; owned by whoever received it.
 */
public interface LogRead extends org.apache.kafka.common.record.internal.BaseRecords {

    /** Offset of the first batch in the range (it may lie before the offset that was asked for). */
    long startOffset();

    /**
     * The first offset behind the range, at most {@code bound}; exact where it can be had. May block on the disk.
     *
     * @param bound what the read was bounded by
     */
    default long endOffset(long bound) throws java.io.IOException {
        return bound;
    }

    /** Copies {@code length} bytes starting {@code position} bytes into this range. Positional; blocks on the disk. */
    int read(java.nio.ByteBuffer into, long position) throws java.io.IOException;

    /** Sends up to {@code length} bytes starting {@code position} bytes into this range, zero-copy where the channel can. */
    long transferTo(long position, long length, java.nio.channels.WritableByteChannel target) throws java.io.IOException;

    /** Gives the file reference back. Idempotent. */
    void release();
}
