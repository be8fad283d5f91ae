package org.milena.connector.ra;

import jakarta.ejb.EJBException;
import jakarta.resource.spi.UnavailableException;
import jakarta.resource.spi.endpoint.MessageEndpoint;
import jakarta.resource.spi.endpoint.MessageEndpointFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.List;
import javax.transaction.xa.XAResource;
import org.milena.connector.BatchListener;
import org.milena.connector.InboundRecord;
import org.milena.connector.RecordListener;

/** The beans of one activation. */
final class Endpoints {

    private final MessageEndpointFactory factory;
    private final boolean batch;
    private final Method method;
    private final boolean transacted;

    /** @param batch whether the bean takes many records at a time */
    Endpoints(MessageEndpointFactory factory, boolean batch) {
        this.factory = factory;
        this.batch = batch;
        try {
            method = batch ? BatchListener.class.getMethod("onRecords", List.class) : RecordListener.class.getMethod("onRecord", InboundRecord.class);
            transacted = factory.isDeliveryTransacted(method);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("The listener's method", e);
        }
    }

    /** Whether the bean wants to be called within a transaction that the adapter takes part in. */
    boolean isTransacted() {
        return transacted;
    }

    Method method() {
        return method;
    }

    /** @param resource takes part in the transaction of each delivery; null without transactions */
    MessageEndpoint create(XAResource resource) throws UnavailableException {
        return factory.createEndpoint(resource);
    }

    @SuppressWarnings("unchecked")
    void call(MessageEndpoint endpoint, List<DeliveredRecord> records) throws Exception {
        if (batch) {
            ((BatchListener<Object, Object>) endpoint).onRecords((List<InboundRecord<Object, Object>>) (List<?>) records);
        } else {
            ((RecordListener<Object, Object>) endpoint).onRecord(records.get(0));
        }
    }

    /** What the bean has thrown, out of what the server puts around it. */
    static Throwable thrown(Throwable told) {
        Throwable t = told;
        while ((t instanceof EJBException || t instanceof UndeclaredThrowableException || t instanceof InvocationTargetException) && t.getCause() != null) {
            t = t.getCause();
        }
        return t;
    }
}
