package org.milena.connector.ra;

import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.XATerminator;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.concurrent.Callable;
import javax.transaction.xa.XAResource;

/**
 * WildFly's transaction manager, which knows resources by name. After a crash it finds in its log branches that it was to commit, and of some of them
 * no resource reports any more. Of one with a name it concludes that it was committed, once the resource of that name has been asked. One
 * without a name it keeps, and warns of it at each pass (ARJUNA016037, ARJUNA016038), for ever. IronJacamar, WildFly's connector container, gives no names
 * to what it gets from a resource adapter ({@code getXAResources}); so the recovery manager is told here. By reflection: its classes are
 * not there at compile time.
 */
final class Narayana {

    private static final System.Logger LOG = System.getLogger(Narayana.class.getName());

    private final Constructor<?> wrapper;
    private final Class<?> helper;
    private final Object recovery;
    private final Method add;
    private final Method remove;

    private Narayana(ClassLoader container, ClassLoader transactions) throws ReflectiveOperationException {
        Class<?> module = transactions.loadClass("com.arjuna.ats.internal.jta.recovery.arjunacore.XARecoveryModule");
        wrapper = container.loadClass("org.jboss.jca.core.tx.jbossts.XAResourceWrapperImpl")
                .getConstructor(XAResource.class, boolean.class, Boolean.class, String.class, String.class, String.class);
        helper = transactions.loadClass("com.arjuna.ats.jta.recovery.XAResourceRecoveryHelper");
        recovery = Objects.requireNonNull(module.getMethod("getRegisteredXARecoveryModule").invoke(null), "It recovers nothing");
        add = module.getMethod("addXAResourceRecoveryHelper", helper);
        remove = module.getMethod("removeXAResourceRecoveryHelper", helper);
    }

    /** @return null: the server has another transaction manager */
    static Narayana of(BootstrapContext context) {
        XATerminator terminator = terminator(context);
        if (terminator == null) {
            return null;
        }
        try {
            return new Narayana(context.getClass().getClassLoader(), terminator.getClass().getClassLoader());
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "After a crash in a message-driven bean the transaction log may keep entries: WildFly's transaction manager"
                    + " is none that is known", e);
            return null;
        }
    }

    /** The {@code node-identifier} of WildFly's transactions, which names its part in each Xid. Null: nobody knows. */
    static String nodeIdentifier(BootstrapContext context) {
        XATerminator terminator = terminator(context);
        if (terminator == null) {
            return null;
        }
        try {
            Object environment = terminator.getClass().getClassLoader().loadClass("com.arjuna.ats.arjuna.common.arjPropertyManager")
                    .getMethod("getCoreEnvironmentBean").invoke(null);
            return (String) environment.getClass().getMethod("getNodeIdentifier").invoke(environment);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "The transaction manager does not say its name", e);
            return null;
        }
    }

    private static XATerminator terminator(BootstrapContext context) {
        return context.getClass().getName().startsWith("org.jboss.") ? context.getXATerminator() : null;
    }

    /**
     * As IronJacamar wraps the resources of a pool; they recognise each other through that. A proxy of ours would not do: proxies are serialisable,
     * and then Narayana wants to write the resource itself into its log.
     *
     * @param name of the resource manager and its broker: the same after a restart, and no other's
     */
    XAResource named(XAResource resource, String name) {
        try {
            return (XAResource) wrapper.newInstance(resource, false, null, "Milena", "", name);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("A resource can't be given a name", e);
        }
    }

    /**
     * Has the recovery manager ask these.
     *
     * @param named asked for at each pass
     * @return takes that back; waits for a pass that uses them
     */
    AutoCloseable register(Callable<XAResource[]> named) {
        Object asking = Proxy.newProxyInstance(helper.getClassLoader(), new Class<?>[] {helper}, (proxy, method, arguments) -> switch (method.getName()) {
            case "getXAResources" -> named.call();
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            case "initialise" -> true;
            default -> "Milena's recovery";
        });
        try {
            add.invoke(recovery, asking);
            return () -> remove.invoke(recovery, asking);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("The recovery manager can't be told whom to ask", e);
        }
    }
}
