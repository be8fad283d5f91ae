package org.milena.broker.group.record;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.internals.ByteUtils;

/** Writes the primitive types of Kafka's message format: the classic ones and the compact ones of flexible versions. */
final class RecordOutput {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

    byte[] toByteArray() {
        return out.toByteArray();
    }

    RecordOutput int8(int value) {
        out.write(value);
        return this;
    }

    RecordOutput int16(int value) {
        return int8(value >> 8).int8(value);
    }

    RecordOutput int32(int value) {
        return int16(value >> 16).int16(value);
    }

    RecordOutput int64(long value) {
        return int32((int) (value >> 32)).int32((int) value);
    }

    RecordOutput uuid(Uuid value) {
        return int64(value.getMostSignificantBits()).int64(value.getLeastSignificantBits());
    }

    RecordOutput varint(int value) {
        java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate(ByteUtils.sizeOfUnsignedVarint(value));
        ByteUtils.writeUnsignedVarint(value, buffer);
        out.writeBytes(buffer.array());
        return this;
    }

    /** A classic, non-null string. */
    RecordOutput string(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > Short.MAX_VALUE) {
            throw new org.apache.kafka.common.errors.InvalidRequestException(
                    "A string of " + bytes.length + " bytes is too long for a record of __consumer_offsets; at most 32767 are allowed");
        }
        int16(bytes.length);
        out.writeBytes(bytes);
        return this;
    }

    /** A compact string; null is allowed. */
    RecordOutput compactString(String value) {
        if (value == null) {
            return varint(0);
        }
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        varint(bytes.length + 1);
        out.writeBytes(bytes);
        return this;
    }

    RecordOutput compactBytes(Bytes value) {
        varint(value.length() + 1);
        out.writeBytes(value.array());
        return this;
    }

    <T> RecordOutput compactArray(List<T> values, Consumer<T> writer) {
        if (values == null) {
            return varint(0);
        }
        varint(values.size() + 1);
        values.forEach(writer);
        return this;
    }

    RecordOutput raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    RecordOutput noTags() {
        return varint(0);
    }

    /** The tag section with one tag, number 0. */
    RecordOutput tag0(byte[] content) {
        varint(1).varint(0).varint(content.length);
        out.writeBytes(content);
        return this;
    }
}
