package org.milena.tests.orders;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.milena.persistence.testing.PostgreSql;

/**
 * A database for the sample.
 *
 * @param name   of the script, beside the sample, that tells a server of it
 * @param port   where it listens, in place of the one in the script
 * @param driver null: the server has one
 */
record Database(String name, int port, Path driver) {

    static Database h2() {
        return new Database("h2", 0, null);
    }

    static Database of(PostgreSql server) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.url(), server.user(), null); Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE orders LOGIN PASSWORD 'orders'");
            statement.execute("CREATE DATABASE orders OWNER orders");
        }
        return new Database("postgresql", server.port(), Server.jar(org.postgresql.Driver.class));
    }

    Optional<Path> driverJar() {
        return Optional.ofNullable(driver);
    }

    /** The script for this server, with the port put in. */
    Path script(String server, Path directory) throws IOException {
        String file = server + "-" + name + (server.equals("wildfly") ? ".cli" : ".asadmin");
        String text = Files.readString(Server.SAMPLE.resolve("server").resolve(file));
        return Files.writeString(directory.resolve(file), text.replace("5432", String.valueOf(port)));
    }
}
