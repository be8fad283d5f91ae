package org.milena.tests.connector;

import jakarta.annotation.Resource;
import jakarta.ejb.EJBException;
import jakarta.ejb.SessionContext;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.resource.ConnectionFactoryDefinition;
import jakarta.resource.spi.TransactionSupport.TransactionSupportLevel;
import jakarta.transaction.TransactionManager;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.OutboundRecord;

/** An application that puts a row into its database and a record into a topic, in one transaction; and dies where it is told to. */
@Stateless
@ConnectionFactoryDefinition(name = "java:app/xa", interfaceName = "org.milena.connector.MilenaConnectionFactory",
        resourceAdapter = "#milena-connector", transactionSupport = TransactionSupportLevel.XATransaction, maxPoolSize = 5, minPoolSize = 0,
        properties = "deliveryTimeoutMs=10000")
public class Accounts {

    static final String TOPIC = "accounts";

    @Resource(lookup = "java:app/xa")
    MilenaConnectionFactory milena;

    @Resource
    SessionContext context;

    /** The server's, whichever it is. */
    private static <T> T find(String onWildFly, String onPayara) throws NamingException {
        try {
            return InitialContext.doLookup(onWildFly);
        } catch (NamingException e) {
            return InitialContext.doLookup(onPayara);
        }
    }

    private static DataSource database() throws NamingException {
        return find("java:jboss/datasources/accounts", "jdbc/accounts");
    }

    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void create() throws NamingException, SQLException {
        try (Connection connection = database().getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS accounts (id VARCHAR(40) PRIMARY KEY)");
        }
    }

    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public List<String> rows() throws NamingException, SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = database().getConnection(); Statement statement = connection.createStatement();
             ResultSet found = statement.executeQuery("SELECT id FROM accounts")) {
            while (found.next()) {
                rows.add(found.getString(1));
            }
        }
        return rows;
    }

    /**
     * @param end      commit, rollback, or throw an exception
     * @param topicFirst which of the two resources the transaction manager hears of, prepares and commits first
     * @param halt     null, or where in the protocol the server dies: prepare or commit
     * @param at       before (0), between (1) or after (2) that of the two resources
     */
    public void book(String id, String end, boolean topicFirst, String halt, int at) throws Exception {
        die(halt, at == 0);
        if (topicFirst) {
            send(id);
        } else {
            insert(id);
        }
        die(halt, at == 1);
        if (topicFirst) {
            insert(id);
        } else {
            send(id);
        }
        die(halt, at == 2);
        switch (end) {
            case "rollback" -> context.setRollbackOnly();
            case "throw" -> throw new EJBException("after all");
            default -> { }
        }
    }

    /** Without a transaction: sent when it returns. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void sendOutside(String id) throws Exception {
        send(id);
    }

    /** A send that is refused; the bean goes on as if nothing had happened. */
    public void bookAlthoughTheSendFails(String id) throws Exception {
        insert(id);
        try (MilenaConnection connection = milena.getConnection()) {
            connection.send(OutboundRecord.to(TOPIC).partition(7).value(id));
        } catch (jakarta.resource.ResourceException e) {
            // as a careless bean does
        }
    }

    private void send(String id) throws Exception {
        try (MilenaConnection connection = milena.getConnection()) {
            connection.send(OutboundRecord.to(TOPIC).partition(0).value(id));
        }
    }

    private static void insert(String id) throws Exception {
        try (Connection connection = database().getConnection();
             PreparedStatement statement = connection.prepareStatement("INSERT INTO accounts VALUES (?)")) {
            statement.setString(1, id);
            statement.executeUpdate();
        }
    }

    private static void die(String when, boolean here) throws Exception {
        if (when != null && here) {
            TransactionManager manager = find("java:jboss/TransactionManager", "java:appserver/TransactionManager");
            manager.getTransaction().enlistResource(new Halt(when).as("java:jboss/datasources/accounts"));
        }
    }
}
