package org.milena.broker.transaction;

import java.util.Arrays;
import java.util.HexFormat;

/** The Xid of a transaction branch (X/Open XA): global id and qualifier have up to 64 bytes each. Immutable. */
public final class BranchId {

    private static final int MAX_BYTES = 64;

    private final int formatId;
    private final byte[] globalId;
    private final byte[] qualifier;

    /** @throws IllegalArgumentException no such Xid can be: the format is the null Xid's, or a part is too long */
    public BranchId(int formatId, byte[] globalId, byte[] qualifier) {
        if (formatId == -1 || globalId.length == 0 || globalId.length > MAX_BYTES || qualifier.length > MAX_BYTES) {
            throw new IllegalArgumentException("No Xid has format " + formatId + ", a global id of " + globalId.length
                    + " bytes and a qualifier of " + qualifier.length);
        }
        this.formatId = formatId;
        this.globalId = globalId.clone();
        this.qualifier = qualifier.clone();
    }

    /**
     * As {@link #toString} writes it.
     *
     * @throws IllegalArgumentException it is not written so, or no such Xid can be
     */
    public static BranchId parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("\"" + text + "\" is no Xid, which is written as format:global id:qualifier");
        }
        return new BranchId(Integer.parseInt(parts[0]), HexFormat.of().parseHex(parts[1]), HexFormat.of().parseHex(parts[2]));
    }

    public int formatId() {
        return formatId;
    }

    public byte[] globalId() {
        return globalId.clone();
    }

    public byte[] qualifier() {
        return qualifier.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BranchId id && id.formatId == formatId && Arrays.equals(id.globalId, globalId)
                && Arrays.equals(id.qualifier, qualifier);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * formatId + Arrays.hashCode(globalId)) + Arrays.hashCode(qualifier);
    }

    /** As an operator finds it in logs: format, global id and qualifier in hexadecimal digits. */
    @Override
    public String toString() {
        return formatId + ":" + HexFormat.of().formatHex(globalId) + ":" + HexFormat.of().formatHex(qualifier);
    }
}
