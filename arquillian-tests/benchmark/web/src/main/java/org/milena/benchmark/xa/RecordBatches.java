package org.milena.benchmark.xa;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import java.util.List;
import org.milena.connector.BatchListener;
import org.milena.connector.InboundRecord;

/** Milena's records, up to a hundred in a transaction, with one insert each in one JDBC batch. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = RecordBatches.TOPIC),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = RecordBatches.TOPIC),
        @ActivationConfigProperty(propertyName = "valueType", propertyValue = "byte[]"),
        @ActivationConfigProperty(propertyName = "maxPollRecords", propertyValue = "100"),
        @ActivationConfigProperty(propertyName = "maxConcurrency", propertyValue = "8")})
public class RecordBatches implements BatchListener<String, byte[]> {

    static final String TOPIC = "received-batch";

    @EJB
    private Rows rows;
    @EJB
    private Deliveries deliveries;

    @Override
    public void onRecords(List<InboundRecord<String, byte[]>> records) throws Exception {
        rows.insert(records.stream().map(each -> Message.id(each.value())).toList());
        deliveries.count(records.size());
    }
}
