package org.milena.persistence;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Connections to a database of our own, one per transaction and without a pool: metadata changes are rare, a connection that is new
 * can't be stale, and there is no thread to stop. Whoever needs a pool configures a data source of the server.
 *
 * <p>An H2 database is opened by its first connection and closed with its last; one is therefore kept until {@link #close()}.
 */
final class Connections implements DataSource, AutoCloseable {

    private final java.sql.Driver driver;
    private final String url;
    private final Properties properties = new Properties();
    private final Connection keptOpen;

    Connections(DatabaseSettings settings) throws SQLException {
        boolean h2 = settings.url().startsWith("jdbc:h2:");
        // Without a delay every commit is written before it returns; H2's own default loses the last half second of a
        // halted process. The shutdown hook is ours to avoid: it would hold our class loader until the server ends.
        url = h2 ? settings.url() + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0" : settings.url();
        driver = h2 ? org.h2.Driver.load() : new org.postgresql.Driver();
        if (settings.user() != null) {
            properties.setProperty("user", settings.user());
        }
        if (settings.password() != null) {
            properties.setProperty("password", settings.password());
        }
        if (!h2) {
            properties.setProperty("options", "-c synchronous_commit=on");
            properties.setProperty("ApplicationName", "milena");
            properties.setProperty("connectTimeout", "10");
            properties.setProperty("socketTimeout", "60");
        }
        try {
            keptOpen = h2 ? getConnection() : null;
        } catch (SQLException e) {
            unloadDrivers();
            throw e;
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = driver.connect(url, properties);
        if (connection == null) {
            throw new SQLException("no driver for " + url);
        }
        return connection;
    }

    /** Closes an H2 file at once, with its lock, whoever still holds a connection. */
    @Override
    public void close() {
        try {
            if (keptOpen != null) {
                try (Statement statement = keptOpen.createStatement()) {
                    statement.execute("SHUTDOWN");
                }
            }
        } catch (SQLException e) {
            System.getLogger(Connections.class.getName()).log(System.Logger.Level.WARNING, "Closing the metadata database: " + e.getMessage());
        } finally {
            unloadDrivers();
        }
    }

    /** The drivers register themselves with the VM when their classes load; left there, they would hold our class loader. */
    private static void unloadDrivers() {
        org.h2.Driver.unload();
        try {
            if (org.postgresql.Driver.isRegistered()) {
                org.postgresql.Driver.deregister();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(PrintWriter out) {
        // the driver's own logging is enough
    }

    @Override
    public void setLoginTimeout(int seconds) {
        // would be the whole server's: connectTimeout is ours
    }

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("wraps nothing");
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
