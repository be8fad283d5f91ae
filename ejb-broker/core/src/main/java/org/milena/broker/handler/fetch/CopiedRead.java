package org.milena.broker.handler.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.RecordsSend;
import org.milena.broker.log.LogRead;

/** Records that were copied off a directory other than the connection's own. */
final class CopiedRead implements LogRead {

    private final long startOffset;
    private final ByteBuffer bytes;
    private final CopyBudget.Share share;

    CopiedRead(long startOffset, ByteBuffer bytes, CopyBudget.Share share) {
        this.share = share;
        this.startOffset = startOffset;
        this.bytes = bytes;
    }

    @Override
    public int sizeInBytes() {
        return bytes.limit();
    }

    @Override
    public long startOffset() {
        return startOffset;
    }

    @Override
    public int read(ByteBuffer into, long position) {
        int length = Math.min(into.remaining(), bytes.limit() - (int) position);
        into.put(into.position(), bytes, (int) position, length);
        into.position(into.position() + length);
        return length;
    }

    @Override
    public long transferTo(long position, long length, WritableByteChannel target) throws IOException {
        int written = target.write(bytes.duplicate().position((int) position).limit((int) (position + length)));
        if (written > 0) {
            share.progress();
        }
        return written;
    }

    @Override
    public void release() {
        share.release();
    }

    @Override
    public RecordsSend<? extends BaseRecords> toSend() {
        throw new UnsupportedOperationException("sent by the network layer");
    }
}
