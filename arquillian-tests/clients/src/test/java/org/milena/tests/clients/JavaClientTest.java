package org.milena.tests.clients;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.milena.tests.broker.Jvm;

/** Kafka's own Java client, from the oldest release Kafka 4 still serves to the product's own. */
class JavaClientTest {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

    private static Driver driver(String name, List<String> codecs, String jars, String... extra) {
        return new Driver(name, codecs, true, null, (verb, arguments) -> {
            List<String> all = new ArrayList<>(List.of(verb));
            all.addAll(arguments);
            if (!verb.equals("produce")) all.addAll(List.of(extra));
            return Jvm.start(Jvm.testClasses() + File.pathSeparator + jars, List.of(), JavaDriver.class.getName(), all);
        });
    }

    @Nested
    class Java201 extends ClientContract {
        @Override
        Driver driver() {
            return JavaClientTest.driver("java-2.0.1", List.of("none", "gzip", "snappy", "lz4"), Jvm.libs("clients-2.0.1"));
        }
    }

    @Nested
    class Java282 extends ClientContract {
        @Override
        Driver driver() {
            return JavaClientTest.driver("java-2.8.2", CODECS, Jvm.libs("clients-2.8.2"));
        }
    }

    @Nested
    class Java440 extends ClientContract {
        @Override
        Driver driver() {
            return JavaClientTest.driver("java-4.4.0", CODECS, Jvm.ownClients());
        }
    }

    /** KIP-848: the server assigns the partitions. */
    @Nested
    class Java440ConsumerProtocol extends ClientContract {
        @Override
        Driver driver() {
            return JavaClientTest.driver("java-4.4.0-kip848", CODECS, Jvm.ownClients(), "config.group.protocol=consumer");
        }
    }

    @Nested
    class Java440Cooperative extends ClientContract {
        @Override
        Driver driver() {
            return JavaClientTest.driver("java-4.4.0-cooperative", List.of("none"), Jvm.ownClients(),
                "config.partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
        }
    }
}
