package org.milena.connector.ra;

import javax.transaction.xa.XAException;
import javax.transaction.xa.Xid;
import org.milena.connector.client.BranchXid;
import org.milena.connector.client.Cluster;
import org.milena.connector.client.ResourceManager;

/** Takes part in the transactions of deliveries, one after the other, and knows how the last one ended. */
final class DeliveryResource extends BranchResource {

    enum End { COMMITTED, ROLLED_BACK }

    private volatile BranchXid last;
    private volatile End end;

    DeliveryResource(ResourceManager manager, Cluster cluster, int transactionTimeoutMs) {
        super(manager, cluster, transactionTimeoutMs);
    }

    /** Null while that is open: the transaction manager has not said, or it could not be done yet. */
    End end() {
        return end;
    }

    @Override
    public void start(Xid xid, int flags) throws XAException {
        end = null; // also if it fails, and the server does not mind: nothing is to be taken for the end of this delivery
        last = BranchXid.of(xid);
        super.start(xid, flags);
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        try {
            return super.prepare(xid);
        } catch (XAException e) {
            throw told(xid, e);
        }
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        try {
            super.commit(xid, onePhase);
            ended(xid, End.COMMITTED);
        } catch (XAException e) {
            throw told(xid, e);
        }
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        try {
            super.rollback(xid);
            ended(xid, End.ROLLED_BACK);
        } catch (XAException e) {
            throw told(xid, e);
        }
    }

    private XAException told(Xid xid, XAException e) {
        if (e.errorCode >= XAException.XA_RBBASE && e.errorCode <= XAException.XA_RBEND || e.errorCode == XAException.XA_HEURRB) {
            ended(xid, End.ROLLED_BACK);
        } else if (e.errorCode == XAException.XA_HEURCOM) {
            ended(xid, End.COMMITTED);
        }
        return e;
    }

    /** Of an earlier one it does not matter any more. */
    private void ended(Xid xid, End how) {
        if (BranchXid.of(xid).equals(last)) {
            end = how;
        }
    }
}
