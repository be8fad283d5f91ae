package org.milena.broker.network;

import io.netty.buffer.ByteBuf;

/**
 * A whole request as it came from the wire, without its size.
 *
 * @param bytes owned by the receiver
 * @param lease the {@link RequestMemory} it holds; released with the bytes
 */
record Frame(ByteBuf bytes, RequestMemory.Lease lease) {
}
