package org.milena.broker.handler.admin;

import org.apache.kafka.common.message.ListPartitionReassignmentsRequestData;
import org.milena.broker.handler.RequestHandler;
import org.milena.broker.network.RequestContext;
import org.milena.broker.topic.TopicAdministration;

/** ListPartitionReassignments (key 46): one node has none in progress. */
final class ListPartitionReassignmentsHandler implements RequestHandler<ListPartitionReassignmentsRequestData> {

    private final TopicAdministration administration;

    ListPartitionReassignmentsHandler(TopicAdministration administration) {
        this.administration = administration;
    }

    @Override
    public void handle(RequestContext context, ListPartitionReassignmentsRequestData request) {
        context.reply(administration.listPartitionReassignments());
    }
}
