package org.milena.connector.ra;

import jakarta.resource.spi.ActivationSpec;
import jakarta.resource.spi.InvalidPropertyException;
import jakarta.resource.spi.ResourceAdapter;
import java.beans.PropertyDescriptor;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.milena.connector.client.ClientConfig;
import org.milena.connector.client.ConsumerConfig;
import org.milena.connector.client.OffsetReset;

/**
 * How a message-driven bean that takes records one by one is fed, by {@code @ActivationConfigProperty}s with Kafka's names in Java's
 * spelling. {@code docs/connector.md} says what each does.
 */
public class RecordActivationSpec implements ActivationSpec, Serializable {

    private static final long serialVersionUID = 1L;

    /** In {@code groupInstanceId}: the server's name. */
    private static final String SERVER = "{server}";

    /** A record that could be fetched can be sent on, whatever {@code max.request.size} is by default. */
    private static final int MAX_DEAD_LETTER_BYTES = 128 * 1024 * 1024;

    private transient ResourceAdapter adapter;
    private String bootstrapServers;
    private String clientId = ClientConfig.DEFAULT.clientId();
    private Integer requestTimeoutMs = ClientConfig.DEFAULT.requestTimeoutMs();
    private Integer deliveryTimeoutMs = ClientConfig.DEFAULT.deliveryTimeoutMs();
    private Integer retryBackoffMs = ClientConfig.DEFAULT.retryBackoffMs();
    private Integer metadataMaxAgeMs = ClientConfig.DEFAULT.metadataMaxAgeMs();
    private Integer transactionTimeoutMs = 60_000;
    private String resourceManager;
    private String groupId;
    private String groupInstanceId;
    private String groupRemoteAssignor;
    private String topics;
    private String topicPattern;
    private String autoOffsetReset = "earliest";
    private Integer maxPollIntervalMs = 300_000;
    private Integer fetchMinBytes = 1;
    private Integer fetchMaxWaitMs = 500;
    private Integer fetchMaxBytes = 50 * 1024 * 1024;
    private Integer maxPartitionFetchBytes = 1024 * 1024;
    private String keyType;
    private String valueType;
    private String keyDeserializer;
    private String valueDeserializer;
    private Integer maxConcurrency = 8;
    private Integer deliveryCountLimit = 5;
    private Integer redeliveryBackoffMs = 1_000;
    private Integer redeliveryBackoffMaxMs = 60_000;
    private String deadLetterTopic = InboundConfig.TOPIC + ".DLT";

    @Override
    public void validate() throws InvalidPropertyException {
        try {
            config();
        } catch (IllegalArgumentException e) {
            InvalidPropertyException invalid = new InvalidPropertyException(e.getMessage(), e);
            invalid.setInvalidPropertyDescriptors(new PropertyDescriptor[0]);
            throw invalid;
        }
    }

    /** @throws IllegalArgumentException naming the property that is wrong, and what it may be */
    InboundConfig config() {
        String servers = ServerDefaults.bootstrapServers(bootstrapServers);
        atLeast("transactionTimeoutMs", 1, transactionTimeoutMs);
        atLeast("maxConcurrency", 1, maxConcurrency);
        atLeast("deliveryCountLimit", 0, deliveryCountLimit);
        atLeast("redeliveryBackoffMs", 0, redeliveryBackoffMs);
        atLeast("redeliveryBackoffMaxMs", 0, redeliveryBackoffMaxMs);
        checkBatch();
        ResourceManagers.check("resourceManager", resourceManager);
        if (deadLetterTopic == null) {
            throw new IllegalArgumentException("deadLetterTopic must be set; deliveryCountLimit=0 keeps records that fail");
        }
        ClientConfig client = new ClientConfig(clientId, requestTimeoutMs, deliveryTimeoutMs, retryBackoffMs, metadataMaxAgeMs, MAX_DEAD_LETTER_BYTES);
        String name = resourceManager == null ? ResourceManagers.nameOfThisServer(servers != null) : resourceManager;
        return new InboundConfig(new ClientSettings(servers, client), consumer(servers != null, name), batchSize(), maxConcurrency, deliveryCountLimit,
                redeliveryBackoffMs, redeliveryBackoffMaxMs, deadLetterTopic, transactionTimeoutMs, name);
    }

    private ConsumerConfig consumer(boolean remote, String name) {
        OffsetReset reset;
        try {
            reset = OffsetReset.parse(autoOffsetReset);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("autoOffsetReset " + e.getMessage(), e);
        }
        List<String> names = topics == null ? List.of() : Arrays.stream(topics.split(",")).map(String::strip).filter(each -> !each.isEmpty()).toList();
        return new ConsumerConfig(groupId, name == null ? null : ResourceManagers.process(name), instanceId(remote), groupRemoteAssignor, names, topicPattern,
                reset, maxPollIntervalMs, fetchMinBytes, fetchMaxWaitMs, fetchMaxBytes, maxPartitionFetchBytes);
    }

    private String instanceId(boolean remote) {
        if (groupInstanceId == null || !groupInstanceId.contains(SERVER)) {
            return groupInstanceId;
        }
        String server = ResourceManagers.nameOfThisServer(remote);
        if (server == null) {
            throw new IllegalArgumentException("groupInstanceId: " + SERVER + " is not known here, the server does not say its name; write another name");
        }
        return groupInstanceId.replace(SERVER, server.replaceAll("[^a-zA-Z0-9._-]", "-"));
    }

    /** The most records of one delivery; 0: one by one. */
    int batchSize() {
        return 0;
    }

    void checkBatch() {
    }

    static void atLeast(String name, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
        }
    }

    private static String orNull(String text) {
        return text == null || text.isBlank() ? null : text.strip();
    }

    @Override
    public ResourceAdapter getResourceAdapter() {
        return adapter;
    }

    @Override
    public void setResourceAdapter(ResourceAdapter resourceAdapter) {
        adapter = resourceAdapter;
    }

    // ---- configuration

    public String getBootstrapServers() {
        return bootstrapServers;
    }

    public void setBootstrapServers(String value) {
        bootstrapServers = orNull(value);
    }

    public String getClientId() {
        return clientId;
    }

    public void setClientId(String value) {
        clientId = orNull(value);
    }

    public Integer getRequestTimeoutMs() {
        return requestTimeoutMs;
    }

    public void setRequestTimeoutMs(Integer value) {
        requestTimeoutMs = value;
    }

    public Integer getDeliveryTimeoutMs() {
        return deliveryTimeoutMs;
    }

    public void setDeliveryTimeoutMs(Integer value) {
        deliveryTimeoutMs = value;
    }

    public Integer getRetryBackoffMs() {
        return retryBackoffMs;
    }

    public void setRetryBackoffMs(Integer value) {
        retryBackoffMs = value;
    }

    public Integer getMetadataMaxAgeMs() {
        return metadataMaxAgeMs;
    }

    public void setMetadataMaxAgeMs(Integer value) {
        metadataMaxAgeMs = value;
    }

    public Integer getTransactionTimeoutMs() {
        return transactionTimeoutMs;
    }

    public void setTransactionTimeoutMs(Integer value) {
        transactionTimeoutMs = value;
    }

    public String getResourceManager() {
        return resourceManager;
    }

    public void setResourceManager(String value) {
        resourceManager = orNull(value);
    }

    public String getGroupId() {
        return groupId;
    }

    public void setGroupId(String value) {
        groupId = orNull(value);
    }

    public String getGroupInstanceId() {
        return groupInstanceId;
    }

    public void setGroupInstanceId(String value) {
        groupInstanceId = orNull(value);
    }

    public String getGroupRemoteAssignor() {
        return groupRemoteAssignor;
    }

    public void setGroupRemoteAssignor(String value) {
        groupRemoteAssignor = orNull(value);
    }

    public String getTopics() {
        return topics;
    }

    public void setTopics(String value) {
        topics = orNull(value);
    }

    public String getTopicPattern() {
        return topicPattern;
    }

    public void setTopicPattern(String value) {
        topicPattern = orNull(value);
    }

    public String getAutoOffsetReset() {
        return autoOffsetReset;
    }

    public void setAutoOffsetReset(String value) {
        autoOffsetReset = orNull(value);
    }

    public Integer getMaxPollIntervalMs() {
        return maxPollIntervalMs;
    }

    public void setMaxPollIntervalMs(Integer value) {
        maxPollIntervalMs = value;
    }

    public Integer getFetchMinBytes() {
        return fetchMinBytes;
    }

    public void setFetchMinBytes(Integer value) {
        fetchMinBytes = value;
    }

    public Integer getFetchMaxWaitMs() {
        return fetchMaxWaitMs;
    }

    public void setFetchMaxWaitMs(Integer value) {
        fetchMaxWaitMs = value;
    }

    public Integer getFetchMaxBytes() {
        return fetchMaxBytes;
    }

    public void setFetchMaxBytes(Integer value) {
        fetchMaxBytes = value;
    }

    public Integer getMaxPartitionFetchBytes() {
        return maxPartitionFetchBytes;
    }

    public void setMaxPartitionFetchBytes(Integer value) {
        maxPartitionFetchBytes = value;
    }

    public String getKeyType() {
        return keyType;
    }

    public void setKeyType(String value) {
        keyType = orNull(value);
    }

    public String getValueType() {
        return valueType;
    }

    public void setValueType(String value) {
        valueType = orNull(value);
    }

    public String getKeyDeserializer() {
        return keyDeserializer;
    }

    public void setKeyDeserializer(String value) {
        keyDeserializer = orNull(value);
    }

    public String getValueDeserializer() {
        return valueDeserializer;
    }

    public void setValueDeserializer(String value) {
        valueDeserializer = orNull(value);
    }

    public Integer getMaxConcurrency() {
        return maxConcurrency;
    }

    public void setMaxConcurrency(Integer value) {
        maxConcurrency = value;
    }

    public Integer getDeliveryCountLimit() {
        return deliveryCountLimit;
    }

    public void setDeliveryCountLimit(Integer value) {
        deliveryCountLimit = value;
    }

    public Integer getRedeliveryBackoffMs() {
        return redeliveryBackoffMs;
    }

    public void setRedeliveryBackoffMs(Integer value) {
        redeliveryBackoffMs = value;
    }

    public Integer getRedeliveryBackoffMaxMs() {
        return redeliveryBackoffMaxMs;
    }

    public void setRedeliveryBackoffMaxMs(Integer value) {
        redeliveryBackoffMaxMs = value;
    }

    public String getDeadLetterTopic() {
        return deadLetterTopic;
    }

    public void setDeadLetterTopic(String value) {
        deadLetterTopic = orNull(value);
    }
}
