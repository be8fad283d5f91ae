package org.milena.broker.handler.transaction;

import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/** ListTransactions v0-2: by state and producer id, by duration from version 1 (KIP-994), by pattern from version 2 on (KIP-1152). */
public final class ListTransactionsHandler implements RequestHandler<ListTransactionsRequestData> {

    private final TransactionCoordinator coordinator;

    public ListTransactionsHandler(TransactionCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, ListTransactionsRequestData request) {
        Replies.reply(context, coordinator.list(request), answer -> answer);
    }
}
