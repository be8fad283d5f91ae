package org.milena.broker;

import java.util.Map;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.config.BrokerConfig;
import org.milena.broker.group.OffsetsTopic;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.handler.admin.AdminHandlers;
import org.milena.broker.handler.fetch.FetchHandler;
import org.milena.broker.handler.group.FindCoordinatorHandler;
import org.milena.broker.handler.group.FindCoordinatorHandler.Kind;
import org.milena.broker.handler.group.GroupApis;
import org.milena.broker.handler.offsets.ListOffsetsHandler;
import org.milena.broker.handler.offsets.OffsetForLeaderEpochHandler;
import org.milena.broker.handler.produce.ProduceHandler;
import org.milena.broker.handler.producer.DescribeProducersHandler;
import org.milena.broker.handler.transaction.TransactionApis;
import org.milena.broker.transaction.TransactionTopic;

/** Everything this broker serves. ACLs, quotas, SASL and share groups have their place here when they work. */
final class Apis {

    /** Where there are several log directories, records are copied to be sent: so much of the heap at most. */
    private static final long COPY_BYTES = Runtime.getRuntime().maxMemory() / 16;

    private final Broker broker;

    Apis(Broker broker) {
        this.broker = broker;
    }

    ApiRegistry registry() {
        ApiRegistry registry = new ApiRegistry();
        records(registry);
        AdminHandlers.register(registry, broker.metadata(), broker.config(), broker.topics());
        registry.register(ApiKeys.FIND_COORDINATOR, 0, 6, new FindCoordinatorHandler(Map.of(
                FindCoordinatorHandler.GROUP, kind(OffsetsTopic.NAME, broker.groups()::partitionFor),
                FindCoordinatorHandler.TRANSACTION, kind(TransactionTopic.NAME, broker.transactions()::partitionFor)), broker.metadata()::image));
        GroupApis.register(registry, broker.groups(), broker.metadata()::image, broker.transactions());
        TransactionApis.register(registry, broker.transactions(), broker.metadata()::image, broker.groups()::partitionFor,
                broker.environment().clock(), broker.metrics());
        return registry;
    }

    private Kind kind(String topic, ToIntFunction<String> partitionFor) {
        return new Kind(topic, partitionFor, () -> broker.topics().internalTopic(topic));
    }

    private void records(ApiRegistry registry) {
        BrokerConfig config = broker.config().get();
        registry.register(ApiKeys.PRODUCE, new ProduceHandler(broker.replicas(), broker.metrics(), broker.transactions()));
        FetchHandler fetch = new FetchHandler(broker.replicas(), broker.metrics(), broker.environment().clock(),
                config.intValue("max.incremental.fetch.session.cache.slots"), config.intValue("fetch.max.bytes"), COPY_BYTES);
        registry.register(ApiKeys.FETCH, fetch);
        broker.metrics().gauge("milena_fetch_copied_bytes", "Heap of fetched records that clients have not taken yet", fetch::copiedBytes);
        registry.register(ApiKeys.LIST_OFFSETS, new ListOffsetsHandler(broker.replicas()));
        registry.register(ApiKeys.OFFSET_FOR_LEADER_EPOCH, 2, 4, new OffsetForLeaderEpochHandler(broker.replicas()));
        registry.register(ApiKeys.DESCRIBE_PRODUCERS, new DescribeProducersHandler(broker.replicas()));
    }
}
