package org.milena.tests.connector;

/** What the records hold, as JSON. */
public class Order {

    public String id;
    /** The bean throws, after its work. */
    public boolean poison;
}
