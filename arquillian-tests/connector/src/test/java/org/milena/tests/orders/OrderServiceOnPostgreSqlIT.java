package org.milena.tests.orders;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
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

    /** CI: two, others each time; with -Plong all, and on Payara one of each kind. {@code -Dpoint=A,B} chooses. */
    static List<Point> points() {
        String chosen = System.getProperty("point");
        if (chosen != null) {
            return Arrays.stream(chosen.split(",")).map(Point::valueOf).toList();
        }
        List<Point> all = new ArrayList<>(List.of(Point.values()));
        Collections.shuffle(all, random());
        if (System.getProperty("milena.test.server").equals("payara")) {
            return Arrays.stream(Point.Kind.values()).map(kind -> all.stream().filter(point -> point.kind == kind).findFirst().orElseThrow()).toList();
        }
        return Boolean.getBoolean("milena.long") ? all : all.subList(0, 2);
    }

    @ParameterizedTest
    @Order(5)
    @MethodSource("points")
    void orderRowAndShipmentAgreeAfterTheServerWasHaltedAt(Point point) throws Exception {
        haltAt(point);
    }
}
