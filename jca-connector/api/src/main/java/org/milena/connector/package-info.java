/**
 * What an enterprise bean sees of Milena: a {@link org.milena.connector.MilenaConnectionFactory} to inject, a
 * {@link org.milena.connector.MilenaConnection} to send with. Neither Kafka's client library nor a class of the broker appears here.
 *
 * <pre>{@code
 * @Resource(lookup = "java:app/milena")
 * MilenaConnectionFactory milena;
 *
 * void ship(Order order) throws MilenaException {
 *     try (MilenaConnection connection = milena.getConnection()) {
 *         connection.send(OutboundRecord.to("shipments").key(order.id()).value(order.toJson()));
 *     }
 * }
 * }</pre>
 */
package org.milena.connector;
