package org.milena.tests.orders;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.sql.Driver;
import java.util.Optional;
import org.milena.persistence.testing.PostgreSql;

/**
 * A database for the sample, as a server has to be told of it.
 *
 * @param driver     null: the server's own
 * @param dataSource an XADataSource
 */
record Database(String url, String user, Class<? extends Driver> driver, String dataSource) {

    /** On disk when a commit returns, or it would forget what it had promised (rules 21). */
    static Database h2(Path directory) {
        return new Database("jdbc:h2:file:" + directory.toAbsolutePath() + "/orders;WRITE_DELAY=0", "sa", null, "org.h2.jdbcx.JdbcDataSource");
    }

    static Database of(PostgreSql server) {
        return new Database(server.url(), server.user(), org.postgresql.Driver.class, "org.postgresql.xa.PGXADataSource");
    }

    Optional<Path> driverJar() {
        if (driver == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(driver.getProtectionDomain().getCodeSource().getLocation().toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
