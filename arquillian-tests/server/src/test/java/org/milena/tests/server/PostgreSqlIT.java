package org.milena.tests.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.milena.persistence.testing.PostgreSql;

/** The metadata in PostgreSQL: first by a URL, then, the same database, as a data source that the server manages. */
class PostgreSqlIT {

    @TempDir
    Path directory;

    @Test
    void topicsAndRecordsAreFoundAgainByUrlAndByDataSource() throws Exception {
        Assumptions.assumeTrue(Boolean.getBoolean("milena.long") || System.getProperty("milena.test.server").equals("wildfly"),
                "on Payara, which takes long to start, only with -Plong");
        try (PostgreSql database = PostgreSql.startOrSkip(); FreshServer server = FreshServer.in(directory)) {
            Topics topics = new Topics(server.bootstrap());
            server.settings.put("milena.datasource.url", database.url());
            server.settings.put("milena.datasource.user", database.user());
            server.start();
            server.deploy();
            topics.create("by-url");
            topics.produce("by-url", 100);
            assertThat(server.log()).anyMatch(line -> line.contains("Metadata in " + database.url()));
            server.stop();

            String name = server.dataSource(database);
            server.settings.keySet().removeIf(key -> key.toString().startsWith("milena.datasource."));
            server.settings.put("milena.datasource.jndi", name);
            server.start();
            assertThat(server.log()).anyMatch(line -> line.contains("Metadata in data source " + name));
            assertThat(topics.read("by-url")).containsExactlyInAnyOrderElementsOf(Topics.values(100));
            topics.create("by-name");
            topics.produce("by-name", 100);
            assertThat(server.troubles()).isEmpty();
            server.stop();

            server.start();
            assertThat(topics.names()).containsExactlyInAnyOrder("by-url", "by-name");
            assertThat(topics.read("by-name")).containsExactlyInAnyOrderElementsOf(Topics.values(100));
            assertThat(server.data().resolve("metadata")).as("where H2 would keep its file").doesNotExist();
        }
    }
}
