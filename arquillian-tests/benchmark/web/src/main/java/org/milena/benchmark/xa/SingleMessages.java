package org.milena.benchmark.xa;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.EJBException;
import jakarta.ejb.MessageDriven;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageListener;
import java.sql.SQLException;

/** Artemis' messages, one in a transaction: there is no other way in Jakarta Messaging. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "destinationLookup", propertyValue = SingleMessages.QUEUE),
        @ActivationConfigProperty(propertyName = "destinationType", propertyValue = "jakarta.jms.Queue"),
        @ActivationConfigProperty(propertyName = "maxSession", propertyValue = "8")})
public class SingleMessages implements MessageListener {

    static final String QUEUE = "java:/jms/queue/received";

    @EJB
    private Rows rows;
    @EJB
    private Deliveries deliveries;

    @Override
    public void onMessage(Message message) {
        try {
            rows.insert(org.milena.benchmark.xa.Message.id(message.getBody(byte[].class)));
            deliveries.count(1);
        } catch (JMSException | SQLException e) {
            throw new EJBException(e);
        }
    }
}
