package org.milena.tests.connector;

import jakarta.annotation.Resource;
import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import jakarta.resource.ConnectionFactoryDefinition;
import jakarta.resource.spi.TransactionSupport.TransactionSupportLevel;
import org.jboss.ejb3.annotation.ResourceAdapter;
import org.milena.connector.InboundRecord;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordListener;

/** Takes an order, writes a row, and sends it on, in one transaction. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = "order-bean"),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = "orders-in"),
        @ActivationConfigProperty(propertyName = "valueType", propertyValue = "org.milena.tests.connector.Order"),
        @ActivationConfigProperty(propertyName = "deliveryCountLimit", propertyValue = "3"),
        @ActivationConfigProperty(propertyName = "redeliveryBackoffMs", propertyValue = "50")})
@ResourceAdapter("#milena-connector.rar")
@ConnectionFactoryDefinition(name = "java:app/inbound-xa", interfaceName = "org.milena.connector.MilenaConnectionFactory",
        resourceAdapter = "#milena-connector", transactionSupport = TransactionSupportLevel.XATransaction, maxPoolSize = 10, minPoolSize = 0,
        properties = "deliveryTimeoutMs=10000")
public class OrderBean implements RecordListener<String, Order> {

    @EJB
    private OrderRows rows;

    @Resource(lookup = "java:app/inbound-xa")
    private MilenaConnectionFactory milena;

    @Override
    public void onRecord(InboundRecord<String, Order> record) throws Exception {
        rows.insert("single", record.value().id, record.deliveryCount());
        try (MilenaConnection connection = milena.getConnection()) {
            connection.send(OutboundRecord.to("orders-out").key(record.key()).value(record.value().id));
        }
        if (record.value().poison) {
            throw new IllegalStateException("order " + record.value().id + " is bad");
        }
    }
}
