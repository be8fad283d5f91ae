package org.milena.broker;

import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.handler.admin.AdminHandlers;
import org.milena.broker.handler.fetch.FetchHandler;
import org.milena.broker.handler.group.GroupApis;
import org.milena.broker.handler.offsets.ListOffsetsHandler;
import org.milena.broker.handler.offsets.OffsetForLeaderEpochHandler;
import org.milena.broker.handler.produce.ProduceHandler;
import org.milena.broker.handler.producer.DescribeProducersHandler;
import org.milena.broker.handler.producer.InitProducerIdHandler;

/** Everything this broker serves. Transactions, ACLs, quotas, SASL and share groups have their place here when they work. */
final class Apis {

    private final Broker broker;

    Apis(Broker broker) {
        this.broker = broker;
    }

    ApiRegistry registry() {
        ApiRegistry registry = new ApiRegistry();
        records(registry);
        AdminHandlers.register(registry, broker.metadata(), broker.config(), broker.topics());
        OffsetsTopic offsetsTopic = ignored -> broker.topics().offsetsTopic().thenApply(topic -> null);
        GroupApis.register(registry, broker.groups(), broker.metadata()::image, offsetsTopic, broker.groupConfig());
        AdminHandlers.register(registry, broker.metadata(), broker.config(), broker.topics());
        return registry;
    }

    private void records(ApiRegistry registry) {
        BrokerConfig config = broker.config().get();
        registry.register(ApiKeys.PRODUCE, new ProduceHandler(broker.replicas(), broker.metrics(), broker.transactionAdmission()));
        registry.register(ApiKeys.FETCH, new FetchHandler(broker.replicas(), broker.metrics(), broker.environment().clock(),
                config.intValue("max.incremental.fetch.session.cache.slots"), config.intValue("fetch.max.bytes")));
        registry.register(ApiKeys.LIST_OFFSETS, new ListOffsetsHandler(broker.replicas()));
        registry.register(ApiKeys.OFFSET_FOR_LEADER_EPOCH, 2, 4, new OffsetForLeaderEpochHandler(broker.replicas()));
        registry.register(ApiKeys.INIT_PRODUCER_ID, 0, 5, new InitProducerIdHandler(broker.producerIds()));
        registry.register(ApiKeys.DESCRIBE_PRODUCERS, new DescribeProducersHandler(broker.replicas()));
    }
}
