package org.milena.tests.connector;

import jakarta.annotation.Resource;
import jakarta.ejb.SessionContext;
import jakarta.ejb.Stateless;
import jakarta.resource.ConnectionFactoryDefinition;
import jakarta.resource.spi.TransactionSupport.TransactionSupportLevel;
import java.util.List;
import java.util.stream.IntStream;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.MilenaException;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/**
 * A bean as an application has it: its factories are defined beside it, one for the broker in the server, within the bean's transaction, and
 * one by a socket, without transactions.
 */
@Stateless
@ConnectionFactoryDefinition(name = "java:app/milena", interfaceName = "org.milena.connector.MilenaConnectionFactory",
        resourceAdapter = "#milena-connector", transactionSupport = TransactionSupportLevel.LocalTransaction, maxPoolSize = 5, minPoolSize = 0,
        properties = "deliveryTimeoutMs=5000")
@ConnectionFactoryDefinition(name = "java:app/remote", interfaceName = "org.milena.connector.MilenaConnectionFactory",
        resourceAdapter = "#milena-connector", transactionSupport = TransactionSupportLevel.NoTransaction, maxPoolSize = 5, minPoolSize = 0,
        properties = {"bootstrapServers=127.0.0.1:28700,127.0.0.1:28800", "clientId=orders", "deliveryTimeoutMs=5000"})
public class Orders {

    @Resource(lookup = "java:app/milena")
    MilenaConnectionFactory milena;

    @Resource(lookup = "java:app/remote")
    MilenaConnectionFactory remote;

    @Resource
    SessionContext context;

    /** The same, and then the transaction is rolled back. */
    public List<RecordMetadata> sendAndRollBack(boolean bySocket, String topic, String value, int count) throws MilenaException {
        List<RecordMetadata> sent = send(bySocket, topic, value, count);
        context.setRollbackOnly();
        return sent;
    }

    /** As many records as asked for, in one send. */
    public List<RecordMetadata> send(boolean bySocket, String topic, String value, int count) throws MilenaException {
        try (MilenaConnection connection = (bySocket ? remote : milena).getConnection()) {
            return connection.send(IntStream.range(0, count)
                    .mapToObj(i -> OutboundRecord.to(topic).key("k").value(value + i).header("from", "orders")).toList());
        }
    }
}
