package org.milena.connector.ra;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.ejb.EJBException;
import jakarta.resource.spi.endpoint.MessageEndpoint;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.milena.connector.BatchListener;
import org.milena.connector.RecordListener;

/** A server's side of message-driven beans: calls one bean for all, each delivery in a transaction of its own if so wanted. */
final class FakeEndpoints implements MessageEndpointFactory {

    private static final AtomicInteger TRANSACTIONS = new AtomicInteger((int) System.nanoTime());

    /** Set by a bean: its transaction is to be rolled back. */
    static final ThreadLocal<Boolean> ROLLBACK_ONLY = ThreadLocal.withInitial(() -> false);

    private final Object bean;
    private final boolean transacted;
    final AtomicInteger open = new AtomicInteger();
    /** What the transaction manager did last, for each delivery. */
    final List<String> ends = new CopyOnWriteArrayList<>();
    /** Between prepare and commit. */
    volatile Runnable betweenPhases;
    /** As where there is no other resource. */
    volatile boolean onePhase;
    /** The transaction of the delivery by this thread. */
    private final ThreadLocal<Handler> current = new ThreadLocal<>();

    FakeEndpoints(Object bean, boolean transacted) {
        this.bean = bean;
        this.transacted = transacted;
    }

    @Override
    public MessageEndpoint createEndpoint(XAResource resource) {
        open.incrementAndGet();
        Class<?> listener = bean instanceof BatchListener ? BatchListener.class : RecordListener.class;
        return (MessageEndpoint) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {MessageEndpoint.class, listener}, new Handler(resource));
    }

    @Override
    public MessageEndpoint createEndpoint(XAResource resource, long timeout) {
        return createEndpoint(resource);
    }

    /** A resource that the bean uses: as transaction managers do it, one that is the same as the delivery's joins that one's branch, and is not asked to prepare. */
    void enlist(XAResource other) throws XAException {
        assertThat(isSame(other)).isTrue();
        Handler delivery = current.get();
        other.start(delivery.transaction, XAResource.TMJOIN);
        delivery.joined.add(other);
    }

    /** Asked both ways: transaction managers do it either way. */
    boolean isSame(XAResource other) throws XAException {
        XAResource delivery = current.get().resource;
        boolean same = other.isSameRM(delivery);
        assertThat(delivery.isSameRM(other)).isEqualTo(same);
        return same;
    }

    /** Of the delivery by this thread. */
    FakeXid transaction() {
        return current.get().transaction;
    }

    private final class Handler implements InvocationHandler {

        private final List<XAResource> joined = new ArrayList<>();
        private final XAResource resource;
        private FakeXid transaction;
        private boolean failed;

        private Handler(XAResource resource) {
            this.resource = resource;
        }

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
            switch (method.getName()) {
                case "release" -> open.decrementAndGet();
                case "beforeDelivery" -> {
                    transaction = new FakeXid(TRANSACTIONS.incrementAndGet());
                    failed = false;
                    joined.clear();
                    current.set(this);
                    ROLLBACK_ONLY.set(false);
                    resource.start(transaction, XAResource.TMNOFLAGS);
                }
                case "afterDelivery" -> end();
                default -> call(method, arguments);
            }
            return null;
        }

        private void call(Method method, Object[] arguments) throws Throwable {
            try {
                method.invoke(bean, arguments);
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    failed = true;
                    throw new EJBException(cause);
                }
                throw e.getCause();
            }
        }

        private void end() throws Exception {
            try {
                resource.end(transaction, failed ? XAResource.TMFAIL : XAResource.TMSUCCESS);
                for (XAResource each : joined) {
                    each.end(transaction, failed ? XAResource.TMFAIL : XAResource.TMSUCCESS);
                }
                if (failed || ROLLBACK_ONLY.get()) {
                    resource.rollback(transaction);
                    ends.add("rolled back");
                } else if (onePhase) {
                    resource.commit(transaction, true);
                    ends.add("committed in one phase");
                } else if (resource.prepare(transaction) == XAResource.XA_OK) {
                    if (betweenPhases != null) {
                        betweenPhases.run();
                    }
                    resource.commit(transaction, false);
                    ends.add("committed");
                }
            } catch (XAException e) {
                ends.add("XA " + e.errorCode);
                throw new jakarta.resource.ResourceException("the transaction did not commit", e);
            }
        }
    }

    record FakeXid(int number) implements Xid {

        @Override
        public int getFormatId() {
            return 4711;
        }

        @Override
        public byte[] getGlobalTransactionId() {
            return ByteBuffer.allocate(4).putInt(number).array();
        }

        @Override
        public byte[] getBranchQualifier() {
            return new byte[] {1};
        }
    }

    @Override
    public boolean isDeliveryTransacted(Method method) {
        return transacted;
    }

    @Override
    public String getActivationName() {
        return "bean";
    }

    @Override
    public Class<?> getEndpointClass() {
        return bean.getClass();
    }
}
