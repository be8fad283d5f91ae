package org.milena.samples.orders;

/** What the warehouse reads from the topic {@code shipments}, as JSON. */
public class Shipment {

    public String order;
    public String article;
    public int quantity;

    static Shipment of(Order order) {
        Shipment shipment = new Shipment();
        shipment.order = order.id;
        shipment.article = order.article;
        shipment.quantity = order.quantity;
        return shipment;
    }
}
