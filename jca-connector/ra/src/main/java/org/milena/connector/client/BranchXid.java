package org.milena.connector.client;

import java.util.Arrays;
import java.util.HexFormat;
import javax.transaction.xa.Xid;

/** An Xid that is equal to another of the same bytes, whoever made it. Immutable. */
public final class BranchXid implements Xid {

    private final int formatId;
    private final byte[] globalId;
    private final byte[] qualifier;

    BranchXid(int formatId, byte[] globalId, byte[] qualifier) {
        this.formatId = formatId;
        this.globalId = globalId.clone();
        this.qualifier = qualifier.clone();
    }

    public static BranchXid of(Xid xid) {
        return xid instanceof BranchXid own ? own : new BranchXid(xid.getFormatId(), xid.getGlobalTransactionId(), xid.getBranchQualifier());
    }

    @Override
    public int getFormatId() {
        return formatId;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return globalId.clone();
    }

    @Override
    public byte[] getBranchQualifier() {
        return qualifier.clone();
    }

    /** Transaction managers that recover from several deployments of this adapter, each with a class of this name, tell doubles by it. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Xid that && formatId == that.getFormatId() && Arrays.equals(globalId, that.getGlobalTransactionId())
                && Arrays.equals(qualifier, that.getBranchQualifier());
    }

    @Override
    public int hashCode() {
        return 31 * (31 * formatId + Arrays.hashCode(globalId)) + Arrays.hashCode(qualifier);
    }

    /** As the broker logs it: format, global id and qualifier in hexadecimal digits. */
    @Override
    public String toString() {
        return formatId + ":" + HexFormat.of().formatHex(globalId) + ":" + HexFormat.of().formatHex(qualifier);
    }
}
