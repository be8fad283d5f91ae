package org.milena.tests.broker;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Starts JVMs beside the test's: with the jars of another Kafka release, or with the test's own. */
public final class Jvm {
    private Jvm() { }

    /** Jars of another release as module kafka-libs laid them out: {@code tools}, {@code clients-2.0.1}, … */
    public static String libs(String name) {
        Path dir = Path.of(System.getProperty("milena.test.kafka.libs", "../kafka-libs/target"), name).toAbsolutePath().normalize();
        if (!Files.isDirectory(dir)) {
            throw new IllegalStateException("no jars in " + dir + ": build module arquillian-tests/kafka-libs first (mvn -am does)");
        }
        return dir + File.separator + "*";
    }

    /** The test classes alone. */
    public static String testClasses() {
        return Path.of(java.net.URI.create(Jvm.class.getProtectionDomain().getCodeSource().getLocation().toString())).toString();
    }

    /** The test JVM's own kafka-clients, the product's release, with what it needs. */
    public static String ownClients() {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return String.join(File.pathSeparator, Stream.of(path.split(File.pathSeparator)).filter(entry -> entry.endsWith(".jar")).toList());
    }

    public static ExternalProcess start(String classPath, List<String> options, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, mainClass));
        command.addAll(arguments);
        return ExternalProcess.start(command, Map.of());
    }

    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
