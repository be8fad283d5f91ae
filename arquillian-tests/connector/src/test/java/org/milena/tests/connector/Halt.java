package org.milena.tests.connector;

import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A resource that halts the server when it is asked to prepare, or to commit. It recovers nothing. */
final class Halt implements XAResource {

    private final String when;

    Halt(String when) {
        this.when = when;
    }

    /**
     * Where the server knows resources by names, under that of another: when that one has been asked after a crash, the server knows that of
     * this one nothing is in doubt, and forgets it.
     */
    XAResource as(String name) throws ReflectiveOperationException {
        try {
            return (XAResource) Class.forName("org.jboss.jca.core.tx.jbossts.XAResourceWrapperImpl")
                    .getConstructor(XAResource.class, boolean.class, Boolean.class, String.class, String.class, String.class)
                    .newInstance(this, false, null, "Halt", "", name);
        } catch (ClassNotFoundException e) {
            return this; // Payara does not
        }
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
