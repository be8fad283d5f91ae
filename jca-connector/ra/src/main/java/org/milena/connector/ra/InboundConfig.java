package org.milena.connector.ra;

import org.milena.connector.client.ClientConfig;
import org.milena.connector.client.ConsumerConfig;

/**
 * What an activation does, checked.
 *
 * @param client              how it talks to the broker
 * @param consumer            what it consumes
 * @param batch               the most records of one delivery; 0: they are delivered one by one
 * @param maxConcurrency      so many partitions are delivered at a time
 * @param deliveryCountLimit  after so many deliveries a record goes to the dead-letter topic; 0: never
 * @param redeliveryBackoffMs the pause after the first failed delivery; doubles with each
 * @param deadLetterTopic     its name, with {@value #TOPIC} for that of the record
 * @param resourceManager     under which name deliveries take part in transactions; null: in none
 */
record InboundConfig(ClientSettings client, ConsumerConfig consumer, int batch, int maxConcurrency, int deliveryCountLimit,
                     int redeliveryBackoffMs, int redeliveryBackoffMaxMs, String deadLetterTopic, int transactionTimeoutMs,
                     String resourceManager) {

    static final String TOPIC = "{topic}";

    boolean isBatch() {
        return batch > 0;
    }

    long redeliveryDelayMs(int attempts) {
        return Math.min(redeliveryBackoffMaxMs, (long) redeliveryBackoffMs << Math.min(attempts - 1, 30));
    }

    String deadLetterTopic(String topic) {
        return deadLetterTopic.replace(TOPIC, topic);
    }

    ClientConfig clientConfig() {
        return client.config();
    }
}
