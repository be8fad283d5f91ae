package org.milena.tests.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.milena.persistence.testing.PostgreSql;

/**
 * The server under test as it comes out of its zip, in a directory and on ports of its own, which one test starts and stops as it
 * likes. Arquillian's server, on the ports beside, is another one.
 */
abstract class FreshServer implements AutoCloseable {

    static final Path HOME = Path.of(System.getProperty("milena.test.server.home"));
    static final Path EAR = Path.of(System.getProperty("milena.test.ear"));
    private static final int KAFKA_PORT = Integer.parseInt(System.getProperty("milena.test.bootstrap").split(":")[1]) + 1;

    final Map<String, String> environment = new LinkedHashMap<>();
    final Map<String, String> systemProperties = new LinkedHashMap<>();
    final Properties settings = new Properties();

    FreshServer() {
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1"); // for seconds of life the optimizing compiler costs more than it saves
        settings.put("listeners", "PLAINTEXT://" + bootstrap());
    }

    /** @param directory empty, and the test's own */
    static FreshServer in(Path directory) throws Exception {
        return System.getProperty("milena.test.server").equals("wildfly") ? new FreshWildFly(directory, "standalone.xml") : new FreshPayara(directory);
    }

    String bootstrap() {
        return "127.0.0.1:" + KAFKA_PORT;
    }

    /** Returns when the server and what is deployed on it have started, or have failed to. */
    abstract void start() throws Exception;

    /** Deploys the EAR on the running server, as an operator does. Returns when it has started or failed. */
    abstract void deploy() throws Exception;

    /** Makes the server, while it is down, offer PostgreSQL as a data source. @return its JNDI name */
    abstract String dataSource(PostgreSql database) throws Exception;

    abstract void stop() throws Exception;

    abstract Path data();

    /** Everything that the server has said since it was last started, without colours. */
    abstract List<String> log() throws IOException;

    abstract int httpPort();

    /** Warnings, errors and stack traces, but for those that the server has for every application. */
    abstract List<String> troubles() throws IOException;

    /** Where the server's own health endpoint is, with MicroProfile Health. */
    abstract int healthPort();

    /** The status of a GET. */
    int get(String path) throws IOException, InterruptedException {
        return Web.get(httpPort(), path).statusCode();
    }

    /** Returns when the log has such a line. */
    void awaitLog(String what, Predicate<String> line) throws Exception {
        await(what, () -> log().stream().anyMatch(line));
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    void await(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited for " + what + ":\n" + String.join("\n", log()));
            }
            pause();
        }
    }

    /** Between two looks at a condition. */
    void pause() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(100);
    }

    void writeSettings() throws IOException {
        Files.createDirectories(data());
        try (var out = Files.newBufferedWriter(data().resolve("milena.properties"))) {
            settings.store(out, null);
        }
    }

    static Process process(Map<String, String> environment, Path output, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    static void copyAtomically(Path from, Path directory, String name) throws IOException {
        Files.createDirectories(directory);
        Path copying = Files.copy(from, directory.resolveSibling(name + ".copying"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(copying, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws Exception {
        stop();
    }
}
