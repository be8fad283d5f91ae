package org.milena.tests.broker;

import java.nio.file.Path;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The one broker all tests of a run share. System property {@code milena.bootstrap} says which: an address, or
 * {@code kafka} to start Apache Kafka itself, or nothing to start a stock WildFly with the built EAR. What was started
 * here is stopped after the last test.
 */
public final class BrokerUnderTest implements BeforeAllCallback {
    private static final ExtensionContext.Namespace SPACE = ExtensionContext.Namespace.create(BrokerUnderTest.class);
    private static volatile String bootstrap;

    /** The address clients connect to. */
    public static String bootstrap() {
        return bootstrap;
    }

    /** Whether these tests calibrate themselves against Apache Kafka instead of testing us. */
    public static boolean isKafka() {
        return "kafka".equals(System.getProperty("milena.bootstrap"));
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Running running = context.getRoot().getStore(SPACE).getOrComputeIfAbsent(Running.class, key -> tryToStart(), Running.class);
        if (running.failure() != null) throw new AssertionError("no broker to test", running.failure());
        bootstrap = running.bootstrap();
    }

    /** A broker that did not come up is not tried again by every class. */
    private static Running tryToStart() {
        try {
            return start();
        } catch (RuntimeException | AssertionError e) {
            return new Running(null, () -> { }, e);
        }
    }

    private static Running start() {
        String given = System.getProperty("milena.bootstrap", "");
        Path target = Path.of(System.getProperty("milena.test.target", "target"));
        if (given.isEmpty()) {
            WildFly server = new WildFly(target.resolve("wildfly-run"));
            return new Running(server.bootstrap(), server, null);
        }
        if (given.equals("kafka")) {
            Kafka kafka = new Kafka(target.resolve("kafka-" + ProcessHandle.current().pid()));
            return new Running(kafka.bootstrap(), kafka, null);
        }
        return new Running(given, () -> { }, null);
    }

    private record Running(String bootstrap, AutoCloseable server, Throwable failure) implements AutoCloseable {
        @Override
        public void close() throws Exception {
            server.close();
        }
    }
}
