package org.milena.broker.handler.group;

import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** ConsumerGroupDescribe v0-1 (KIP-848; v1 with the member's type, KIP-1099). */
public final class ConsumerGroupDescribeHandler implements RequestHandler<ConsumerGroupDescribeRequestData> {

    private final GroupCoordinator coordinator;

    public ConsumerGroupDescribeHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, ConsumerGroupDescribeRequestData request) {
        Replies.reply(context, coordinator.consumerGroupDescribe(request.groupIds()), groups -> {
            if (request.includeAuthorizedOperations()) {
                groups.stream().filter(group -> group.errorCode() == 0)
                        .forEach(group -> group.setAuthorizedOperations(Replies.ALL_GROUP_OPERATIONS));
            }
            return new ConsumerGroupDescribeResponseData().setGroups(groups);
        });
    }
}
