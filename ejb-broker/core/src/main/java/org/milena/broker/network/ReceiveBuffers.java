package org.milena.broker.network;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/**
 * Receive buffers that grow with what a connection sends, but stay small while requests hold much of their memory: the small
 * requests of a read share its buffer, and of very many connections each may read once more than the bound allows.
 */
final class ReceiveBuffers implements RecvByteBufAllocator {

    static final int LARGEST = 256 * 1024;
    static final int SCARCE = 4 * 1024;

    private final RecvByteBufAllocator adaptive = new AdaptiveRecvByteBufAllocator(512, 16 * 1024, LARGEST);
    private final RequestMemory memory;

    ReceiveBuffers(RequestMemory memory) {
        this.memory = memory;
    }

    @Override
    public Handle newHandle() {
        return new DelegatingHandle(adaptive.newHandle()) {
            @Override
            public int guess() {
                int guess = super.guess();
                return memory.scarce() ? Math.min(guess, SCARCE) : guess;
            }

            @Override
            public ByteBuf allocate(ByteBufAllocator alloc) {
                return alloc.ioBuffer(guess());
            }
        };
    }
}
