package org.milena.benchmark.xa;

import jakarta.annotation.Resource;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;

/** The application's table: one row for each message. An identifier that comes twice is refused. */
@Stateless
public class Rows {

    private static final String INSERT = "INSERT INTO received (id, note) VALUES (?, ?)";

    @Resource(lookup = "java:/jdbc/benchmark")
    private DataSource database;

    public void insert(long id) throws SQLException {
        insert(List.of(id));
    }

    public void insert(List<Long> ids) throws SQLException {
        try (Connection connection = database.getConnection(); PreparedStatement insert = connection.prepareStatement(INSERT)) {
            for (long id : ids) {
                insert.setLong(1, id);
                insert.setString(2, "what became of message " + id);
                if (ids.size() > 1) {
                    insert.addBatch();
                }
            }
            if (ids.size() > 1) {
                insert.executeBatch();
            } else {
                insert.executeUpdate();
            }
        }
    }

    /** An empty table, that costs nothing later on as rows deleted one by one would. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void clear() throws SQLException {
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS received (id BIGINT PRIMARY KEY, note VARCHAR(100) NOT NULL)");
            statement.execute("TRUNCATE TABLE received");
        }
    }

    public long count() throws SQLException {
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement();
             ResultSet result = statement.executeQuery("SELECT COUNT(*) FROM received")) {
            result.next();
            return result.getLong(1);
        }
    }
}
