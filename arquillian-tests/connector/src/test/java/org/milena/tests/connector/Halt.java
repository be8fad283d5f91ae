package org.milena.tests.connector;

import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A resource that halts the server when it is asked to prepare, or to commit. It recovers nothing. */
final class Halt implements XAResource {

    private final String when;

    Halt(String when) {
        this.when = when;
    }

    @Override
    public int prepare(Xid xid) {
        halt("prepare");
        return XA_OK;
    }

    @Override
    public void commit(Xid xid, boolean onePhase) {
        halt("commit");
    }

    private void halt(String here) {
        if (when.equals(here)) {
            Runtime.getRuntime().halt(99);
        }
    }

    @Override
    public void rollback(Xid xid) {
        // nothing was done
    }

    @Override
    public void start(Xid xid, int flags) {
        // does nothing
    }

    @Override
    public void end(Xid xid, int flags) {
        // does nothing
    }

    @Override
    public void forget(Xid xid) {
        // nothing is remembered
    }

    @Override
    public Xid[] recover(int flags) {
        return new Xid[0];
    }

    @Override
    public boolean isSameRM(XAResource other) {
        return other == this;
    }

    @Override
    public int getTransactionTimeout() {
        return 0;
    }

    @Override
    public boolean setTransactionTimeout(int seconds) {
        return false;
    }
}
