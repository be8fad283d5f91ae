package org.milena.connector.ra;

import jakarta.resource.spi.ConnectionManager;
import jakarta.resource.spi.ManagedConnectionFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * Has WildFly's recovery manager ask a pool's broker for branches in doubt. IronJacamar, WildFly's connector container, does so by itself only for
 * pools that have a recovery user in the server's configuration (else IJ020016), which those of a {@code @ConnectionFactoryDefinition} can't
 * have; this adapter knows no users. So it is told here what it would have told itself, by reflection: its classes are not there at compile time.
 */
final class IronJacamarRecovery implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(IronJacamarRecovery.class.getName());
    private static final String SPI = "org.jboss.jca.core.spi.";
    private static final String VALIDATING_PLUGIN = "org.jboss.jca.core.recovery.ValidatingManagedConnectionFactoryRecoveryPlugin";

    private final Object registry;
    private final Object created;
    private final Object registered;
    private final ClassLoader classes;

    private IronJacamarRecovery(Object registry, Object created, Object registered, ClassLoader classes) {
        this.registry = registry;
        this.created = created;
        this.registered = registered;
        this.classes = classes;
    }

    /** @return null: the pool is none of IronJacamar's, or not one for XA */
    static IronJacamarRecovery of(ConnectionManager pool, ManagedConnectionFactory factory) {
        if (!pool.getClass().getName().startsWith("org.jboss.jca.core.connectionmanager.tx.")) {
            return null;
        }
        try {
            return (Boolean) get(pool, "isLocalTransactions") ? null : register(pool, factory);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "XA branches of a crashed server are not found by themselves: WildFly's connector container is none that is known", e);
            return null;
        }
    }

    private static IronJacamarRecovery register(ConnectionManager pool, ManagedConnectionFactory factory) throws ReflectiveOperationException {
        ClassLoader classes = pool.getClass().getClassLoader();
        Object integration = get(pool, "getTransactionIntegration");
        Class<?> integrationType = classes.loadClass(SPI + "transaction.TransactionIntegration");
        Object registry = integrationType.getMethod("getRecoveryRegistry").invoke(integration);
        if (registry == null) {
            return null;
        }
        Class<?> plugin = classes.loadClass(SPI + "recovery.RecoveryPlugin");
        Method create = integrationType.getMethod("createXAResourceRecovery", ManagedConnectionFactory.class, Boolean.class, Boolean.class, Boolean.class,
                String.class, String.class, String.class, classes.loadClass(SPI + "security.SubjectFactory"), plugin,
                classes.loadClass(SPI + "transaction.XAResourceStatistics"));
        Object created = create.invoke(integration, factory, get(pool, "getPadXid"), get(pool, "getIsSameRMOverride"), get(pool, "getWrapXAResource"),
                "milena", "milena", null, null, classes.loadClass(VALIDATING_PLUGIN).getConstructor().newInstance(), null);
        IronJacamarRecovery recovery = new IronJacamarRecovery(registry, created, named(created, pool), classes);
        recovery.tell("addXAResourceRecovery");
        return recovery;
    }

    /** The pool gets its JNDI name, by which the transaction manager knows its branches again, only after its connection factory is made. */
    private static Object named(Object recovery, ConnectionManager pool) {
        return Proxy.newProxyInstance(recovery.getClass().getClassLoader(), recovery.getClass().getInterfaces(), (proxy, method, arguments) -> {
            if (method.getName().equals("equals")) {
                return proxy == arguments[0];
            }
            if (method.getName().equals("getXAResources")) {
                recovery.getClass().getMethod("setJndiName", String.class).invoke(recovery, get(pool, "getJndiName"));
            }
            try {
                return method.invoke(recovery, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    private static Object get(Object from, String method) throws ReflectiveOperationException {
        return from.getClass().getMethod(method).invoke(from);
    }

    private void tell(String what) throws ReflectiveOperationException {
        classes.loadClass(SPI + "transaction.recovery.XAResourceRecoveryRegistry")
                .getMethod(what, classes.loadClass(SPI + "transaction.recovery.XAResourceRecovery")).invoke(registry, registered);
    }

    /** Waits for a recovery pass that uses it. */
    @Override
    public void close() {
        try {
            tell("removeXAResourceRecovery");
            created.getClass().getMethod("shutdown").invoke(created);
        } catch (ReflectiveOperationException e) {
            LOG.log(System.Logger.Level.WARNING, "The recovery manager goes on asking for branches of a pool that is gone", e);
        }
    }
}
