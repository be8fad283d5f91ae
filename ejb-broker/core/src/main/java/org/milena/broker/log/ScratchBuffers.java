package org.milena.broker.log;

import java.nio.ByteBuffer;

/** A bounded stack of small direct buffers for looking into files, so that a read makes no garbage. Thread-safe. */
final class ScratchBuffers {

    static final int BYTES = 8192;
    private static final int KEPT = 16;

    private final ByteBuffer[] idle = new ByteBuffer[KEPT];
    private int count;

    /** Cleared, {@link #BYTES} large, yours until {@link #giveBack}. */
    ByteBuffer borrow() {
        synchronized (idle) {
            if (count > 0) {
                return idle[--count].clear();
            }
        }
        return ByteBuffer.allocateDirect(BYTES);
    }

    void giveBack(ByteBuffer buffer) {
        synchronized (idle) {
            if (count < KEPT) {
                idle[count++] = buffer;
            }
        }
    }
}
