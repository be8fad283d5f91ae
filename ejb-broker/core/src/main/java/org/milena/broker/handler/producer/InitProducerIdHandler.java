package org.milena.broker.handler.producer;

import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.cluster.ProducerIds;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** InitProducerId for idempotent producers. Transactional ids are refused until transactions are served. */
public final class InitProducerIdHandler implements RequestHandler<InitProducerIdRequestData> {

    private final ProducerIds ids;

    public InitProducerIdHandler(ProducerIds ids) {
        this.ids = ids;
    }

    @Override
    public void handle(RequestContext context, InitProducerIdRequestData request) {
        if (request.transactionalId() != null) {
            if (request.transactionalId().isEmpty()) {
                throw new InvalidRequestException("The transactional id is empty");
            }
            throw new UnsupportedVersionException("Transactions are not served by this broker");
        }
        ids.next((id, error) -> {
            if (error != null) {
                // Producers give up for good at any other error. Kafka, too, answers with this one while it has no ids at hand.
                context.reply(new InitProducerIdResponseData().setErrorCode(Errors.COORDINATOR_LOAD_IN_PROGRESS.code())
                        .setProducerId(-1).setProducerEpoch((short) -1));
            } else {
                context.reply(new InitProducerIdResponseData().setProducerId(id).setProducerEpoch((short) 0));
            }
        });
    }
}
