package org.milena.broker.group;

/**
 * What a group needs to know of a request besides its data.
 *
 * @param clientHost as Kafka shows it, e.g. {@code /127.0.0.1}
 */
public record RequestInfo(short apiVersion, String clientId, String clientHost) {
}
