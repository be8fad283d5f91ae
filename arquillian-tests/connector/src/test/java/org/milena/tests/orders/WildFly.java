package org.milena.tests.orders;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** WildFly's {@code standalone.xml}, with a container for message-driven beans; its recovery manager looks more often. */
final class WildFly extends Server {

    private Process script;

    WildFly(Path directory, Database database, Remote remote) throws IOException {
        super(directory, database, remote);
        Path configuration = Files.createDirectories(directory.resolve("configuration"));
        try (Stream<Path> files = Files.list(HOME.resolve("standalone/configuration"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, configuration.resolve(file.getFileName()));
            }
        }
        Path standalone = configuration.resolve("standalone.xml");
        String text = Files.readString(standalone);
        if (!text.contains("<mdb>")) {
            Files.writeString(standalone, text.replaceFirst("<pools>", """
                <mdb><resource-adapter-ref resource-adapter-name="milena-connector.rar"/><bean-instance-pool-ref pool-name="mdb-strict-max-pool"/></mdb>
                <pools>"""));
        }
        Files.createDirectories(directory.resolve("deployments"));
        if (hasMilena()) {
            writeSettings(directory.resolve("data/milena"));
            copyAtomically(MILENA, directory.resolve("deployments"), "milena.ear");
        }
    }

    @Override
    void launch() throws IOException {
        Map<String, String> environment = Map.of("LAUNCH_JBOSS_IN_BACKGROUND", "true", "PREPEND_JAVA_OPTS", byteman());
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/standalone.sh").toString(), "-c", "standalone.xml",
                "-Djboss.server.base.dir=" + directory, "-Djboss.http.port=" + httpPort(), "-Djboss.https.port=" + (PORTS + 43),
                "-Djboss.management.http.port=" + (PORTS + 90), "-Djboss.management.https.port=" + (PORTS + 93), "-Djboss.tx.node.id=orders",
                "-Dcom.arjuna.ats.arjuna.recovery.periodicRecoveryPeriod=2", "-Dcom.arjuna.ats.arjuna.recovery.recoveryBackoffPeriod=1",
                "-Dcom.arjuna.ats.jta.orphanSafetyInterval=2000"));
        if (!hasMilena()) {
            command.add(option());
        }
        script = run(logFile(), environment, command);
    }

    @Override
    void deploy() throws Exception {
        if (hasMilena()) {
            await("Milena", () -> deployed("milena.ear"));
        } else {
            await("the server", () -> endOfLog().contains("WFLYSRV0025"));
        }
        if (database.driverJar().isPresent()) {
            copyAtomically(database.driverJar().get(), directory.resolve("deployments"), "postgresql.jar");
            await("the driver", () -> deployed("postgresql.jar"));
        }
        Path script = database.script("wildfly", directory);
        if (remote != null) {
            Files.writeString(script, Files.readString(remote.script()), StandardOpenOption.APPEND);
        }
        runToEnd("executed successfully", List.of(HOME.resolve("bin/jboss-cli.sh").toString(), "--connect", "--controller=127.0.0.1:" + (PORTS + 90),
                "--file=" + script));
        List<Path> archives = remote == null ? List.of(SAMPLE_EAR) : List.of(remote.adapter(), remote.application(), SAMPLE_EAR);
        for (Path archive : archives) {
            copyAtomically(archive, directory.resolve("deployments"), archive.getFileName().toString());
        }
        for (Path archive : archives) {
            await(archive.toString(), () -> deployed(archive.getFileName().toString()));
        }
    }

    private boolean deployed(String name) {
        return Files.exists(directory.resolve("deployments").resolve(name + ".deployed"));
    }

    @Override
    boolean failed() throws IOException {
        try (Stream<Path> deployments = Files.list(directory.resolve("deployments"))) {
            return deployments.anyMatch(each -> each.toString().endsWith(".failed"));
        }
    }

    @Override
    ProcessHandle process() {
        return script.descendants().filter(child -> child.info().command().orElse("").endsWith("java")).findFirst()
                .orElseThrow(() -> new AssertionError("WildFly does not run"));
    }

    @Override
    List<Path> decisions() throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve("data/tx-object-store"))) {
            return all.filter(path -> path.getParent().endsWith("AtomicAction") && Files.isRegularFile(path)).toList();
        } catch (UncheckedIOException e) {
            return decisions(); // one has just been forgotten
        }
    }

    @Override
    public void close() throws Exception {
        if (script != null && script.isAlive()) {
            script.destroy();
            if (!script.waitFor(60, TimeUnit.SECONDS)) {
                script.descendants().forEach(ProcessHandle::destroyForcibly);
                script.destroyForcibly();
            }
        }
    }

    @Override
    int httpPort() {
        return PORTS + 80;
    }

    @Override
    int kafkaPort() {
        return PORTS + 92;
    }

    @Override
    Path logFile() {
        return directory.resolve("console.log");
    }
}
