package org.milena.broker.group.record;

import org.milena.broker.group.runtime.CoordinatorRecord;

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

    /** The group, unless it is a committed offset: nobody but its own request waits for that one. */
    @Override
    public String scope() {
        return key.type() == RecordType.OFFSET_COMMIT ? null : key.groupId();
    }
}
