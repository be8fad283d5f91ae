package org.milena.connector;

/**
 * What a message-driven bean implements to receive records one by one. Records of a partition are delivered in their order, one after
 * the other; different partitions at the same time, up to {@code maxConcurrency}.
 *
 * <pre>{@code
 * @MessageDriven(activationConfig = {
 *         @ActivationConfigProperty(propertyName = "groupId", propertyValue = "shipping"),
 *         @ActivationConfigProperty(propertyName = "topics", propertyValue = "orders"),
 *         @ActivationConfigProperty(propertyName = "valueType", propertyValue = "com.acme.Order")})
 * public class Shipping implements RecordListener<String, Order> {
 *     public void onRecord(InboundRecord<String, Order> record) { ... }
 * }
 * }</pre>
 */
public interface RecordListener<K, V> {

    /**
     * Returns when the record is done with; its offset is then committed.
     *
     * @throws Exception it is not: the transaction rolls back, and the record is delivered again later, in the end to the dead-letter topic
     */
    void onRecord(InboundRecord<K, V> record) throws Exception;
}
