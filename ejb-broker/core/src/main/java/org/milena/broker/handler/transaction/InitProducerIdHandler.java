package org.milena.broker.handler.transaction;

import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.transaction.TransactionCoordinator;

/** InitProducerId v0-5, of idempotent and transactional producers. */
public final class InitProducerIdHandler implements RequestHandler<InitProducerIdRequestData> {

    private static final short KNOWS_FENCED = 4;

    private final TransactionCoordinator coordinator;

    public InitProducerIdHandler(TransactionCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, InitProducerIdRequestData request) {
        Replies.reply(context, coordinator.initProducerId(request), answer ->
                answer.setErrorCode(Replies.code(Errors.forCode(answer.errorCode()), context.apiVersion() >= KNOWS_FENCED)));
    }
}
