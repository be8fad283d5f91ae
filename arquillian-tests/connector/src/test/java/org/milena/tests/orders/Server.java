package org.milena.tests.orders;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The server under test out of its zip, with Milena's EAR, the sample's as it is shipped, and a data source for it; to be killed and started again. */
abstract class Server implements AutoCloseable {

    static final Path HOME = Path.of(System.getProperty("milena.test.server.home"));
    static final Path MILENA = Path.of(System.getProperty("milena.test.ear"));
    /** Its sources. */
    static final Path SAMPLE = Path.of(System.getProperty("milena.test.sample"));
    static final Path SAMPLE_EAR = SAMPLE.resolve("ear/target/order-service.ear");
    /** The first of the ports that are this test's alone. */
    static final int PORTS = Integer.getInteger("milena.test.sample.ports");
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();

    final Path directory;
    final Database database;

    Server(Path directory, Database database) {
        this.directory = directory;
        this.database = database;
    }

    /** Not started yet. @param directory empty, and the test's own */
    static Server in(Path directory, Database database) throws Exception {
        return System.getProperty("milena.test.server").equals("wildfly") ? new WildFly(directory, database) : new Payara(directory, database);
    }

    /** Starts it for the first time, and tells it of the database; returns when the sample answers. */
    final void install() throws Exception {
        launch();
        deploy();
        awaitSample();
    }

    /** After it was killed. */
    final void start() throws Exception {
        launch();
        awaitSample();
    }

    private void awaitSample() throws Exception {
        await("the sample", () -> {
            try {
                return orders().statusCode() == 200;
            } catch (IOException e) {
                return false; // nobody listens yet
            }
        });
    }

    abstract void launch() throws Exception;

    /** The database, if it was not there before, and the sample. */
    abstract void deploy() throws Exception;

    /** The server has said that it can't deploy something. */
    abstract boolean failed() throws IOException;

    /** The JVM. */
    abstract ProcessHandle process() throws IOException;

    abstract int httpPort();

    abstract int kafkaPort();

    abstract Path logFile();

    /** As {@code kill -9} does. */
    final void kill() throws Exception {
        ProcessHandle victim = process();
        victim.destroyForcibly();
        victim.onExit().get(60, TimeUnit.SECONDS);
    }

    final String bootstrap() {
        return "127.0.0.1:" + kafkaPort();
    }

    /** The sample's web page: all rows of the database. */
    final HttpResponse<String> orders() throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + httpPort() + "/order-service/orders");
        return HTTP.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    final void await(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline || failed()) {
                throw new AssertionError("waited for " + what + ":\n" + endOfLog());
            }
            TimeUnit.MILLISECONDS.sleep(100); // between two looks
        }
    }

    final String endOfLog() throws IOException {
        if (!Files.exists(logFile())) {
            return "";
        }
        try (Stream<String> lines = Files.lines(logFile())) {
            List<String> all = lines.toList();
            return String.join("\n", all.subList(Math.max(0, all.size() - 200), all.size()));
        }
    }

    final void writeSettings(Path milena) throws IOException {
        Files.createDirectories(milena);
        Files.writeString(milena.resolve("milena.properties"), "listeners=PLAINTEXT://" + bootstrap() + "\n");
    }

    static Process run(Path output, Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().putAll(environment);
        builder.environment().putAll(Map.of("JAVA_HOME", System.getProperty("java.home"), "AS_JAVA", System.getProperty("java.home")));
        return builder.start();
    }

    /** Runs a tool of the server's to its end. */
    final void runToEnd(String success, List<String> command) throws Exception {
        Path output = Files.createTempFile(directory, "tool", ".out");
        Process tool = run(output, Map.of(), command);
        boolean ended = tool.waitFor(180, TimeUnit.SECONDS);
        tool.destroyForcibly();
        String said = Files.readString(output);
        assertThat(ended && tool.exitValue() == 0 && said.contains(success) && !said.contains(" failed")).as(String.join(" ", command) + ": " + said + endOfLog()).isTrue();
    }

    static void copyAtomically(Path from, Path to, String name) throws IOException {
        Path copying = Files.copy(from, to.resolveSibling(name + ".copying"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(copying, to.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }
}
