package org.milena.tests.orders;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Payara as it comes. */
final class Payara extends Server {

    private static final String DOMAIN = "orders";

    Payara(Path directory, Database database) throws Exception {
        super(directory, database);
        asadmin("create-domain", "--domaindir", directory.toString(), "--portbase", String.valueOf(PORTS), "--nopassword", DOMAIN);
        writeSettings(domain().resolve("milena"));
        addByteman(domain().resolve("config/domain.xml"));
        if (database.driverJar().isPresent()) {
            Files.copy(database.driverJar().get(), domain().resolve("lib/driver.jar"));
        }
    }

    /** Its bundles, among them the transaction manager, see of the JVM's own class path what is delegated to it. */
    private static void addByteman(Path configuration) throws IOException {
        Files.writeString(configuration, Files.readString(configuration).replaceAll("(<java-config[^>]*>)", "$1<jvm-options>" + byteman()
                + "</jvm-options><jvm-options>-Dorg.osgi.framework.bootdelegation=oracle.sql,oracle.sql.*,oracle.jdbc,oracle.jdbc.*,"
                + "jdk.internal.reflect,jdk.internal.reflect.*,jdk.net,org.jboss.byteman.*</jvm-options>"));
    }

    @Override
    void launch() throws Exception {
        asadmin("start-domain", "--domaindir", directory.toString(), DOMAIN);
    }

    @Override
    void deploy() throws Exception {
        asadmin("multimode", "--file", database.script("payara", directory).toString());
        asadmin("deploy", MILENA.toString());
        asadmin("deploy", SAMPLE_EAR.toString());
    }

    @Override
    boolean failed() {
        return false; // asadmin says so
    }

    @Override
    ProcessHandle process() throws IOException {
        long pid = Long.parseLong(Files.readString(domain().resolve("config/pid")).strip());
        return ProcessHandle.of(pid).orElseThrow(() -> new AssertionError("Payara does not run"));
    }

    /** Its log's files say nothing to others. */
    @Override
    List<Path> decisions() {
        return List.of();
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
        runToEnd("executed successfully", command);
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
