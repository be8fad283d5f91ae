package org.milena.broker.group.record;

/** The kinds of record in {@code __consumer_offsets} that this broker reads: the first two bytes of the key. */
public enum RecordType {
    LEGACY_OFFSET_COMMIT(0), OFFSET_COMMIT(1), GROUP_METADATA(2),
    CONSUMER_GROUP_METADATA(3), CONSUMER_GROUP_PARTITION_METADATA(4), CONSUMER_GROUP_MEMBER_METADATA(5),
    CONSUMER_GROUP_TARGET_ASSIGNMENT_METADATA(6), CONSUMER_GROUP_TARGET_ASSIGNMENT_MEMBER(7),
    CONSUMER_GROUP_CURRENT_MEMBER_ASSIGNMENT(8), CONSUMER_GROUP_REGULAR_EXPRESSION(16);

    private static final RecordType[] BY_ID = new RecordType[17];

    static {
        for (RecordType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final short id;

    RecordType(int id) {
        this.id = (short) id;
    }

    public short id() {
        return id;
    }

    /** Null for a kind that this broker doesn't know (share and streams groups, or a newer Kafka's). */
    public static RecordType of(short id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }
}
