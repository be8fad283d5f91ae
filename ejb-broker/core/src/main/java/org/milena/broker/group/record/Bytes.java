package org.milena.broker.group.record;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Immutable bytes with equality. The array is never handed to somebody who writes. */
public final class Bytes {

    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] array;

    private Bytes(byte[] array) {
        this.array = array;
    }

    /** Copies: the caller may go on using its array. Null is empty. */
    public static Bytes copyOf(byte[] array) {
        return array == null || array.length == 0 ? EMPTY : new Bytes(array.clone());
    }

    /** Takes the array over: for arrays that nobody writes to any more. */
    public static Bytes wrap(byte[] array) {
        return array == null || array.length == 0 ? EMPTY : new Bytes(array);
    }

    public int length() {
        return array.length;
    }

    /** The array itself, for reading only (Kafka's message classes don't write to theirs). */
    public byte[] array() {
        return array;
    }

    public ByteBuffer buffer() {
        return ByteBuffer.wrap(array).asReadOnlyBuffer();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && Arrays.equals(array, bytes.array);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(array);
    }

    @Override
    public String toString() {
        return array.length + " bytes";
    }
}
