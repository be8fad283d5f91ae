package org.milena.tests.orders;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Payara with the sample's data source, and with recovery at the start, which is off by default. */
final class Payara extends Server {

    private static final String DOMAIN = "orders";

    private boolean installed;

    Payara(Path directory, Database database) throws Exception {
        super(directory, database);
        asadmin("create-domain", "--domaindir", directory.toString(), "--portbase", String.valueOf(PORTS), "--nopassword", DOMAIN);
        writeSettings(domain().resolve("milena"));
        if (database.driverJar().isPresent()) {
            Files.copy(database.driverJar().get(), domain().resolve("lib/driver.jar"));
        }
    }

    @Override
    void launch() throws Exception {
        asadmin("start-domain", "--domaindir", directory.toString(), DOMAIN);
        if (installed) {
            return;
        }
        asadmin("set", "configs.config.server-config.transaction-service.automatic-recovery=true",
                "configs.config.server-config.transaction-service.property.pending-txn-cleanup-interval=5");
        asadmin("create-jdbc-connection-pool", "--restype", "javax.sql.XADataSource", "--datasourceclassname", database.dataSource(),
                "--property", "user=" + database.user() + ":password=any:URL=" + database.url().replaceAll("([:=;])", "\\\\$1"), "orders");
        asadmin("create-jdbc-resource", "--connectionpoolid", "orders", "jdbc/orders");
        asadmin("deploy", MILENA.toString());
        asadmin("deploy", SAMPLE.toString());
        installed = true;
    }

    @Override
    ProcessHandle process() throws IOException {
        long pid = Long.parseLong(Files.readString(domain().resolve("config/pid")).strip());
        return ProcessHandle.of(pid).orElseThrow(() -> new AssertionError("Payara does not run"));
    }

    @Override
    public void close() throws Exception {
        asadmin("stop-domain", "--domaindir", directory.toString(), DOMAIN);
    }

    private Path domain() {
        return directory.resolve(DOMAIN);
    }

    private void asadmin(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/asadmin").toString(), "--port", String.valueOf(PORTS + 48)));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(directory, "asadmin", ".out");
        Process asadmin = run(output, Map.of(), command);
        boolean ended = asadmin.waitFor(180, TimeUnit.SECONDS);
        asadmin.destroyForcibly();
        assertThat(Files.readString(output)).as("asadmin " + String.join(" ", arguments) + (ended ? "" : " takes more than 180 s"))
                .contains("executed successfully");
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
        return domain().resolve("logs/server.log");
    }
}
