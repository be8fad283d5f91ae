package org.milena.broker.handler.transaction;

import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/** DescribeTransactions v0 (KIP-664). */
public final class DescribeTransactionsHandler implements RequestHandler<DescribeTransactionsRequestData> {

    private final TransactionCoordinator coordinator;

    public DescribeTransactionsHandler(TransactionCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, DescribeTransactionsRequestData request) {
        Replies.reply(context, coordinator.describe(request.transactionalIds()), states ->
                new DescribeTransactionsResponseData().setTransactionStates(states));
    }
}
