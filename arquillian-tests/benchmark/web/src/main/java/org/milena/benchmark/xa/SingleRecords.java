package org.milena.benchmark.xa;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import org.milena.connector.InboundRecord;
import org.milena.connector.RecordListener;

/** Milena's records, one in a transaction. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = SingleRecords.TOPIC),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = SingleRecords.TOPIC),
        @ActivationConfigProperty(propertyName = "valueType", propertyValue = "byte[]"),
        @ActivationConfigProperty(propertyName = "maxConcurrency", propertyValue = "8")})
public class SingleRecords implements RecordListener<String, byte[]> {

    static final String TOPIC = "received-single";

    @EJB
    private Rows rows;
    @EJB
    private Deliveries deliveries;

    @Override
    public void onRecord(InboundRecord<String, byte[]> record) throws Exception {
        rows.insert(Message.id(record.value()));
        deliveries.count(1);
    }
}
