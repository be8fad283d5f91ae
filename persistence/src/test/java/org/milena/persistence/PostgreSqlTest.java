package org.milena.persistence;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

class PostgreSqlTest extends DatabaseContract {

    private static PostgreSql server;

    @BeforeAll
    static void startServer() throws Exception {
        boolean installed = PostgreSql.installed().isPresent();
        if (!installed) {
            String skipped = "SKIPPED: PostgreSQL is not installed (Debian: apt-get install postgresql)";
            System.out.println(skipped);
            Assumptions.abort(skipped);
        }
        server = PostgreSql.start();
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    DatabaseSettings settings() {
        return server.settings();
    }
}
