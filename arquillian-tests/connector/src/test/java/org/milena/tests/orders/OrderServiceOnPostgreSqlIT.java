package org.milena.tests.orders;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.milena.persistence.testing.PostgreSql;

/** The database is a process of its own, which survives the server. */
class OrderServiceOnPostgreSqlIT extends OrderService {

    private static PostgreSql postgreSql;

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(Boolean.getBoolean("milena.long") || System.getProperty("milena.test.server").equals("wildfly"),
                "on Payara, which takes long to start, only with -Plong");
        postgreSql = PostgreSql.startOrSkip();
        install(Database.of(postgreSql));
    }

    @AfterAll
    static void stopPostgreSql() throws Exception {
        if (postgreSql != null) {
            stop();
            postgreSql.close();
        }
    }

    @Override
    int inDoubt() throws Exception {
        try (Connection connection = DriverManager.getConnection(postgreSql.url(), postgreSql.user(), null); Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery("SELECT count(*) FROM pg_prepared_xacts")) {
            found.next();
            return found.getInt(1);
        }
    }
}
