package org.milena.broker.handler;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.protocol.Writable;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Struct;

/** A message whose schema is written by hand: body of a {@link PrivateApi}. */
public record StructMessage(short apiKey, Struct struct) implements ApiMessage {

    @Override
    public short lowestSupportedVersion() {
        return PrivateApi.VERSION;
    }

    @Override
    public short highestSupportedVersion() {
        return PrivateApi.VERSION;
    }

    @Override
    public void addSize(MessageSizeAccumulator size, ObjectSerializationCache cache, short version) {
        size.addBytes(struct.sizeOf());
    }

    @Override
    public void write(Writable writable, ObjectSerializationCache cache, short version) {
        ByteBuffer bytes = ByteBuffer.allocate(struct.sizeOf());
        struct.writeTo(bytes);
        writable.writeByteBuffer(bytes.flip());
    }

    @Override
    public void read(Readable readable, short version) {
        throw new UnsupportedOperationException("Read by the schema");
    }

    @Override
    public List<RawTaggedField> unknownTaggedFields() {
        return List.of();
    }

    @Override
    public Message duplicate() {
        return this;
    }
}
