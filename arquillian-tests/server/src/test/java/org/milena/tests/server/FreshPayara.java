package org.milena.tests.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.milena.persistence.testing.PostgreSql;

/** Payara: a domain of its own; the EAR goes through asadmin, and after that is there at every boot. */
final class FreshPayara extends FreshServer {

    private static final int PORT_BASE = Integer.getInteger("milena.test.payara.portbase", 0) + 100;
    private static final String DOMAIN = "fresh";

    private final Path domains;
    private boolean running;
    private boolean deployed;

    FreshPayara(Path domains) throws Exception {
        this.domains = domains;
        environment.put("AS_JAVA", System.getProperty("java.home"));
        asadmin("create-domain", "--domaindir", domains.toString(), "--portbase", String.valueOf(PORT_BASE), "--nopassword", DOMAIN);
    }

    @Override
    void start() throws Exception {
        writeSettings();
        Files.deleteIfExists(domain().resolve("logs/server.log"));
        running = true;
        asadmin("start-domain", "--domaindir", domains.toString(), DOMAIN);
        for (Map.Entry<String, String> property : systemProperties.entrySet()) {
            asadmin("create-system-properties", property.getKey() + "=" + property.getValue());
        }
        systemProperties.clear(); // the domain keeps them
        if (deployed) { // start-domain returns before applications have started
            awaitLog("the deployment", line -> line.contains("Milena is ready") || line.contains("Milena does not start"));
        }
    }

    @Override
    void deploy() throws Exception {
        deployed = asadminSays("deploy", EAR.toString()).contains("executed successfully");
    }

    @Override
    String dataSource(PostgreSql database) throws Exception {
        Path driver = Path.of(org.postgresql.Driver.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Files.copy(driver, domain().resolve("lib/postgresql.jar"), StandardCopyOption.REPLACE_EXISTING);
        start();
        // Without a password Payara's pool makes no connection, even if the database asks for none.
        asadmin("create-jdbc-connection-pool", "--restype", "javax.sql.DataSource", "--datasourceclassname", "org.postgresql.ds.PGSimpleDataSource", "--property",
            "serverName=127.0.0.1:portNumber=" + database.port() + ":databaseName=postgres:user=" + database.user() + ":password=any", "milena");
        asadmin("create-jdbc-resource", "--connectionpoolid", "milena", "jdbc/milena");
        stop();
        return "jdbc/milena";
    }

    @Override
    void stop() throws Exception {
        if (running) {
            asadmin("stop-domain", "--domaindir", domains.toString(), "--kill=false", DOMAIN);
            running = false;
        }
    }

    @Override
    Path data() {
        return domain().resolve("milena");
    }

    @Override
    List<String> log() throws IOException {
        return text(domain().resolve("logs/server.log")).lines().toList();
    }

    @Override
    int httpPort() {
        return PORT_BASE + 80;
    }

    @Override
    int healthPort() {
        return httpPort();
    }

    /** Not ours is what Payara's CDI says of every EAR that has EJBs (WELD-000718). */
    @Override
    List<String> troubles() throws IOException {
        List<String> log = log();
        List<String> troubles = new ArrayList<>();
        for (int line = 0; line < log.size(); line++) {
            String text = log.get(line) + (line + 1 < log.size() ? log.get(line + 1) : "");
            if (log.get(line).matches(".*\\[(WARN|WARNING|SEVERE)\\].*|\\s+at .*|.*Exception.*") && !text.contains("WELD-000718")) {
                troubles.add(text);
            }
        }
        return troubles;
    }

    private Path domain() {
        return domains.resolve(DOMAIN);
    }

    private void asadmin(String... arguments) throws Exception {
        String said = asadminSays(arguments);
        if (!said.contains("executed successfully")) {
            throw new AssertionError("asadmin " + String.join(" ", arguments) + ":\n" + said);
        }
    }

    private String asadminSays(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(HOME.resolve("bin/asadmin").toString(), "--port", String.valueOf(PORT_BASE + 48)));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(domains, "asadmin", ".out");
        Process asadmin = process(environment, output, command);
        if (!asadmin.waitFor(180, TimeUnit.SECONDS)) {
            asadmin.destroyForcibly();
            throw new AssertionError("asadmin " + String.join(" ", arguments) + " takes more than 180 s:\n" + text(output));
        }
        return text(output);
    }
}
