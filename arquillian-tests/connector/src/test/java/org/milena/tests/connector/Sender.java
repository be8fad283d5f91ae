package org.milena.tests.connector;

import jakarta.annotation.Resource;
import jakarta.ejb.SessionContext;
import jakarta.ejb.Stateless;
import javax.naming.InitialContext;
import org.milena.connector.MilenaConnection;
import org.milena.connector.MilenaConnectionFactory;
import org.milena.connector.OutboundRecord;
import org.milena.connector.RecordMetadata;

/** Sends in a transaction, by whichever connection factory. */
@Stateless
public class Sender {

    @Resource
    private SessionContext context;

    /** @param rollback at the end */
    public RecordMetadata send(String factory, String topic, String value, boolean rollback) throws Exception {
        MilenaConnectionFactory milena = InitialContext.doLookup(factory);
        try (MilenaConnection connection = milena.getConnection()) {
            RecordMetadata sent = connection.send(OutboundRecord.to(topic).partition(0).value(value));
            if (rollback) {
                context.setRollbackOnly();
            }
            return sent;
        }
    }
}
