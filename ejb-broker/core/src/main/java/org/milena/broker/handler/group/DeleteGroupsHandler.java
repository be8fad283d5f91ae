package org.milena.broker.handler.group;

import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DeleteGroupsResponseData.DeletableGroupResultCollection;
import org.milena.broker.group.GroupCoordinator;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;

/** DeleteGroups v0-3 (KIP-229). */
public final class DeleteGroupsHandler implements RequestHandler<DeleteGroupsRequestData> {

    private final GroupCoordinator coordinator;

    public DeleteGroupsHandler(GroupCoordinator coordinator) {
        this.coordinator = coordinator;
    }

    @Override
    public void handle(RequestContext context, DeleteGroupsRequestData request) {
        Replies.reply(context, coordinator.deleteGroups(request.groupsNames()), results ->
                new DeleteGroupsResponseData().setResults(new DeletableGroupResultCollection(results.iterator())));
    }
}
