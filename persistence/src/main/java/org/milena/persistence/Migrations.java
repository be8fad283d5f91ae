package org.milena.persistence;

import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.ResourceProvider;
import org.flywaydb.core.api.output.MigrateResult;
import org.flywaydb.core.api.resource.LoadableResource;

/** Brings the schema up to date. Migrations are listed by name: a class path can't be searched the same way on every server. */
final class Migrations {

    /** In order; a released one is never changed. */
    private static final List<String> SCRIPTS = List.of("V1__metadata.sql", "V2__deleted_topics.sql");

    private static final String HISTORY = "milena_schema_history";

    private static final System.Logger LOG = System.getLogger(Migrations.class.getName());

    private Migrations() {
    }

    static void run(DataSource dataSource, ClassLoader loader) {
        if (isCurrent(dataSource)) {
            return;
        }
        MigrateResult result;
        // It warns of every database newer than itself; what fails is thrown as well.
        try (Quiet quiet = new Quiet("org.flywaydb", Level.SEVERE)) {
            result = migrate(dataSource, loader);
        }
        if (result.migrationsExecuted > 0) {
            LOG.log(System.Logger.Level.INFO, "The schema of the metadata database is now at version {0}", result.targetSchemaVersion);
        }
    }

    /** The rule at nearly every start; loading Flyway to find it out takes longer than all the rest of the start. */
    private static boolean isCurrent(DataSource dataSource) {
        try (Connection connection = dataSource.getConnection(); Statement statement = connection.createStatement();
             ResultSet rows = statement.executeQuery("select \"script\", \"success\" from \"" + HISTORY + "\" where \"version\" <> '0'")) {
            Set<String> done = new HashSet<>();
            while (rows.next()) {
                if (!rows.getBoolean(2)) {
                    return false;
                }
                done.add(rows.getString(1));
            }
            return done.equals(Set.copyOf(SCRIPTS));
        } catch (SQLException noSuchTable) {
            return false; // what else it may be, Flyway will meet and tell
        }
    }

    private static MigrateResult migrate(DataSource dataSource, ClassLoader loader) {
        return Flyway.configure(loader)
            .dataSource(dataSource)
            .table(HISTORY)
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .communityDBSupportEnabled(true)
            .resourceProvider(new Scripts())
            .load()
            .migrate();
    }

    private static final class Scripts implements ResourceProvider {

        @Override
        public LoadableResource getResource(String name) {
            return SCRIPTS.contains(name) ? new Script(name) : null;
        }

        @Override
        public Collection<LoadableResource> getResources(String prefix, String[] suffixes) {
            return SCRIPTS.stream().filter(s -> s.startsWith(prefix)).map(s -> (LoadableResource) new Script(s)).toList();
        }
    }

    private static final class Script extends LoadableResource {

        private final String name;

        Script(String name) {
            this.name = name;
        }

        @Override
        public Reader read() {
            return new InputStreamReader(Migrations.class.getResourceAsStream("migration/" + name), StandardCharsets.UTF_8);
        }

        @Override
        public String getAbsolutePath() {
            return name;
        }

        @Override
        public String getAbsolutePathOnDisk() {
            return name;
        }

        @Override
        public String getFilename() {
            return name;
        }

        @Override
        public String getRelativePath() {
            return name;
        }
    }
}
