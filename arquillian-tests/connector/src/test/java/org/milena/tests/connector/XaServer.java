package org.milena.tests.connector;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.exporter.ZipExporter;
import org.jboss.shrinkwrap.api.spec.EnterpriseArchive;
import org.jboss.shrinkwrap.api.spec.JavaArchive;
import org.jboss.shrinkwrap.api.spec.WebArchive;

/**
 * The server under test out of its zip, with Milena's EAR, the application's, and an XA data source of its database; on ports of its own, to be
 * halted and started again. Arquillian's, on the ports beside, is another one.
 */
abstract class XaServer implements AutoCloseable {

    static final Path HOME = Path.of(System.getProperty("milena.test.server.home"));
    static final Path MILENA = Path.of(System.getProperty("milena.test.ear"));
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(5)).build();

    final Path directory;
    final Map<String, String> environment = new LinkedHashMap<>(Map.of("JAVA_HOME", System.getProperty("java.home"), "AS_JAVA", System.getProperty("java.home")));

    private boolean withBookings;

    XaServer(Path directory) {
        this.directory = directory;
    }

    /** @param directory empty, and the test's own */
    static XaServer in(Path directory) throws Exception {
        return System.getProperty("milena.test.server").equals("wildfly") ? new XaWildFly(directory) : new XaPayara(directory);
    }

    /** Deploys both, starts the server, and returns when the application answers. */
    abstract void install() throws Exception;

    /** After it was halted, or stopped; returns when the application answers. */
    abstract void start() throws Exception;

    abstract void awaitEnd() throws Exception;

    /** Returns when the application is gone. */
    abstract void undeployApplication() throws Exception;

    /** Returns when it is back, or has failed to start. */
    abstract void deployApplication() throws Exception;

    /** From now on the application has a message-driven bean. */
    final void bringBookings() throws Exception {
        if (!withBookings) {
            undeployApplication();
            withBookings = true;
            deployApplication();
            awaitReady();
        }
    }

    abstract long pid() throws Exception;

    abstract int httpPort();

    abstract int kafkaPort();

    abstract List<String> log() throws IOException;

    /** Decisions that the transaction manager still has to remember, where it can be told. */
    abstract List<Path> decisions() throws IOException;

    /** Where the application's database is; on disk when a commit returns, or it would forget what it had promised (rules 21). */
    String databaseUrl() {
        return "jdbc:h2:file:" + directory.toAbsolutePath() + "/accounts;WRITE_DELAY=0";
    }

    final Path application(Path directory) {
        Path ear = directory.resolve("accounts.ear");
        Class<?>[] beans = withBookings ? new Class<?>[] {Accounts.class, Halt.class, Bookings.class} : new Class<?>[] {Accounts.class, Halt.class};
        ShrinkWrap.create(EnterpriseArchive.class, "accounts.ear")
                .addAsModule(new File(System.getProperty("milena.test.rar")), "milena-connector.rar")
                .addAsModule(ShrinkWrap.create(JavaArchive.class, "accounts-ejb.jar").addClasses(beans)
                        .setManifest(new StringAsset("Dependencies: org.jboss.ironjacamar.impl\n"))) // WildFly's, for Halt
                .addAsModule(ShrinkWrap.create(WebArchive.class, "accounts.war").addClass(AccountsServlet.class))
                .as(ZipExporter.class).exportTo(ear.toFile(), true);
        return ear;
    }

    /** @throws IOException no answer came, as when the server is halted meanwhile */
    HttpResponse<String> call(String query) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + httpPort() + "/accounts/accounts?" + query);
        return HTTP.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** The application is there, and the broker. */
    void awaitReady() throws Exception {
        await("the application", () -> {
            try {
                return call("create").statusCode() == 200 && call("id=" + System.nanoTime() + "&end=rollback").statusCode() == 200;
            } catch (IOException e) {
                return false;
            }
        });
    }

    interface Condition {
        boolean holds() throws Exception;
    }

    void await(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                List<String> log = log();
                throw new AssertionError("waited for " + what + ":\n" + String.join("\n", log.subList(Math.max(0, log.size() - 200), log.size())));
            }
            TimeUnit.MILLISECONDS.sleep(200); // between two looks
        }
    }

    Process process(Path output, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command)).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Live instances of a class after a full collection, over all class loaders. */
    long instances(String className) throws Exception {
        Path output = Files.createTempFile(directory, "histogram", ".out");
        Process jcmd = process(output, List.of(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), String.valueOf(pid()), "GC.class_histogram"));
        if (!jcmd.waitFor(60, TimeUnit.SECONDS) || jcmd.exitValue() != 0) {
            throw new AssertionError("jcmd: " + Files.readString(output));
        }
        return Files.readAllLines(output).stream().map(line -> line.trim().split("\\s+")).filter(f -> f.length >= 4 && f[3].equals(className))
                .mapToLong(f -> Long.parseLong(f[1])).sum();
    }

    static void copyAtomically(Path from, Path directory, String name) throws IOException {
        Path copying = Files.copy(from, directory.resolveSibling(name + ".copying"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(copying, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }
}
