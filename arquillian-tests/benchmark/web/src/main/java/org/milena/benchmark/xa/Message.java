package org.milena.benchmark.xa;

import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;

/** What is sent: 1 KiB that do not compress, the first eight bytes of them a number. */
final class Message {

    static final int SIZE = 1024;

    private Message() {
    }

    static byte[] of(long id) {
        byte[] bytes = new byte[SIZE];
        ThreadLocalRandom.current().nextBytes(bytes);
        ByteBuffer.wrap(bytes).putLong(id);
        return bytes;
    }

    static long id(byte[] message) {
        return ByteBuffer.wrap(message).getLong();
    }
}
