package org.milena.tests.orders;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Payara as it comes. */
final class Payara extends Server {

    private static final String DOMAIN = "orders";

    Payara(Path directory, Database database, Remote remote) throws Exception {
        super(directory, database, remote);
        asadmin("create-domain", "--domaindir", directory.toString(), "--portbase", String.valueOf(PORTS), "--nopassword", DOMAIN);
        if (hasMilena()) {
            writeSettings(domain().resolve("milena"));
        }
        addOptions(domain().resolve("config/domain.xml"));
        if (database.driverJar().isPresent()) {
            Files.copy(database.driverJar().get(), domain().resolve("lib/driver.jar"));
        }
    }

    /**
     * The server's name, too, by which its branches are found again: Payara knows only that of the host. And Byteman: Payara's bundles, among them
     * the transaction manager, see of the JVM's own class path what is delegated to it.
     */
    private void addOptions(Path configuration) throws IOException {
        String elsewhere = hasMilena() ? "" : "<jvm-options>" + option() + "</jvm-options><jvm-options>-Dmilena.connector.server.name=orders</jvm-options>";
        Files.writeString(configuration, Files.readString(configuration).replaceAll("(<java-config[^>]*>)", "$1" + elsewhere + "<jvm-options>" + byteman()
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
        if (hasMilena()) {
            asadmin("deploy", MILENA.toString());
        } else {
            asadmin("deploy", remote.adapter().toString());
            asadmin("multimode", "--file", remote.script().toString());
            asadmin("deploy", remote.application().toString());
        }
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
