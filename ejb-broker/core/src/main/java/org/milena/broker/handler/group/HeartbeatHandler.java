package org.milena.broker.handler.group;

import org.apache.kafka.common.message.HeartbeatRequestData;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** Heartbeat v0-4. */
public final class HeartbeatHandler implements RequestHandler<HeartbeatRequestData> {

    private final GroupCoordinator coordinator;

    public HeartbeatHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, HeartbeatRequestData request) {
        Replies.reply(context, coordinator.heartbeat(Replies.info(context), request));
    }
}
