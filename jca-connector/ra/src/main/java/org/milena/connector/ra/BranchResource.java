package org.milena.connector.ra;

import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.milena.connector.client.Branch;
import org.milena.connector.client.BranchXid;
import org.milena.connector.client.Cluster;
import org.milena.connector.client.ResourceManager;

/**
 * What a transaction manager holds of a connection: says in which branch the connection works, and carries out what is decided about branches, of
 * whichever connection. Connections of one resource manager may share a branch (TMJOIN). Thread-safe: the transaction manager may end a branch from
 * a thread of its own while the connection is used.
 */
class BranchResource implements XAResource {

    private final ResourceManager manager;
    private final Cluster cluster;
    private final int defaultTimeoutMs;
    private volatile int timeoutMs;
    private Branch current;
    /** The transaction manager has ended {@link #current} as failed: the connection works in none, but what is still sent was meant for that one (rules 19). */
    private boolean givenUp;
    /** The last that began here. One that was joined, another resource has begun, and the transaction manager asks that one to end it. */
    private volatile BranchXid begun;

    /** @param transactionTimeoutMs {@code transaction.timeout.ms}, where the transaction manager gives none */
    BranchResource(ResourceManager manager, Cluster cluster, int transactionTimeoutMs) {
        this.manager = manager;
        this.cluster = cluster;
        this.defaultTimeoutMs = transactionTimeoutMs;
        this.timeoutMs = transactionTimeoutMs;
    }

    /** The branch in which the connection works now, perhaps ended already, or given up; null outside of any. */
    synchronized Branch branch() {
        return current;
    }

    @Override
    public synchronized void start(Xid xid, int flags) throws XAException {
        if (current != null && current.isOpen() && !givenUp) {
            throw failure(XAException.XAER_PROTO, "The connection is in branch " + current.xid() + " already");
        }
        current = switch (flags) {
            case TMNOFLAGS -> manager.begin(cluster, xid, timeoutMs);
            case TMJOIN, TMRESUME -> manager.join(xid);
            default -> throw failure(XAException.XAER_INVAL, "No branch can be started with flags " + flags);
        };
        givenUp = false;
        if (flags == TMNOFLAGS) {
            begun = current.xid();
        }
    }

    @Override
    public synchronized void end(Xid xid, int flags) throws XAException {
        if (flags != TMSUCCESS && flags != TMFAIL && flags != TMSUSPEND) {
            throw failure(XAException.XAER_INVAL, "No branch can be ended with flags " + flags);
        }
        BranchXid ending = BranchXid.of(xid);
        // One that was suspended is ended without being resumed.
        Branch branch = current != null && current.xid().equals(ending) ? current : manager.join(ending);
        if (flags == TMFAIL) {
            branch.doom("the transaction manager gave it up");
        }
        if (branch == current) {
            givenUp = flags == TMFAIL;
            current = givenUp ? branch : null;
        }
    }

    synchronized boolean isGivenUp() {
        return givenUp;
    }

    /** Nobody sends any more who was at it when the branch was given up. */
    synchronized void cleanup() {
        if (givenUp) {
            givenUp = false;
            current = null;
        }
    }

    @Override
    public int prepare(Xid xid) throws XAException {
        return manager.prepare(cluster, xid);
    }

    @Override
    public void commit(Xid xid, boolean onePhase) throws XAException {
        manager.commit(cluster, xid, onePhase);
    }

    @Override
    public void rollback(Xid xid) throws XAException {
        manager.rollback(cluster, xid);
    }

    @Override
    public void forget(Xid xid) throws XAException {
        manager.forget(cluster, xid);
    }

    /** All at once, with the start of the scan. */
    @Override
    public Xid[] recover(int flags) throws XAException {
        if ((flags & ~(TMSTARTRSCAN | TMENDRSCAN)) != 0) {
            throw failure(XAException.XAER_INVAL, "Nothing can be recovered with flags " + flags);
        }
        return (flags & TMSTARTRSCAN) != 0 ? manager.recover(cluster) : new Xid[0];
    }

    /** They share branches. Another adapter's connections, of another deployment, have branches of their own. */
    @Override
    public boolean isSameRM(XAResource other) {
        return other instanceof BranchResource that && that.manager == manager;
    }

    /** The broker ends the branch when it is over, from its first send on. */
    @Override
    public boolean setTransactionTimeout(int seconds) throws XAException {
        if (seconds < 0) {
            throw failure(XAException.XAER_INVAL, "A timeout of " + seconds + " s");
        }
        timeoutMs = seconds == 0 ? defaultTimeoutMs : (int) Math.min(Integer.MAX_VALUE, seconds * 1000L);
        return true;
    }

    @Override
    public int getTransactionTimeout() {
        return (int) ((timeoutMs + 999L) / 1000);
    }

    /** The connection goes: what it has open can only be rolled back. */
    void abandon() {
        cleanup();
        Branch left = branch();
        if (left == null || !left.isOpen()) {
            return;
        }
        left.doom("its connection was destroyed");
        if (!left.xid().equals(begun)) {
            return;
        }
        try {
            manager.rollback(cluster, left.xid());
        } catch (XAException e) {
            throw new IllegalStateException("An open branch can always be rolled back", e);
        }
    }

    private static XAException failure(int code, String message) {
        XAException failure = new XAException(message);
        failure.errorCode = code;
        return failure;
    }
}
