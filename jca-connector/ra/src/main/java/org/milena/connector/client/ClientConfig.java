package org.milena.connector.client;

/**
 * What a client can be told, in Kafka's terms.
 *
 * @param clientId          {@code client.id}: names this client in the broker's log
 * @param requestTimeoutMs  {@code request.timeout.ms}: a connection that gives no answer for so long is closed and the request repeated
 * @param deliveryTimeoutMs {@code delivery.timeout.ms}: how long a send tries altogether
 * @param retryBackoffMs    {@code retry.backoff.ms}: the first pause between two attempts; it doubles up to a second
 * @param metadataMaxAgeMs  {@code metadata.max.age.ms}: after so long the partitions of a topic are asked for again
 * @param maxRequestBytes   {@code max.request.size}: the largest batch of one partition
 */
public record ClientConfig(String clientId, int requestTimeoutMs, int deliveryTimeoutMs, int retryBackoffMs, int metadataMaxAgeMs,
                           int maxRequestBytes) {

    public static final ClientConfig DEFAULT = new ClientConfig("milena-connector", 30_000, 30_000, 100, 300_000, 1024 * 1024);

    static final int MAX_BACKOFF_MS = 1_000;

    public ClientConfig {
        positive("requestTimeoutMs", requestTimeoutMs);
        positive("deliveryTimeoutMs", deliveryTimeoutMs);
        positive("retryBackoffMs", retryBackoffMs);
        positive("metadataMaxAgeMs", metadataMaxAgeMs);
        positive("maxRequestSize", maxRequestBytes);
    }

    private static void positive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1, not " + value);
        }
    }

    long backoff(int attempts) {
        return Math.min(MAX_BACKOFF_MS, (long) retryBackoffMs << Math.min(attempts, 10));
    }
}
