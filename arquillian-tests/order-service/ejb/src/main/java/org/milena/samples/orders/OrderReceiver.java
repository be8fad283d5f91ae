package org.milena.samples.orders;

import jakarta.annotation.Resource;
import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import jakarta.resource.ConnectionFactoryDefinition;
import jakarta.resource.spi.TransactionSupport.TransactionSupportLevel;
import java.nio.charset.StandardCharsets;
import org.milena.connector.InboundRecord;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordListener;

/** Takes an order: its row, its shipment, and that it has been read are one transaction. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = "order-service"),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = "orders"),
        @ActivationConfigProperty(propertyName = "valueType", propertyValue = "org.milena.samples.orders.Order"),
        @ActivationConfigProperty(propertyName = "deliveryCountLimit", propertyValue = "4"),
        @ActivationConfigProperty(propertyName = "redeliveryBackoffMs", propertyValue = "250")})
@ConnectionFactoryDefinition(name = "java:app/milena", interfaceName = "org.milena.connector.MilenaConnectionFactory",
        resourceAdapter = "#milena-connector", transactionSupport = TransactionSupportLevel.XATransaction)
public class OrderReceiver implements RecordListener<String, Order> {

    @PersistenceContext
    private EntityManager database;

    @Resource(lookup = "java:app/milena")
    private MilenaConnectionFactory milena;

    @EJB
    private Warehouse warehouse;

    private final Jsonb json = JsonbBuilder.create();

    @Override
    public void onRecord(InboundRecord<String, Order> record) throws Exception {
        Order order = record.value();
        if (order.quantity < 1) {
            throw new RefusedOrderException(order, "quantity " + order.quantity);
        }
        database.persist(new PlacedOrder(order, record.deliveryCount()));
        try (MilenaConnection connection = milena.getConnection()) {
            connection.send(OutboundRecord.to("shipments").key(order.id).value(Shipment.of(order), this::json));
        }
        if (!warehouse.has(order.article)) {
            warehouse.stock(order.article);
            throw new RefusedOrderException(order, "no " + order.article + " there yet"); // it will be, at the next delivery
        }
    }

    private byte[] json(String topic, Shipment shipment) {
        return json.toJson(shipment).getBytes(StandardCharsets.UTF_8);
    }
}
