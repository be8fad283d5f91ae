package org.milena.broker.group.record;

import java.util.Objects;

/** The value of a classic group, versions 0 to 4 (KIP-915). */
final class ClassicGroupCodec {

    private ClassicGroupCodec() {
    }

    /** Writes version 3, as Kafka 4.3 does: what an older Kafka can still read. */
    static byte[] encode(GroupMetadataValue v, int version) {
        RecordOutput out = new RecordOutput().int16(version).string(v.protocolType()).int32(v.generation());
        nullable(out, v.protocol());
        nullable(out, v.leader());
        out.int64(v.currentStateTimestamp()).int32(v.members().size());
        for (GroupMetadataValue.Member m : v.members()) {
            out.string(m.memberId());
            nullable(out, m.groupInstanceId());
            out.string(m.clientId()).string(m.clientHost()).int32(m.rebalanceTimeout()).int32(m.sessionTimeout());
            bytes(out, m.subscription());
            bytes(out, m.assignment());
        }
        return out.toByteArray();
    }

    static GroupMetadataValue decode(short version, RecordInput in) {
        String protocolType = Objects.requireNonNull(in.string());
        int generation = in.int32();
        String protocol = in.string();
        String leader = in.string();
        long currentStateTimestamp = version >= 2 ? in.int64() : -1;
        var members = in.array(() -> member(version, in));
        in.skipTags();
        return new GroupMetadataValue(protocolType, generation, protocol, leader, currentStateTimestamp, members);
    }

    private static GroupMetadataValue.Member member(short version, RecordInput in) {
        String memberId = in.string();
        String instanceId = version >= 3 ? in.string() : null;
        String clientId = in.string();
        String clientHost = in.string();
        int rebalanceTimeout = version >= 1 ? in.int32() : -1;
        int sessionTimeout = in.int32();
        Bytes subscription = in.bytes();
        Bytes assignment = in.bytes();
        in.skipTags();
        // Before version 1 there was one timeout for both.
        return new GroupMetadataValue.Member(memberId, instanceId, clientId, clientHost,
                rebalanceTimeout == -1 ? sessionTimeout : rebalanceTimeout, sessionTimeout, subscription, assignment);
    }

    private static void nullable(RecordOutput out, String value) {
        if (value == null) {
            out.int16(-1);
        } else {
            out.string(value);
        }
    }

    private static void bytes(RecordOutput out, Bytes value) {
        out.int32(value.length()).raw(value.array());
    }
}
