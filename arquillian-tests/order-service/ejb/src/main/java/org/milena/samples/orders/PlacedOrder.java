package org.milena.samples.orders;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** An order as the database keeps it. */
@Entity
@Table(name = "placed_orders")
public class PlacedOrder {

    @Id
    private String id;
    private String article;
    private int quantity;
    private int deliveries;

    protected PlacedOrder() {
        // for JPA
    }

    /** @param deliveries how often the record had to be delivered until it could be taken */
    PlacedOrder(Order order, int deliveries) {
        id = order.id;
        article = order.article;
        quantity = order.quantity;
        this.deliveries = deliveries;
    }

    public String getId() {
        return id;
    }

    public String getArticle() {
        return article;
    }

    public int getQuantity() {
        return quantity;
    }

    public int getDeliveries() {
        return deliveries;
    }
}
