package org.milena.broker.transaction;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.protocol.ByteBufferAccessor;

/**
 * A {@link Branch} as tagged fields of Kafka's TransactionLogValue, far from Kafka's numbers. Each begins with a version, which is 0;
 * numbers are big-endian, texts and bytes have a two-byte length.
 * <ul>
 * <li>10000: format of the Xid (int32), global id, qualifier, resource manager, prepared time (int64)
 * <li>10001: kept back for the decision: producer id (int64), epoch (int16), next producer id (int64)
 * <li>10002: outcome (int8); not there while the branch is in doubt
 * </ul>
 */
final class BranchTags {

    static final int FIRST = 10_000;
    private static final byte VERSION = 0;
    private static final int IDENTITY = FIRST;
    private static final int RESERVED = FIRST + 1;
    private static final int OUTCOME = FIRST + 2;

    private Identity identity;
    private Reserved reserved;
    private Branch.Outcome outcome;

    private record Identity(BranchId xid, String resourceManager, long preparedTimeMs) {
    }

    private record Reserved(long producerId, short epoch, long nextProducerId) {
    }

    /** The contents of the tags, from {@link #FIRST} on. */
    static byte[][] encode(Branch branch) {
        if (branch == null) {
            return new byte[0][];
        }
        byte[] reserved = ByteBuffer.allocate(19).put(VERSION).putLong(branch.producerId()).putShort(branch.decisionEpoch())
                .putLong(branch.nextProducerId()).array();
        byte[] identity = identity(branch);
        return branch.outcome() == null ? new byte[][] {identity, reserved}
                : new byte[][] {identity, reserved, {VERSION, branch.outcome().id()}};
    }

    private static byte[] identity(Branch branch) {
        byte[] globalId = branch.xid().globalId();
        byte[] qualifier = branch.xid().qualifier();
        byte[] manager = branch.resourceManager().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(19 + globalId.length + qualifier.length + manager.length);
        out.put(VERSION).putInt(branch.xid().formatId());
        for (byte[] part : new byte[][] {globalId, qualifier, manager}) {
            out.putShort((short) part.length).put(part);
        }
        return out.putLong(branch.preparedTimeMs()).array();
    }

    /** Takes one tag in; those of others are passed over. */
    void read(int tag, ByteBufferAccessor in) {
        if (tag < IDENTITY || tag > OUTCOME) {
            return;
        }
        byte version = in.readByte();
        if (version != VERSION) {
            // Guessing would end a branch that somebody was promised.
            throw new IllegalStateException("Version " + version + " of tag " + tag + " is not known here; up to " + VERSION + " can be read");
        }
        switch (tag) {
            case IDENTITY -> identity = new Identity(new BranchId(in.readInt(), bytes(in), bytes(in)),
                    new String(bytes(in), StandardCharsets.UTF_8), in.readLong());
            case RESERVED -> reserved = new Reserved(in.readLong(), in.readShort(), in.readLong());
            default -> outcome = Branch.Outcome.inLog(in.readByte());
        }
    }

    private static byte[] bytes(ByteBufferAccessor in) {
        return in.readArray(TransactionLogCodec.length(in, in.readShort()));
    }

    /** Null when there was none. @throws IllegalArgumentException only parts of one were there */
    Branch branch() {
        if (identity == null && reserved == null && outcome == null) {
            return null;
        }
        if (identity == null || reserved == null) {
            throw new IllegalArgumentException("A part of the branch is missing");
        }
        return new Branch(identity.xid, identity.resourceManager, identity.preparedTimeMs, reserved.producerId, reserved.epoch,
                reserved.nextProducerId, outcome);
    }
}
