package org.milena.benchmark.xa;

import jakarta.annotation.Resource;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import jakarta.resource.ConnectionFactoryDefinition;
import jakarta.resource.spi.TransactionSupport.TransactionSupportLevel;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import javax.management.ObjectName;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.OutboundRecord;

/** The broker in this server. */
@Stateless
@TransactionAttribute(TransactionAttributeType.SUPPORTS)
@ConnectionFactoryDefinition(name = "java:app/milena", interfaceName = "org.milena.connector.MilenaConnectionFactory",
        resourceAdapter = "#milena-connector", transactionSupport = TransactionSupportLevel.XATransaction, maxPoolSize = 64, minPoolSize = 0)
public class Milena implements Broker {

    @Resource(lookup = "java:app/milena")
    private MilenaConnectionFactory milena;

    @Override
    public String name() {
        return "milena";
    }

    @Override
    public void send(byte[] message) throws Exception {
        try (MilenaConnection connection = milena.getConnection()) {
            connection.send(OutboundRecord.to("sent").value(message));
        }
    }

    @Override
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void fill(Bean bean, List<byte[]> messages) throws Exception {
        try (MilenaConnection connection = milena.getConnection()) {
            int partitions = connection.partitions(topic(bean));
            List<OutboundRecord> records = new ArrayList<>();
            for (byte[] message : messages) {
                records.add(OutboundRecord.to(topic(bean)).partition(records.size() % partitions).value(message));
            }
            connection.send(records);
        }
    }

    private static String topic(Bean bean) {
        return bean == Bean.SINGLE ? SingleRecords.TOPIC : RecordBatches.TOPIC;
    }

    @Override
    public void pause(Bean bean) throws Exception {
        manage(bean, "pause");
    }

    @Override
    public void resume(Bean bean) throws Exception {
        manage(bean, "resume");
    }

    private static void manage(Bean bean, String operation) throws Exception {
        var server = ManagementFactory.getPlatformMBeanServer();
        var found = server.queryNames(new ObjectName("org.milena.connector:type=Activation,group=" + ObjectName.quote(topic(bean)) + ",*"), null);
        if (found.size() != 1) {
            throw new IllegalStateException("Beans of group " + topic(bean) + ": " + found);
        }
        server.invoke(found.iterator().next(), operation, null, null);
    }

    @Override
    public void clear() {
        // A log costs what it costs, however long it is.
    }
}
