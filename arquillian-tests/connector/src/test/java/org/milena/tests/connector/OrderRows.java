package org.milena.tests.connector;

import jakarta.annotation.Resource;
import jakarta.annotation.sql.DataSourceDefinition;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** The application's own database, an XA resource; in memory, where the server has its own H2 it outlives the application, else not. */
@Stateless
@DataSourceDefinition(name = "java:app/orders", className = "org.h2.jdbcx.JdbcDataSource", url = "jdbc:h2:mem:orders;DB_CLOSE_DELAY=120;INIT=CREATE TABLE IF NOT EXISTS orders (bean VARCHAR(10), id VARCHAR(40), deliveries INT)",
        user = "sa", password = "sa", minPoolSize = 0, maxPoolSize = 20, properties = "description=orders")
public class OrderRows {

    @Resource(lookup = "java:app/orders")
    private DataSource database;

    @TransactionAttribute(TransactionAttributeType.MANDATORY)
    public void insert(String bean, String id, int deliveries) throws SQLException {
        try (Connection connection = database.getConnection();
             PreparedStatement statement = connection.prepareStatement("INSERT INTO orders VALUES (?, ?, ?)")) {
            statement.setString(1, bean);
            statement.setString(2, id);
            statement.setInt(3, deliveries);
            statement.executeUpdate();
        }
    }

    /** Each as bean:id, in no order. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public List<String> all() throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            try (ResultSet found = statement.executeQuery("SELECT bean, id FROM orders")) {
                while (found.next()) {
                    rows.add(found.getString(1) + ":" + found.getString(2));
                }
            }
        }
        return rows;
    }
}
