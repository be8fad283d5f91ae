package org.milena.broker.handler.transaction;

import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.apache.kafka.common.protocol.ApiKeys;
import org.milena.broker.cache.MetadataImage;
import org.milena.broker.handler.ApiRegistry;
import org.milena.broker.metrics.BranchListener;
import org.milena.broker.time.BrokerClock;
import org.milena.broker.transaction.TransactionCoordinator;

/** Registers the APIs of transactions, in the versions that work. TxnOffsetCommit is the group coordinator's. */
public final class TransactionApis {

    private TransactionApis() {
    }

    /** @param groupPartition the partition of {@code __consumer_offsets} that holds a group */
    public static void register(ApiRegistry registry, TransactionCoordinator coordinator, Supplier<MetadataImage> metadata,
                                ToIntFunction<String> groupPartition, BrokerClock clock, BranchListener metrics) {
        registry.register(ApiKeys.INIT_PRODUCER_ID, 0, 5, new InitProducerIdHandler(coordinator))
                .register(ApiKeys.ADD_PARTITIONS_TO_TXN, 0, 5, new AddPartitionsToTxnHandler(coordinator, metadata))
                .register(ApiKeys.ADD_OFFSETS_TO_TXN, 0, 4, new AddOffsetsToTxnHandler(coordinator, groupPartition))
                .register(ApiKeys.END_TXN, 0, 5, new EndTxnHandler(coordinator))
                .register(ApiKeys.WRITE_TXN_MARKERS, 1, 2, new WriteTxnMarkersHandler(coordinator))
                .register(ApiKeys.DESCRIBE_TRANSACTIONS, 0, 0, new DescribeTransactionsHandler(coordinator))
                .register(ApiKeys.LIST_TRANSACTIONS, 0, 2, new ListTransactionsHandler(coordinator))
                .register(BranchHandler.api(coordinator.branches(), metrics))
                .register(OperatorHandler.api(coordinator.branches(), clock, metrics));
    }
}
