package org.milena.broker.group.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.internals.ByteUtils;

/**
 * Reads the primitive types of Kafka's message format. {@code flexible} chooses between the classic and the compact form.
 * Lying lengths end in {@link java.nio.BufferUnderflowException}, never in a large allocation.
 */
final class RecordInput {

    private final ByteBuffer in;
    private final boolean flexible;

    RecordInput(ByteBuffer in, boolean flexible) {
        this.in = in;
        this.flexible = flexible;
    }

    byte int8() {
        return in.get();
    }

    int int32() {
        return in.getInt();
    }

    long int64() {
        return in.getLong();
    }

    Uuid uuid() {
        return new Uuid(in.getLong(), in.getLong());
    }

    /** Null where the format says so. */
    String string() {
        int length = flexible ? ByteUtils.readUnsignedVarint(in) - 1 : in.getShort();
        return length < 0 ? null : new String(take(length), StandardCharsets.UTF_8);
    }

    Bytes bytes() {
        int length = flexible ? ByteUtils.readUnsignedVarint(in) - 1 : in.getInt();
        return length < 0 ? Bytes.EMPTY : Bytes.wrap(take(length));
    }

    /** Null where the format says so. */
    <T> List<T> array(Supplier<T> reader) {
        int length = flexible ? ByteUtils.readUnsignedVarint(in) - 1 : in.getInt();
        if (length < 0) {
            return null;
        }
        if (length > in.remaining()) {
            throw new java.nio.BufferUnderflowException();
        }
        List<T> values = new ArrayList<>(length);
        for (int i = 0; i < length; i++) {
            values.add(reader.get());
        }
        return values;
    }

    /** Reads the tag section; tag 0 goes to {@code tag0}, others are skipped as KIP-915 wants. Returns null when there is no tag 0. */
    <T> T tags(Function<RecordInput, T> tag0) {
        T result = null;
        if (!flexible) {
            return null;
        }
        int count = ByteUtils.readUnsignedVarint(in);
        for (int i = 0; i < count; i++) {
            int tag = ByteUtils.readUnsignedVarint(in);
            ByteBuffer content = ByteBuffer.wrap(take(ByteUtils.readUnsignedVarint(in)));
            if (tag == 0 && tag0 != null) {
                result = tag0.apply(new RecordInput(content, true));
            }
        }
        return result;
    }

    void skipTags() {
        tags(null);
    }

    private byte[] take(int length) {
        if (length < 0 || length > in.remaining()) {
            throw new java.nio.BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }
}
