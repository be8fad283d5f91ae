package org.milena.tests.connector;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import java.util.List;
import org.jboss.ejb3.annotation.ResourceAdapter;
import org.milena.connector.BatchListener;
import org.milena.connector.InboundRecord;

/** Takes many orders at a time, and writes a row for each. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = "order-batch-bean"),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = "orders-in"),
        @ActivationConfigProperty(propertyName = "maxPollRecords", propertyValue = "50"),
        @ActivationConfigProperty(propertyName = "valueType", propertyValue = "org.milena.tests.connector.Order"),
        @ActivationConfigProperty(propertyName = "deadLetterTopic", propertyValue = "{topic}.batch.DLT"),
        @ActivationConfigProperty(propertyName = "deliveryCountLimit", propertyValue = "3"),
        @ActivationConfigProperty(propertyName = "redeliveryBackoffMs", propertyValue = "50")})
@ResourceAdapter("#milena-connector.rar")
public class OrderBatchBean implements BatchListener<String, Order> {

    @EJB
    private OrderRows rows;

    @Override
    public void onRecords(List<InboundRecord<String, Order>> records) throws Exception {
        for (InboundRecord<String, Order> record : records) {
            rows.insert("batch", record.value().id, record.deliveryCount());
            if (record.value().poison) {
                throw new IllegalStateException("order " + record.value().id + " is bad");
            }
        }
    }
}
