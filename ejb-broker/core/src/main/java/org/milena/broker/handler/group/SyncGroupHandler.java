package org.milena.broker.handler.group;

import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** SyncGroup v0-5. */
public final class SyncGroupHandler implements RequestHandler<SyncGroupRequestData> {

    private final GroupCoordinator coordinator;

    public SyncGroupHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, SyncGroupRequestData request) {
        if (context.apiVersion() >= 5 && (request.protocolType() == null || request.protocolName() == null)) {
            // KIP-559: from version 5 the client says which protocol it assigns for.
            context.reply(new SyncGroupResponseData().setErrorCode(Errors.INCONSISTENT_GROUP_PROTOCOL.code()));
            return;
        }
        Replies.reply(context, coordinator.syncGroup(Replies.info(context), request));
    }
}
