package org.milena.broker.handler.group;

import java.util.List;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData.MemberIdentity;
import org.apache.kafka.common.requests.LeaveGroupResponse;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** LeaveGroup v0-5; one member before version 3, a batch from there on. */
public final class LeaveGroupHandler implements RequestHandler<LeaveGroupRequestData> {

    private final GroupCoordinator coordinator;

    public LeaveGroupHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, LeaveGroupRequestData request) {
        LeaveGroupRequestData batch = context.apiVersion() >= 3 ? request : new LeaveGroupRequestData().setGroupId(request.groupId())
                .setMembers(List.of(new MemberIdentity().setMemberId(request.memberId())));
        Replies.reply(context, coordinator.leaveGroup(Replies.info(context), batch),
                response -> new LeaveGroupResponse(response, context.apiVersion()).data());
    }
}
