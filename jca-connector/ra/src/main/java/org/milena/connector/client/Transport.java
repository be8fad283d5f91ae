package org.milena.connector.client;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/**
 * A connection to one broker, as frames: a Kafka request's header and body without the size before it, and the answer likewise. JDK
 * types only, since the other end may live behind another class loader. Thread-safe.
 */
public interface Transport extends AutoCloseable {

    /**
     * Sends a request that has an answer. The frame belongs to the transport until the answer is there.
     *
     * @return the answer; or fails with an {@link java.io.IOException} once the connection is closed, by whomever
     */
    CompletionStage<ByteBuffer> send(ByteBuffer frame);

    /** False once nothing can be sent any more. */
    boolean isOpen();

    /** Fails what is under way. Idempotent. */
    @Override
    void close();
}
