package org.milena.samples.orders;

/** Thrown by a message-driven bean, it rolls the delivery back; the record comes again, and at last goes to the dead-letter topic. */
public class RefusedOrderException extends Exception {

    private static final long serialVersionUID = 1L;

    RefusedOrderException(Order order, String why) {
        super("order " + order.id + ": " + why);
    }
}
