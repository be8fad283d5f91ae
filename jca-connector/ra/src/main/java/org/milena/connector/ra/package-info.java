/**
 * The resource adapter (Jakarta Connectors 2.1) around {@code org.milena.connector.client}: pooling, handles, events, the server's threads.
 *
 * <p>Inbound: an {@code Activation} for each message-driven bean, with a {@code PartitionDelivery} for each of its partitions, which decides what is
 * delivered next and what becomes of failures; {@code Delivering} calls the bean, with or without a transaction.
 */
package org.milena.connector.ra;
