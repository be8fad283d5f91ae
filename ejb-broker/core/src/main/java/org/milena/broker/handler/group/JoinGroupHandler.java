package org.milena.broker.handler.group;

import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.requests.JoinGroupRequest;
import org.apache.kafka.common.requests.JoinGroupResponse;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** JoinGroup v0-9. */
public final class JoinGroupHandler implements RequestHandler<JoinGroupRequestData> {

    private final GroupCoordinator coordinator;

    public JoinGroupHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, JoinGroupRequestData request) {
        if (context.apiVersion() == 0) {
            // Version 0 has one timeout for both.
            request.setRebalanceTimeoutMs(request.sessionTimeoutMs());
        }
        if (request.groupInstanceId() != null) {
            JoinGroupRequest.validateGroupInstanceId(request.groupInstanceId());
        }
        Replies.reply(context, coordinator.joinGroup(Replies.info(context), request),
                response -> new JoinGroupResponse(response, context.apiVersion()).data());
    }
}
