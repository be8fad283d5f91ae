package org.milena.broker.handler.admin;

import java.util.function.Supplier;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.cache.MetadataCache;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.topic.TopicAdministration;

/** Registers everything in this package. */
public final class AdminHandlers {

    private AdminHandlers() {
    }

    /** @param config the current configuration, dynamic values included */
    public static void register(ApiRegistry registry, MetadataCache cache, Supplier<BrokerConfig> config,
                                TopicAdministration administration) {
        registry.register(ApiKeys.API_VERSIONS, 0, 5, new ApiVersionsHandler(registry, cache));
        registry.register(ApiKeys.METADATA, 0, 13, new MetadataHandler(cache, config, administration));
        registry.register(ApiKeys.DESCRIBE_TOPIC_PARTITIONS, 0, 0, new DescribeTopicPartitionsHandler(cache, config));
        registry.register(ApiKeys.DESCRIBE_CLUSTER, 0, 2, new DescribeClusterHandler(cache));
        registry.register(ApiKeys.CREATE_TOPICS, 2, 7, new CreateTopicsHandler(administration));
        registry.register(ApiKeys.DELETE_TOPICS, 1, 6, new DeleteTopicsHandler(administration));
        registry.register(ApiKeys.CREATE_PARTITIONS, 0, 3, new CreatePartitionsHandler(administration));
        registry.register(ApiKeys.DELETE_RECORDS, 0, 2, new DeleteRecordsHandler(administration));
        registry.register(ApiKeys.DESCRIBE_CONFIGS, 1, 4, new DescribeConfigsHandler(cache, config));
        registry.register(ApiKeys.ALTER_CONFIGS, 0, 2, new AlterConfigsHandler(administration));
        registry.register(ApiKeys.INCREMENTAL_ALTER_CONFIGS, 0, 1, new IncrementalAlterConfigsHandler(administration));
        registry.register(ApiKeys.LIST_CONFIG_RESOURCES, 0, 1, new ListConfigResourcesHandler(cache));
        registry.register(ApiKeys.DESCRIBE_LOG_DIRS, 1, 5, new DescribeLogDirsHandler(administration));
        registry.register(ApiKeys.ELECT_LEADERS, 0, 2, new ElectLeadersHandler(administration));
        registry.register(ApiKeys.ALTER_PARTITION_REASSIGNMENTS, 0, 1, new AlterPartitionReassignmentsHandler(administration));
        registry.register(ApiKeys.LIST_PARTITION_REASSIGNMENTS, 0, 0, new ListPartitionReassignmentsHandler(administration));
        registry.register(ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS, 0, 0, new GetTelemetrySubscriptionsHandler(config));
        registry.register(ApiKeys.PUSH_TELEMETRY, 0, 0, new PushTelemetryHandler(config));
    }
}
