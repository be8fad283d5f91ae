package org.milena.broker.handler.group;

import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** DescribeGroups v0-6. */
public final class DescribeGroupsHandler implements RequestHandler<DescribeGroupsRequestData> {

    private final GroupCoordinator coordinator;

    public DescribeGroupsHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, DescribeGroupsRequestData request) {
        Replies.reply(context, coordinator.describeGroups(Replies.info(context), request.groups()), groups -> {
            if (request.includeAuthorizedOperations()) {
                groups.stream().filter(group -> group.errorCode() == 0)
                        .forEach(group -> group.setAuthorizedOperations(Replies.ALL_GROUP_OPERATIONS));
            }
            return new DescribeGroupsResponseData().setGroups(groups);
        });
    }
}
