package org.milena.benchmark.xa;

import jakarta.annotation.Resource;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.transaction.TransactionManager;
import java.util.List;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;

/** In place of a broker: a second resource that does nothing. What is left is what both brokers' transactions have in common. */
@Stateless
@TransactionAttribute(TransactionAttributeType.SUPPORTS)
public class Nothing implements Broker {

    @Resource(lookup = "java:/TransactionManager")
    private TransactionManager transactions;

    @Override
    public String name() {
        return "nothing";
    }

    @Override
    public void send(byte[] message) throws Exception {
        transactions.getTransaction().enlistResource(new Obedient());
    }

    @Override
    public void fill(Bean bean, List<byte[]> messages) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void pause(Bean bean) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void resume(Bean bean) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void clear() {
        // nothing is left
    }

    /** Votes yes, and remembers nothing. */
    private static final class Obedient implements XAResource {

        @Override
        public void start(Xid xid, int flags) {
            // nothing to begin
        }

        @Override
        public void end(Xid xid, int flags) {
            // nothing to end
        }

        @Override
        public int prepare(Xid xid) {
            return XA_OK;
        }

        @Override
        public void commit(Xid xid, boolean onePhase) {
            // nothing to commit
        }

        @Override
        public void rollback(Xid xid) {
            // nothing to roll back
        }

        @Override
        public void forget(Xid xid) {
            // nothing to forget
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
}
