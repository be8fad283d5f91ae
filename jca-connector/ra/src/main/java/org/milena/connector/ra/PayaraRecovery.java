package org.milena.connector.ra;

import jakarta.resource.ResourceException;
import jakarta.resource.spi.BootstrapContext;
import jakarta.resource.spi.ManagedConnection;
import jakarta.resource.spi.ManagedConnectionFactory;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.util.List;
import javax.transaction.xa.XAResource;

/**
 * Has Payara's transaction manager ask the broker in the same server for branches in doubt, when it recovers after a start. By itself it asks for
 * pools of the server's configuration only, and not for those of a {@code @ConnectionFactoryDefinition}. By reflection: its classes are not
 * there at compile time.
 */
final class PayaraRecovery implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PayaraRecovery.class.getName());
    private static final String HANDLER = "com.sun.enterprise.transaction.spi.RecoveryResourceHandler";

    private final Object locator;
    private final Object descriptor;
    private final Class<?> utilities;

    private PayaraRecovery(Object locator, Object descriptor, Class<?> utilities) {
        this.locator = locator;
        this.descriptor = descriptor;
        this.utilities = utilities;
    }

    /** @return null: the server is no Payara */
    static PayaraRecovery of(BootstrapContext context, ManagedConnectionFactory factory) {
        if (!context.getClass().getName().startsWith("com.sun.enterprise.connectors.")) {
            return null;
        }
        try {
            return register(context.getClass().getClassLoader(), factory);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "XA branches of a crashed server are not found by themselves: Payara is none that is known", e);
            return null;
        }
    }

    private static PayaraRecovery register(ClassLoader classes, ManagedConnectionFactory factory) throws ReflectiveOperationException {
        Class<?> handlerType = classes.loadClass(HANDLER);
        Object locator = classes.loadClass("org.glassfish.internal.api.Globals").getMethod("getDefaultHabitat").invoke(null);
        ClassLoader services = locator.getClass().getClassLoader();
        Class<?> utilities = services.loadClass("org.glassfish.hk2.utilities.ServiceLocatorUtilities");
        Object descriptor = utilities.getMethod("addOneConstant", services.loadClass("org.glassfish.hk2.api.ServiceLocator"), Object.class, String.class,
                Type[].class).invoke(null, locator, handler(handlerType, factory), "milena-" + System.identityHashCode(factory), new Type[] {handlerType});
        return new PayaraRecovery(locator, descriptor, utilities);
    }

    @SuppressWarnings("unchecked")
    private static Object handler(Class<?> type, ManagedConnectionFactory factory) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> switch (method.getName()) {
            case "loadXAResourcesAndItsConnections" -> load(factory, (List<XAResource>) arguments[0], (List<ManagedConnection>) arguments[1]);
            case "closeConnections" -> close((List<ManagedConnection>) arguments[0]);
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "Milena's recovery";
        });
    }

    private static Object load(ManagedConnectionFactory factory, List<XAResource> resources, List<ManagedConnection> connections) {
        try {
            ManagedConnection connection = factory.createManagedConnection(null, null);
            connections.add(connection);
            resources.add(connection.getXAResource());
        } catch (ResourceException e) {
            LOG.log(System.Logger.Level.WARNING, "XA branches in doubt can't be asked for", e);
        }
        return null;
    }

    private static Object close(List<ManagedConnection> connections) throws ResourceException {
        for (ManagedConnection connection : connections) {
            connection.destroy();
        }
        return null;
    }

    @Override
    public void close() {
        try {
            ClassLoader services = locator.getClass().getClassLoader();
            utilities.getMethod("removeOneDescriptor", services.loadClass("org.glassfish.hk2.api.ServiceLocator"),
                    services.loadClass("org.glassfish.hk2.api.Descriptor")).invoke(null, locator, descriptor);
        } catch (ReflectiveOperationException e) {
            LOG.log(System.Logger.Level.WARNING, "The transaction manager goes on asking for branches of an adapter that has stopped", e);
        }
    }
}
