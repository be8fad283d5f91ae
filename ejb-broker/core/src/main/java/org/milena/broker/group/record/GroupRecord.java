package org.milena.broker.group.record;

import org.milena.broker.coordinator.CoordinatorRecord;

/** A record of {@code __consumer_offsets}. A null value is a tombstone. */
public record GroupRecord(GroupKey key, GroupValue value) implements CoordinatorRecord {

    public static GroupRecord tombstone(GroupKey key) {
        return new GroupRecord(key, null);
    }

    @Override
    public byte[] encodeKey() {
        return GroupRecordCodec.encodeKey(key);
    }

    @Override
    public byte[] encodeValue() {
        return value == null ? null : GroupRecordCodec.encodeValue(value);
    }

    /** What an answer may depend on: a group's members and assignments, or its committed offsets. */
    public record Scope(String groupId, boolean offsets) {
        public static Scope members(String groupId) {
            return new Scope(groupId, false);
        }

        public static Scope offsets(String groupId) {
            return new Scope(groupId, true);
        }
    }

    @Override
    public Scope scope() {
        return new Scope(key.groupId(), key.type() == RecordType.OFFSET_COMMIT);
    }
}
