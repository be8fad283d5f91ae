package org.milena.tests.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** WildFly as it comes, but for the data source, message-driven beans, ports, and how long its recovery manager pauses. */
final class XaWildFly extends XaServer {

    private static final int HTTP = 28581;
    private static final int KAFKA = 28701;

    private Process process;

    XaWildFly(Path directory) throws IOException {
        super(directory);
        environment.put("LAUNCH_JBOSS_IN_BACKGROUND", "true");
        Files.createDirectories(directory.resolve("configuration"));
        Files.createDirectories(directory.resolve("deployments"));
        try (Stream<Path> files = Files.list(HOME.resolve("standalone/configuration"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, directory.resolve("configuration").resolve(file.getFileName()));
            }
        }
        Path data = Files.createDirectories(directory.resolve("data/milena"));
        Files.writeString(data.resolve("milena.properties"), "listeners=PLAINTEXT://127.0.0.1:" + KAFKA + "\n");
        Path configuration = directory.resolve("configuration/standalone.xml");
        String before = Files.readString(configuration);
        String after = before.replaceFirst("<drivers>", """
            <xa-datasource jndi-name="java:jboss/datasources/accounts" pool-name="accounts">
                <xa-datasource-property name="URL">%s</xa-datasource-property>
                <driver>h2</driver>
                <security user-name="sa" password="sa"/>
            </xa-datasource>
            <drivers>""".formatted(databaseUrl()));
        assertThat(after).as("standalone.xml with a data source").isNotEqualTo(before);
        String withBeans = after.contains("<mdb>") ? after : after.replaceFirst("<pools>", """
            <mdb><resource-adapter-ref resource-adapter-name="milena-connector.rar"/><bean-instance-pool-ref pool-name="mdb-strict-max-pool"/></mdb>
            <pools>""");
        assertThat(withBeans).as("standalone.xml with message-driven beans").contains("<mdb>");
        Files.writeString(configuration, withBeans);
    }

    @Override
    void install() throws Exception {
        copyAtomically(MILENA, directory.resolve("deployments"), "milena.ear");
        copyAtomically(application(directory), directory.resolve("deployments"), "accounts.ear");
        start();
    }

    @Override
    void start() throws Exception {
        process = process(directory.resolve("console.log"), List.of(HOME.resolve("bin/standalone.sh").toString(), "-c", "standalone.xml",
                "-Djboss.server.base.dir=" + directory, "-Djboss.http.port=" + HTTP, "-Djboss.https.port=28544", "-Djboss.management.http.port=28591",
                "-Djboss.management.https.port=28592", "-Dcom.arjuna.ats.arjuna.recovery.periodicRecoveryPeriod=2",
                "-Dcom.arjuna.ats.arjuna.recovery.recoveryBackoffPeriod=1", "-Dcom.arjuna.ats.jta.orphanSafetyInterval=2000"));
        awaitReady();
    }

    @Override
    void awaitEnd() throws Exception {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("WildFly has ended").isTrue();
    }

    @Override
    void undeployApplication() throws Exception {
        Files.delete(directory.resolve("deployments/accounts.ear.deployed"));
        await("the end of the application", () -> Files.exists(directory.resolve("deployments/accounts.ear.undeployed")));
    }

    @Override
    void deployApplication() throws Exception {
        copyAtomically(application(directory), directory.resolve("deployments"), "accounts.ear");
        Files.createFile(directory.resolve("deployments/accounts.ear.dodeploy"));
        await("the application", () -> Files.exists(directory.resolve("deployments/accounts.ear.deployed"))
                || Files.exists(directory.resolve("deployments/accounts.ear.failed")));
    }

    @Override
    long pid() {
        return process.descendants().filter(each -> each.info().command().orElse("").endsWith("/java")).findFirst().orElseThrow().pid();
    }

    @Override
    public void close() throws Exception {
        if (process != null && process.isAlive()) {
            process.destroy();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        }
    }

    @Override
    int httpPort() {
        return HTTP;
    }

    @Override
    int kafkaPort() {
        return KAFKA;
    }

    @Override
    List<String> log() throws IOException {
        return Files.readString(directory.resolve("console.log")).replaceAll("\u001b\\[[0-9;]*m", "").lines().toList();
    }

    @Override
    List<Path> decisions() throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve("data/tx-object-store"))) {
            return all.filter(path -> Files.isRegularFile(path) && path.getParent().endsWith("AtomicAction")).toList();
        }
    }
}
