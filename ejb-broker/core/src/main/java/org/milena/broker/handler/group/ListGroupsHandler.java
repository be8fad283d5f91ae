package org.milena.broker.handler.group;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** ListGroups v0-5; filter by state from version 4 (KIP-518), by type from version 5 (KIP-848). */
public final class ListGroupsHandler implements RequestHandler<ListGroupsRequestData> {

    private final GroupCoordinator coordinator;

    public ListGroupsHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, ListGroupsRequestData request) {
        Replies.reply(context, coordinator.listGroups(request));
    }
}
