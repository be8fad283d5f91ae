package org.milena.broker.network;

import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.milena.broker.log.LogRead;

/** A range of a segment on its way to a socket, from file to socket without a copy. Owns the {@link LogRead}. */
final class SegmentRegion extends AbstractReferenceCounted implements FileRegion {

    private final LogRead read;
    private final long count;
    private long transferred;

    SegmentRegion(LogRead read) {
        this.read = read;
        this.count = read.sizeInBytes();
    }

    @Override
    public long position() {
        return 0;
    }

    @Deprecated
    @Override
    public long transfered() {
        return transferred;
    }

    @Override
    public long transferred() {
        return transferred;
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        long written = read.transferTo(position, count - position, target);
        if (written > 0) {
            transferred += written;
        }
        return written;
    }

    /** Copies all of it. Blocks on the disk. */
    void copyTo(ByteBuffer target) throws IOException {
        int limit = target.limit();
        target.limit(target.position() + (int) count);
        for (long from = 0; target.hasRemaining(); ) {
            int n = read.read(target, from);
            if (n <= 0) {
                throw new IOException("segment ended " + target.remaining() + " bytes early");
            }
            from += n;
        }
        target.limit(limit);
        transferred = count;
    }

    @Override
    protected void deallocate() {
        read.release();
    }

    @Override
    public FileRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public FileRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public FileRegion touch() {
        return this;
    }

    @Override
    public FileRegion touch(Object hint) {
        return this;
    }
}
