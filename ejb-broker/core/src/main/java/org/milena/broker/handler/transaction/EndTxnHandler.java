package org.milena.broker.handler.transaction;

import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/** EndTxn v0-5. From version 5 on the client takes the epoch of its next transaction from the answer (KIP-890). */
public final class EndTxnHandler implements RequestHandler<EndTxnRequestData> {

    private static final short KNOWS_FENCED = 2;
    private static final short EPOCH_BUMP = 5;

    private final TransactionCoordinator coordinator;

    public EndTxnHandler(TransactionCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, EndTxnRequestData request) {
        short version = context.apiVersion();
        Replies.reply(context, coordinator.endTransaction(request, (short) (version >= EPOCH_BUMP ? 2 : 0)), answer ->
                answer.setErrorCode(Replies.code(Errors.forCode(answer.errorCode()), version >= KNOWS_FENCED)));
    }
}
