package org.milena.tests.broker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A stock WildFly with the built EAR in its deployments and a data directory of its own. Closing stops the server and
 * fails if its log holds a stack trace: a broker that answers well and logs an exception is not well.
 */
public final class WildFly implements AutoCloseable {
    private static final Pattern STACK_TRACE = Pattern.compile("^\\s+at [\\w.$/@]+\\([^)]*\\)");
    private final Path base;
    private final List<String> command;
    private final String bootstrap;
    private ExternalProcess process;

    public WildFly(Path base) {
        this.base = base.toAbsolutePath();
        Path home = required("milena.test.wildfly", "WildFly's directory");
        Path ear = required("milena.test.ear", "the built EAR");
        int port = Ports.free();
        bootstrap = "127.0.0.1:" + port;
        try {
            prepare(home, ear);
        } catch (IOException e) {
            throw new IllegalStateException("cannot prepare " + base, e);
        }
        command = command(home, port);
        start();
    }

    private void start() {
        process = ExternalProcess.start(command, Map.of("JAVA_HOME", System.getProperty("java.home"),
            "LAUNCH_JBOSS_IN_BACKGROUND", "true", "JAVA_OPTS", "-Xmx1g -Djava.net.preferIPv4Stack=true -Djava.awt.headless=true"));
        Ports.awaitBroker(bootstrap, ExternalProcess.PATIENCE, process,
            () -> Files.exists(base.resolve("deployments/milena.ear.failed")));
    }

    /** {@code kill -9} of the server, and a start on what it left. */
    public void killAndRestart() {
        killAndRestart(data -> { });
    }

    /** @param meanwhile what happens to the data directory while no server runs */
    public void killAndRestart(Consumer<Path> meanwhile) {
        process.close();
        process.awaitExit(ExternalProcess.PATIENCE);
        meanwhile.accept(base.resolve("data/milena"));
        start();
    }

    private static Path required(String property, String what) {
        String value = System.getProperty(property, "");
        if (value.isEmpty() || value.startsWith("${") || !Files.exists(Path.of(value))) {
            throw new IllegalStateException(what + " not found (system property " + property + " = '" + value
                + "'); or give the address of a running broker: -Dmilena.bootstrap=HOST:PORT");
        }
        return Path.of(value).toAbsolutePath();
    }

    private List<String> command(Path home, int port) {
        int offset = managementOffset();
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/standalone.sh").toString(),
            "-b", "127.0.0.1", "-bmanagement", "127.0.0.1"));
        Map.of("jboss.server.base.dir", base.toString(),
            "jboss.socket.binding.port-offset", Integer.toString(offset),
            "listeners", "PLAINTEXT://127.0.0.1:" + port,
            "advertised.listeners", "PLAINTEXT://127.0.0.1:" + port,
            "group.initial.rebalance.delay.ms", "0",
            "group.consumer.heartbeat.interval.ms", "500",
            "group.consumer.min.heartbeat.interval.ms", "500",
            "log.segment.delete.delay.ms", "1000",
            "offsets.topic.num.partitions", "4",
            "transaction.state.log.num.partitions", "4")
            .forEach((key, value) -> command.add("-D" + key + "=" + value));
        return command;
    }

    /** Offsets given away in this JVM: a server that has just been started does not hold its ports yet. */
    private static int nextOffset = 13100;

    /** An offset that puts WildFly's ports (8080, 8443, 9990, …) on free ones below 32768. */
    private static synchronized int managementOffset() {
        while (nextOffset < 13200) {
            int offset = nextOffset++;
            if (Ports.free(8080 + offset) && Ports.free(8443 + offset) && Ports.free(9990 + offset)) return offset;
        }
        throw new IllegalStateException("no free ports for a WildFly");
    }

    private void prepare(Path home, Path ear) throws IOException {
        delete(base);
        copy(home.resolve("standalone/configuration"), base.resolve("configuration"));
        Path deployments = Files.createDirectories(base.resolve("deployments"));
        Path copying = Files.copy(ear, base.resolve("milena.ear.copying"));
        Files.move(copying, deployments.resolve("milena.ear"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void delete(Path dir) throws IOException {
        if (!Files.exists(dir)) return;
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path copy = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) Files.createDirectories(copy); else Files.copy(path, copy);
            }
        }
    }

    public String bootstrap() {
        return bootstrap;
    }

    @Override
    public void close() throws IOException {
        try (ExternalProcess ending = process) {
            ending.terminate();
            ending.awaitExit(ExternalProcess.PATIENCE);
        }
        List<String> log = Files.readAllLines(base.resolve("log/server.log"));
        for (int line = 0; line < log.size(); line++) {
            if (STACK_TRACE.matcher(log.get(line)).find()) {
                throw new AssertionError("the server's log holds a stack trace:\n"
                    + String.join("\n", log.subList(Math.max(0, line - 4), Math.min(log.size(), line + 40))));
            }
        }
    }
}
