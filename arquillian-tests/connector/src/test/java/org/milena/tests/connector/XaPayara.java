package org.milena.tests.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Payara as it comes, but for ports, the data source, and that it recovers transactions when it starts, which it does not by itself. */
final class XaPayara extends XaServer {

    private static final int PORT_BASE = 28710;
    private static final int KAFKA = 28801;
    private static final String DOMAIN = "xa";

    private boolean running;

    XaPayara(Path directory) throws Exception {
        super(directory);
        asadmin("create-domain", "--domaindir", directory.toString(), "--portbase", String.valueOf(PORT_BASE), "--nopassword", DOMAIN);
        Files.createDirectories(domain().resolve("milena"));
        Files.writeString(domain().resolve("milena/milena.properties"), "listeners=PLAINTEXT://127.0.0.1:" + KAFKA + "\n");
    }

    @Override
    void install() throws Exception {
        startDomain();
        asadmin("set", "configs.config.server-config.transaction-service.automatic-recovery=true");
        asadmin("create-jdbc-connection-pool", "--restype", "javax.sql.XADataSource", "--datasourceclassname", "org.h2.jdbcx.JdbcDataSource",
                "--property", "user=sa:password=sa:URL=" + databaseUrl().replaceAll("([:=;])", "\\\\$1"), "accounts");
        asadmin("create-jdbc-resource", "--connectionpoolid", "accounts", "jdbc/accounts");
        asadmin("deploy", MILENA.toString());
        asadmin("deploy", application(directory).toString());
        asadmin("stop-domain", "--domaindir", directory.toString(), DOMAIN); // recovery is set up at the start
        start();
    }

    @Override
    void start() throws Exception {
        startDomain();
        awaitReady();
    }

    private void startDomain() throws Exception {
        running = true;
        asadmin("start-domain", "--domaindir", directory.toString(), DOMAIN);
    }

    @Override
    void awaitEnd() throws Exception {
        ProcessHandle.of(pid()).ifPresent(process -> assertThat(process.onExit()).as("Payara has ended").succeedsWithin(60, TimeUnit.SECONDS));
        running = false;
    }

    @Override
    void undeployApplication() throws Exception {
        asadmin("undeploy", "accounts");
    }

    @Override
    void deployApplication() throws Exception {
        asadmin("deploy", application(directory).toString());
    }

    @Override
    long pid() throws IOException {
        return Long.parseLong(Files.readString(domain().resolve("config/pid")).strip());
    }

    @Override
    public void close() throws Exception {
        if (running) {
            asadmin("stop-domain", "--domaindir", directory.toString(), DOMAIN);
        }
    }

    private Path domain() {
        return directory.resolve(DOMAIN);
    }

    private void asadmin(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/asadmin").toString(), "--port", String.valueOf(PORT_BASE + 48)));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(directory, "asadmin", ".out");
        Process asadmin = process(output, command);
        boolean ended = asadmin.waitFor(180, TimeUnit.SECONDS);
        asadmin.destroyForcibly();
        assertThat(Files.readString(output)).as("asadmin " + String.join(" ", arguments) + (ended ? "" : " takes more than 180 s"))
                .contains("executed successfully");
    }

    @Override
    int httpPort() {
        return PORT_BASE + 80;
    }

    @Override
    int kafkaPort() {
        return KAFKA;
    }

    @Override
    List<String> log() throws IOException {
        return Files.readAllLines(domain().resolve("logs/server.log"));
    }

    /** It keeps them in a log whose files say nothing to others. */
    @Override
    List<Path> decisions() {
        return List.of();
    }
}
