package org.milena.broker.handler.group;

import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.JoinGroupResponse;
import org.apache.kafka.common.utils.Utils;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** JoinGroup v0-9. */
public final class JoinGroupHandler implements RequestHandler<JoinGroupRequestData> {

    /** A static member's id is this with a dash and a UUID behind, and still a text of Kafka's. */
    private static final int LONGEST_INSTANCE_ID = Short.MAX_VALUE - 37;

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
        // What it is made of is checked by clients only, as in Kafka.
        if (request.groupInstanceId() != null && Utils.utf8Length(request.groupInstanceId()) > LONGEST_INSTANCE_ID) {
            throw Errors.UNKNOWN_SERVER_ERROR.exception();
        }
        Replies.reply(context, coordinator.joinGroup(Replies.info(context), request),
                response -> new JoinGroupResponse(response, context.apiVersion()).data());
    }
}
