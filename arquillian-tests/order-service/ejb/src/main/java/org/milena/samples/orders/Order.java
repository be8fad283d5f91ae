package org.milena.samples.orders;

/** What a customer sends to the topic {@code orders}, as JSON. */
public class Order {

    public String id;
    public String article;
    public int quantity;
}
