package org.milena.tests.connector;

import jakarta.ejb.ActivationConfigProperty;
import jakarta.ejb.EJB;
import jakarta.ejb.MessageDriven;
import org.jboss.ejb3.annotation.ResourceAdapter;
import org.milena.connector.InboundRecord;
import org.milena.connector.RecordListener;

/** Books what records say ({@code id,first[,halt,at]}), as {@link Accounts#book} does it. The server dies of a record only the first time. */
@MessageDriven(activationConfig = {
        @ActivationConfigProperty(propertyName = "groupId", propertyValue = Bookings.TOPIC),
        @ActivationConfigProperty(propertyName = "topics", propertyValue = Bookings.TOPIC),
        @ActivationConfigProperty(propertyName = "redeliveryBackoffMs", propertyValue = "50")})
@ResourceAdapter("#milena-connector.rar")
public class Bookings implements RecordListener<String, String> {

    /** And the group. */
    static final String TOPIC = "bookings";

    @EJB
    private Accounts accounts;

    @Override
    public void onRecord(InboundRecord<String, String> record) throws Exception {
        String[] wanted = record.value().split(",");
        boolean dies = wanted.length > 2 && record.deliveryCount() == 1;
        accounts.book(wanted[0], "commit", wanted[1].equals("topic"), dies ? wanted[2] : null, dies ? Integer.parseInt(wanted[3]) : -1);
    }
}
