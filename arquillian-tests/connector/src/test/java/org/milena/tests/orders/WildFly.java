package org.milena.tests.orders;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** WildFly's {@code standalone.xml}, with a container for message-driven beans and the sample's data source; its recovery manager looks more often. */
final class WildFly extends Server {

    private Process script;

    WildFly(Path directory, Database database) throws IOException {
        super(directory, database);
        Path configuration = Files.createDirectories(directory.resolve("configuration"));
        try (Stream<Path> files = Files.list(HOME.resolve("standalone/configuration"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, configuration.resolve(file.getFileName()));
            }
        }
        writeSettings(directory.resolve("data/milena"));
        configure(configuration.resolve("standalone.xml"));
        Path deployments = Files.createDirectories(directory.resolve("deployments"));
        if (database.driverJar().isPresent()) {
            copyAtomically(database.driverJar().get(), deployments, "driver.jar");
        }
        copyAtomically(MILENA, deployments, "milena.ear");
        copyAtomically(SAMPLE, deployments, "order-service.ear");
    }

    private void configure(Path standalone) throws IOException {
        String text = Files.readString(standalone);
        if (!text.contains("<mdb>")) {
            text = replaced(text, "<pools>", """
                <mdb><resource-adapter-ref resource-adapter-name="milena-connector.rar"/><bean-instance-pool-ref pool-name="mdb-strict-max-pool"/></mdb>
                <pools>""");
        }
        text = replaced(text, "<drivers>", """
            <xa-datasource jndi-name="java:/jdbc/orders" pool-name="orders">
                <xa-datasource-property name="URL">%s</xa-datasource-property>
                <xa-datasource-class>%s</xa-datasource-class>
                <driver>%s</driver>
                <security user-name="%s" password="any"/>
            </xa-datasource>
            <drivers>""".formatted(database.url(), database.dataSource(), database.driver() == null ? "h2" : "driver.jar", database.user()));
        Files.writeString(standalone, text);
    }

    private static String replaced(String text, String before, String after) {
        String changed = text.replace(before, after);
        assertThat(changed).as("standalone.xml with another " + before).isNotEqualTo(text);
        return changed;
    }

    @Override
    void launch() throws IOException {
        script = run(logFile(), Map.of("LAUNCH_JBOSS_IN_BACKGROUND", "true"), List.of(HOME.resolve("bin/standalone.sh").toString(), "-c", "standalone.xml",
                "-Djboss.server.base.dir=" + directory, "-Djboss.http.port=" + httpPort(), "-Djboss.https.port=" + (PORTS + 43),
                "-Djboss.management.http.port=" + (PORTS + 90), "-Djboss.management.https.port=" + (PORTS + 93), "-Djboss.tx.node.id=orders",
                "-Dcom.arjuna.ats.arjuna.recovery.periodicRecoveryPeriod=2", "-Dcom.arjuna.ats.arjuna.recovery.recoveryBackoffPeriod=1",
                "-Dcom.arjuna.ats.jta.orphanSafetyInterval=2000"));
    }

    @Override
    ProcessHandle process() {
        return script.descendants().filter(child -> child.info().command().orElse("").endsWith("java")).findFirst()
                .orElseThrow(() -> new AssertionError("WildFly does not run"));
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
