package org.milena.broker.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.RecvByteBufAllocator.Handle;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

/** A thousand connections that are used to large reads must not read a quarter of a GiB past queued.max.request.bytes. */
class ReceiveBuffersTest {

    private final RequestMemory memory = new RequestMemory(1 << 20);
    private final Handle handle = new ReceiveBuffers(memory).newHandle();

    /** One read that takes all there is room for, as the channel does it. */
    private int read() {
        ByteBuf buffer = handle.allocate(UnpooledByteBufAllocator.DEFAULT);
        int size = buffer.capacity();
        buffer.release();
        handle.attemptedBytesRead(size);
        handle.lastBytesRead(size);
        handle.incMessagesRead(1);
        handle.readComplete();
        handle.reset(new DefaultChannelConfig(new EmbeddedChannel()));
        return size;
    }

    @Test
    void theyGrowWithTheLoadAndStaySmallWhileMemoryIsScarce() {
        handle.reset(new DefaultChannelConfig(new EmbeddedChannel()));
        for (int i = 0; i < 20; i++) {
            read();
        }
        assertThat(read()).isEqualTo(ReceiveBuffers.LARGEST);
        RequestMemory.Lease lease = new RequestMemory.Lease(memory.open());
        memory.charge(lease, 600 << 10);
        assertThat(read()).isLessThanOrEqualTo(ReceiveBuffers.SCARCE);
        memory.release(lease);
        for (int i = 0; i < 20; i++) {
            read();
        }
        assertThat(read()).isEqualTo(ReceiveBuffers.LARGEST);
    }
}
