package org.milena.tests.orders;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jboss.byteman.agent.submit.ScriptText;
import org.jboss.byteman.agent.submit.Submit;

/**
 * The server under test out of its zip, with the sample's EAR as it is shipped, and a data source for it; to be killed and started again. Milena's EAR is
 * beside it, unless there is a Milena elsewhere.
 */
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
    final Remote remote;

    /**
     * Milena runs elsewhere, and an application that brings no resource adapter is deployed beside the sample.
     *
     * @param bootstrap   where Milena is
     * @param adapter     the stand-alone resource adapter
     * @param script      tells the server of a connection factory; WildFly before the adapter is deployed, Payara after it
     * @param application that uses both
     */
    record Remote(String bootstrap, Path adapter, Path script, Path application) {
    }

    Server(Path directory, Database database, Remote remote) {
        this.directory = directory;
        this.database = database;
        this.remote = remote;
    }

    /**
     * Not started yet.
     *
     * @param directory empty, and the test's own
     * @param remote    null: Milena is in this server
     */
    static Server in(Path directory, Database database, Remote remote) throws Exception {
        return System.getProperty("milena.test.server").equals("wildfly") ? new WildFly(directory, database, remote) : new Payara(directory, database, remote);
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

    /** The database, if it was not there before, the sample, and what is beside it. */
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

    /** An agent that does nothing until it is given rules. */
    static String byteman() {
        String jar = jar(org.jboss.byteman.agent.Main.class).toString();
        return "-javaagent:" + jar + "=listener:true,address:127.0.0.1,port:" + (PORTS + 95) + ",boot:" + jar;
    }

    /** Has the JVM halted by what {@code load} makes it do. */
    final void haltAt(Point point, int visit, Runnable load) throws Exception {
        Path mark = directory.resolve(point + "." + System.nanoTime());
        Submit byteman = new Submit("127.0.0.1", PORTS + 95, new PrintStream(OutputStream.nullOutputStream()));
        byteman.addScripts(List.of(new ScriptText(point.name(), point.rule(visit, mark))));
        CompletableFuture<ProcessHandle> end = process().onExit();
        load.run();
        try {
            await("the end of the server at " + point, end::isDone);
        } catch (AssertionError e) {
            throw new AssertionError(point + " was not reached: " + byteman.listAllRules() + byteman.deleteAllRules(), e);
        }
        assertThat(mark).as("made by what has ended the server").exists();
    }

    static Path jar(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()));
    }

    /** Decisions that the transaction manager still has to remember, where it can be told. */
    abstract List<Path> decisions() throws IOException;

    final String bootstrap() {
        return remote == null ? "127.0.0.1:" + kafkaPort() : remote.bootstrap();
    }

    /** Milena runs in this server. */
    final boolean hasMilena() {
        return remote == null;
    }

    /** What tells all applications of the server where Milena is. */
    final String option() {
        return "-Dmilena.connector.bootstrap.servers=" + remote.bootstrap();
    }

    /** The sample's web page: all rows of the database. */
    final HttpResponse<String> orders() throws IOException, InterruptedException {
        return get("/order-service/orders");
    }

    final HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + httpPort() + path);
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
        // For seconds of life the optimizing compiler costs more than it saves.
        builder.environment().putAll(Map.of("JAVA_HOME", System.getProperty("java.home"), "AS_JAVA", System.getProperty("java.home"),
                "JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1"));
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
