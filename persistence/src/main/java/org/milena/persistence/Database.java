package org.milena.persistence;

import jakarta.persistence.EntityManager;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.EntityTransaction;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.Function;
import javax.naming.NamingException;
import javax.sql.DataSource;

/**
 * The metadata database, open. Threads may share it; every call blocks, and commits a transaction of its own.
 *
 * <p>With a data source of the server, call it on a thread that has no JTA transaction: the server would enlist the connection.
 */
public final class Database implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Database.class.getName());

    private static final long DATA_SOURCE_PATIENCE_MS = 30_000;

    private final DatabaseSettings settings;
    private final DataSource dataSource;
    private final EntityManagerFactory factory;
    private final boolean h2;

    private Database(DatabaseSettings settings, DataSource dataSource) throws SQLException {
        this.settings = settings;
        this.dataSource = dataSource;
        PersistenceUnit.Product product = product();
        h2 = product.name().equals("H2");
        Migrations.run(dataSource, Database.class.getClassLoader());
        factory = PersistenceUnit.createFactory(dataSource, product);
    }

    /**
     * Opens the database, creates or migrates its schema.
     *
     * @throws DatabaseException the message names the database and the cause
     */
    public static Database open(DatabaseSettings settings) {
        DataSource source = null;
        try {
            source = settings.jndiName() == null ? new Connections(settings) : ServerDataSource.lookup(settings.jndiName(), DATA_SOURCE_PATIENCE_MS);
            return new Database(settings, source);
        } catch (NamingException e) {
            throw new DatabaseException("No data source is bound to " + settings.jndiName() + " on this server", e);
        } catch (SQLException | RuntimeException | Error e) { // an Error too: libraries meet other versions of themselves on a server
            closeOwned(source);
            throw new DatabaseException("The metadata database (" + settings + ") can't be opened: " + rootMessage(e), e);
        }
    }

    /** Runs {@code work} in a new transaction and commits it. The entities it returns are detached. */
    public <T> T call(Function<EntityManager, T> work) {
        try (EntityManager entities = factory.createEntityManager()) {
            EntityTransaction transaction = entities.getTransaction();
            transaction.begin();
            try {
                T result = work.apply(entities);
                transaction.commit();
                return result;
            } catch (RuntimeException | Error e) {
                if (transaction.isActive()) {
                    transaction.rollback();
                }
                throw e;
            }
        }
    }

    /**
     * As {@link #call}, and the change is on disk before this returns: for numbers that must never be handed out twice, not even
     * after a power cut. PostgreSQL syncs every commit by itself, H2 has to be told.
     */
    public <T> T callDurably(Function<EntityManager, T> work) {
        T result = call(work);
        if (h2) {
            execute("CHECKPOINT SYNC");
        }
        return result;
    }

    /** @throws DatabaseException the database does not answer */
    public void ping() {
        execute("SELECT 1");
    }

    @Override
    public void close() {
        try {
            PersistenceUnit.close(factory);
        } finally {
            closeOwned(dataSource);
        }
    }

    @Override
    public String toString() {
        return settings.toString();
    }

    private void execute(String sql) {
        try (Connection connection = dataSource.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new DatabaseException("The metadata database (" + settings + ") failed: " + e.getMessage(), e);
        }
    }

    private PersistenceUnit.Product product() throws SQLException {
        try (Connection connection = dataSource.getConnection(); Statement statement = connection.createStatement()) {
            DatabaseMetaData about = connection.getMetaData();
            String name = about.getDatabaseProductName();
            if (name.equals("H2")) {
                statement.execute("SET WRITE_DELAY 0");
            } else if (name.equals("PostgreSQL")) {
                warnIfNotDurable(connection);
            } else {
                throw new SQLException(name + " is not supported; use PostgreSQL, or H2 in a file");
            }
            return new PersistenceUnit.Product(name, about.getDatabaseMajorVersion(), about.getDatabaseMinorVersion());
        }
    }

    private void warnIfNotDurable(Connection connection) throws SQLException {
        for (String setting : new String[] {"fsync", "synchronous_commit"}) {
            try (var statement = connection.createStatement(); var rows = statement.executeQuery("SHOW " + setting)) {
                if (rows.next() && rows.getString(1).equals("off")) {
                    LOG.log(System.Logger.Level.WARNING, "The metadata database ({0}) runs with {1}=off: after a power cut it may forget what "
                        + "the broker relies on. Set {1}=on", settings, setting);
                }
            }
        }
    }

    private static void closeOwned(DataSource source) {
        if (source instanceof Connections own) {
            own.close();
        }
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
