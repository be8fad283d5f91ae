package org.milena.tests.connector;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** A resource that halts the server when it is asked to prepare, or to commit. It recovers nothing. */
final class Halt implements XAResource {

    private final String when;

    Halt(String when) {
        this.when = when;
    }

    /**
     * Where the server knows resources by names, under that of another: when that one has been asked after a crash, the server
     * knows that of this one nothing is in doubt, and forgets it.
     *
     * @param server a class loader that has the transaction manager's classes
     */
    XAResource as(String name, ClassLoader server) {
        try {
            return (XAResource) Proxy.newProxyInstance(server, new Class<?>[] {server.loadClass("org.jboss.tm.XAResourceWrapper")},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "getJndiName" -> name;
                        case "getProductName", "getProductVersion" -> "";
                        case "getResource" -> this;
                        case "equals" -> proxy == arguments[0];
                        default -> {
                            try {
                                yield method.invoke(this, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        }
                    });
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
