package org.milena.broker.handler.group;

import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** ConsumerGroupHeartbeat v0-1 (KIP-848; v1 with regular expressions and client-made member ids). */
public final class ConsumerGroupHeartbeatHandler implements RequestHandler<ConsumerGroupHeartbeatRequestData> {

    private final GroupCoordinator coordinator;

    public ConsumerGroupHeartbeatHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, ConsumerGroupHeartbeatRequestData request) {
        Replies.reply(context, coordinator.consumerGroupHeartbeat(Replies.info(context), request));
    }
}
