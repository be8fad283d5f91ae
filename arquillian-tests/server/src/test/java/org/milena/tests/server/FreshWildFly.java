package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.milena.persistence.testing.PostgreSql;

/** WildFly: the EAR goes through its deployments directory, before the start or while it runs. */
final class FreshWildFly extends FreshServer {

    private static final int OFFSET = Integer.getInteger("milena.test.http.offset", 0) + 100;
    private static final Pattern STARTED = Pattern.compile("WFLYSRV002[56]");

    private final Path base;
    private final String configuration;
    private Process process;

    FreshWildFly(Path base, String configuration) throws IOException {
        this.base = base;
        this.configuration = configuration;
        environment.put("LAUNCH_JBOSS_IN_BACKGROUND", "true");
        Files.createDirectories(base.resolve("configuration"));
        Files.createDirectories(base.resolve("deployments"));
        try (Stream<Path> files = Files.list(HOME.resolve("standalone/configuration"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, base.resolve("configuration").resolve(file.getFileName()));
            }
        }
    }

    /** What is in the deployments directory before the start is deployed at boot. */
    void deployAtBoot() throws IOException {
        copyAtomically(EAR, base.resolve("deployments"), "milena.ear");
    }

    @Override
    void start() throws Exception {
        writeSettings();
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/standalone.sh").toString(), "-c", configuration,
            "-Djboss.server.base.dir=" + base, "-Djboss.socket.binding.port-offset=" + OFFSET));
        systemProperties.forEach((name, value) -> command.add("-D" + name + "=" + value));
        process = process(environment, base.resolve("console.log"), command);
        awaitLog("WildFly's start", line -> STARTED.matcher(line).find());
    }

    @Override
    void deploy() throws Exception {
        deployAtBoot();
        await("the deployment", () -> Files.exists(base.resolve("deployments/milena.ear.deployed")) || Files.exists(base.resolve("deployments/milena.ear.failed")));
    }

    @Override
    String dataSource(PostgreSql database) throws Exception {
        copyAtomically(Path.of(org.postgresql.Driver.class.getProtectionDomain().getCodeSource().getLocation().toURI()), base.resolve("deployments"), "postgresql.jar");
        Path file = base.resolve("configuration").resolve(configuration);
        String before = text(file);
        String after = before.replaceFirst("<drivers>", """
            <datasource jndi-name="java:jboss/datasources/Milena" pool-name="Milena">
                <connection-url>%s</connection-url>
                <driver>postgresql.jar</driver>
                <security user-name="%s" password="any"/>
            </datasource>
            <drivers>""".formatted(database.url(), database.user()));
        assertThat(after).as("standalone.xml with a data source").isNotEqualTo(before);
        Files.writeString(file, after);
        return "java:jboss/datasources/Milena";
    }

    @Override
    void pause() throws InterruptedException {
        if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
            throw new AssertionError("WildFly has ended, see " + base.resolve("console.log"));
        }
    }

    @Override
    void stop() throws InterruptedException {
        if (process == null) {
            return;
        }
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("WildFly did not stop within 60 s");
        }
        process = null;
    }

    @Override
    Path data() {
        return base.resolve("data/milena");
    }

    @Override
    List<String> log() throws IOException {
        return text(base.resolve("console.log")).replaceAll("\u001b\\[[0-9;]*m", "").lines().toList();
    }

    @Override
    int httpPort() {
        return 8080 + OFFSET;
    }

    @Override
    int healthPort() {
        return 9990 + OFFSET;
    }

    /** What the stock configurations with EJB do not have, while it is down. */
    void addMicroProfileHealth() throws IOException {
        Path file = base.resolve("configuration").resolve(configuration);
        String before = text(file);
        String after = before.replaceFirst("(?=<extension )", "<extension module=\"org.wildfly.extension.microprofile.health-smallrye\"/>\n")
                .replaceFirst("(?=<subsystem )", "<subsystem xmlns=\"urn:wildfly:microprofile-health-smallrye:3.0\" security-enabled=\"false\"/>\n");
        assertThat(after).as("standalone.xml with health").contains("<extension module=\"org.wildfly.extension.microprofile.health", "<subsystem xmlns=\"urn:wildfly:microprofile-health");
        Files.writeString(file, after);
    }

    /** Not ours are WildFly's warnings about its key store and its node identifier. */
    @Override
    List<String> troubles() throws IOException {
        return log().stream().filter(line -> line.matches(".* (WARN|ERROR|FATAL) .*|\\s+at .*|.*Exception.*")
            && !line.matches(".*(WFLYTX0013|WFLYELY00023|WFLYELY01084).*")).toList();
    }
}
