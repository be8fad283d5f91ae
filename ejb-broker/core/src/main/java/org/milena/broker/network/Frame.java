package org.milena.broker.network;

import io.netty.buffer.ByteBuf;

/**
 * A whole request as it came from the wire, without its size.
 *
 * @param bytes    owned by the receiver
 * @param reserved bytes of {@link RequestMemory} it holds; 0 for small frames
 */
record Frame(ByteBuf bytes, int reserved) {
}
