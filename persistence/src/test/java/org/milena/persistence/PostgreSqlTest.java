package org.milena.persistence;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.milena.persistence.testing.PostgreSql;

class PostgreSqlTest extends DatabaseContract {

    private static PostgreSql server;

    @BeforeAll
    static void startServer() throws Exception {
        server = PostgreSql.startOrSkip();
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    DatabaseSettings settings() {
        return DatabaseSettings.url(server.url(), server.user(), "");
    }
}
