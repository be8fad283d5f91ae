package org.milena.tests.connector;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import org.jboss.ejb3.annotation.ResourceAdapter;
import org.milena.connector.InboundRecord;
import org.milena.connector.RecordListener;

/** Sends on what it receives; without a transaction of its own, unless its deployment descriptor says otherwise. That also says where the broker is. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = "forwarder"),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = "forwarder-in")})
@ResourceAdapter("milena-connector.rar")
@TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
public class Forwarder implements RecordListener<String, String> {

    @EJB
    private Sender sender;

    @Override
    public void onRecord(InboundRecord<String, String> record) throws Exception {
        sender.send("java:app/kafka/LocalTransaction", "forwarder-out", record.value(), false);
    }
}
